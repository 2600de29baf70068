"""The fields of alignDRAW and its variants."""

from __future__ import annotations

import dataclasses

from ...recipe import Schedule


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Schedule):
    """Types and meanings; the values stand in align_draw.yaml."""

    time_steps: int  # T, of drawing
    units: int  # of each direction of the language model
    align: int  # A, hidden units of the align operator
    window: int  # n: read and write windows have n x n filters
    inference: int  # units of LSTM^infer
    generation: int  # units of LSTM^gen
    latents: int  # Z, of each step
    learned_prior: bool  # P(Z_t | Z_<t); else N(0, I) at every step
    init_std: float  # of all matrices at the start; all else starts at 0
    init_window: bool  # windows start as wide and strong as their filters lie apart, instead of with zeros
    learning_rate: float
    decay: float  # RMSprop: share of the mean square that stays at each step
    epsilon: float  # RMSprop: added to the mean square, inside the root
    drop_epoch: float  # passes over the images after which the learning rate is a tenth
    clip: float  # largest norm of the gradient
    released_words: tuple[int, int]  # D6: captions of fewer words, or as many or more, are left out of training
