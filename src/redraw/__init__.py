"""redraw retrains, samples, scores and audits the papers that taught machines to draw from captions."""

__version__ = "0.1.0"
