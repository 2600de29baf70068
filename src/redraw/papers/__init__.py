"""One paper = NAME.py (its method) and NAME.yaml (its word). Papers never import one another."""
