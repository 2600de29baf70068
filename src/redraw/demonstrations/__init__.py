"""What a finding does, shown with nothing but this project's own code: no data, no weights, a few seconds each.

A demonstration takes nothing and gives {what: a sentence with the figures just computed}. Where a recipe can do as written and
as released it is run both ways; where a finding is arithmetic on printed numbers, these are read from the sheets. A sheet names
its demonstrations as "demonstrations.MODULE:FUNCTION"; `redraw finding ID` runs one.

    arithmetic   numbers that papers print, and lengths that code sets
    adversarial  losses and networks of the generators and discriminators
    attention    word attention and the DAMSM
    captions     captions as characters, features and choices
    captioning   Show, Attend and Tell: its regulariser, reward, search, optimiser and scores
    digits       VED: its captions, its scoring, its loss
    likelihood   bounds, windows, priors and first weights
    neighbours   sets of numbers of the Neural Statistician
    places       boxes and points of GAWWN, squares of StackGAN, images of PPGN
    ranks        R-precision, retrieval, bytes: who judges, against what
    scores       inception score, FID, SSIM: what a choice of protocol moves
"""

from __future__ import annotations

from typing import Any

from ..sheets import PAPERS, read_yaml


def setting(paper: str, recipe: str, field: str) -> Any:
    """What a sheet says that a field of a recipe is."""
    return read_yaml(PAPERS / f"{paper}.yaml")["config"][recipe][field]
