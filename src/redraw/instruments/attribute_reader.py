"""Reads attributes off an image: does it show what its caption names?

It is trained apart from every generator and encoder, on other species, so that it neither knows which colours go
together in the species that are drawn nor shares a weight with what is judged. Names are CUB's ("has_wing_color::red"); the
columns of one name before the colons are a group, of which an image shows one.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from ..core import RedrawError
from ..recipe import About, Recipe
from .trunk import AttributeLearner, Config


class AttributeReader(AttributeLearner):
    """``attributes``: logits [N, A], one column per attribute, named in ``labels``; ``features`` beside them."""

    Config = Config
    outputs = "attributes"

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        if not about.attributes:
            raise RedrawError("attribute reader: this data set has no attributes: train it on one that has, as CUB")
        super().__init__(config, about, len(about.attributes))
        self.labels = {"attributes": about.attributes}
        self.groups: dict[str, list[int]] = {}
        for k, name in enumerate(about.attributes):
            self.groups.setdefault(name.split("::")[0], []).append(k)

    def losses(self, image: Tensor, attributes: Tensor) -> dict[str, Tensor]:
        """Cross-entropy in nats, a mean over groups, and the percentage misread.

        An image counts in a group where exactly one of its attributes is present: people mark two colours, or none.
        """
        logits, _ = self.read(image)
        logits = logits.float()
        entropies, wrong = [], []
        for columns in self.groups.values():
            present = attributes[:, columns] == 1  # [N, values]
            clear = present.sum(1) == 1
            if len(columns) < 2 or not clear.any():
                continue
            own, wanted = logits[clear][:, columns], present[clear].int().argmax(1)
            entropies.append(F.cross_entropy(own, wanted))
            wrong.append((own.argmax(1) != wanted).float().mean())
        if not entropies:
            raise RedrawError("attribute reader: no image of the batch shows exactly one attribute of any group")
        return {"cross_entropy": torch.stack(entropies).mean(), "error": 100 * torch.stack(wrong).mean()}
