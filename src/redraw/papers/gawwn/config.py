"""What the sheet must give. Values stand in gawwn.yaml."""

from __future__ import annotations

import dataclasses

from ...recipe import Schedule


@dataclasses.dataclass(frozen=True, kw_only=True)
class PlaceConfig(Schedule):
    """What all three have in common. Types and meanings; the values stand in gawwn.yaml."""

    crop: int  # pixels of a prepared image that are seen, at random while training
    ngf: int  # channels of the generator, multiplied stage by stage
    ndf: int  # channels of the discriminator's first stage
    nz: int  # Z
    captions_per_sample: int  # h is the mean of so many
    learning_rate: float  # Adam's step size, of both
    beta1: float
    beta2: float
    decay: float  # of the step size, at the start of every so many epochs
    decay_epochs: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(PlaceConfig):
    """Of the two models that draw images."""

    image_size: int  # S: 128, or 64, 32, 16; the crop is reduced to it
    nt: int  # channels that the discriminator maps the embedding to
    cls_weight: float  # of mismatching pairs, the rest to 1 is that of generated images; 0 = no mismatching pairs


@dataclasses.dataclass(frozen=True, kw_only=True)
class PointsConfig(PlaceConfig):
    """Of the model that draws points."""

    drop_probability: float  # that a point is not given
