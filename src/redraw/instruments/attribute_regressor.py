"""Says how much of each attribute an image shows: the judge of VAE/GAN's table of faces.

Larsen et al. (2016) train a network on the faces that the models learned from, as large as their encoder, to say LFW's
attributes (recalled; neither network nor data were released). LFW's are real numbers, classifiers' scores; prepared are
their signs, and these are what is learned here: 1 present, -1 absent.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ..core import RedrawError
from ..recipe import About, Batch, Recipe
from .trunk import AttributeLearner, Config


class AttributeRegressor(AttributeLearner):
    """``attributes`` [N, A] around -1 and 1, one column per attribute, named in ``labels``; ``features`` beside them."""

    Config = Config
    outputs = "attributes"
    minimises = "squared_error"

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        if not about.attributes:
            raise RedrawError("attribute regressor: this data set has no attributes: train it on one that has, as LFW")
        super().__init__(config, about, len(about.attributes))
        self.labels = {"attributes": about.attributes}

    def losses(self, image: Tensor, attributes: Tensor) -> dict[str, Tensor]:
        """``squared_error``, a mean over what is known of the images' attributes, and the percentage with the wrong sign."""
        known = attributes >= 0
        if not known.any():
            raise RedrawError("attribute regressor: of no image of the batch an attribute is known: take another split")
        said, wanted = self.read(image)[0].float()[known], (2 * attributes - 1).float()[known]
        wrong = (said > 0) != (wanted > 0)
        return {"squared_error": (said - wanted).square().mean(), "error": 100 * wrong.float().mean()}

    @torch.no_grad()
    def encode(self, batch: Batch) -> dict[str, Tensor]:
        """Of the middle of images, as it was trained."""
        return super().encode({"image": self.view(batch["image"])})
