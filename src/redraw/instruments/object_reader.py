"""The classifier behind inception scores and distances on COCO, whose pictures have no class but several things on them.

The published scores stand on the Inception of 2015-12-05, which gives each picture a distribution over ImageNet's classes. Here
the distribution is over COCO's categories: that of the category that one would be told if one of those on the picture were
drawn evenly. A picture on which one thing is plainly seen has a sharp one, a picture of nothing a flat one. This is a small
network of our own; its scores compare with each other alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from ..core import RedrawError
from ..recipe import About, Recipe
from .trunk import AttributeLearner, Config

PRESENT = "present::"


class ObjectReader(AttributeLearner):
    """``logits`` over the categories, named in ``labels``, and ``features``."""

    Config = Config
    outputs = "logits"

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        names = [name.removeprefix(PRESENT) for name in about.attributes if name.startswith(PRESENT)]
        if not names or len(names) < len(about.attributes):
            raise RedrawError(
                "object reader: this data set does not say what is on its pictures: use one that does, as coco"
            )
        super().__init__(config, about, len(names))
        self.labels = {"logits": tuple(names)}

    def losses(self, image: Tensor, attributes: Tensor) -> dict[str, Tensor]:
        """Cross-entropy in nats, and the percentage of images whose likeliest category is none of theirs.

        Images [N, ...] on which nothing is, by ``attributes`` [N, A], do not count; where none counts both are 0.
        """
        logits, _ = self.read(image)
        present = (attributes == 1).float()
        each = present.sum(1)
        counts = (each > 0).float() / (each > 0).sum().clamp(min=1)
        entropies = -(logits.float().log_softmax(1) * present).sum(1) / each.clamp(min=1)
        wrong = 1 - present.gather(1, logits.argmax(1, keepdim=True))[:, 0]
        return {"cross_entropy": (entropies * counts).sum(), "error": 100 * (wrong * counts).sum()}
