"""The data-set classifier behind inception scores and Frechet distances on CUB and Oxford-102.

The published scores stand on an Inception-v3 that StackGAN's authors fine-tuned on CUB's 50 test classes
(hanzhanggit/StackGAN-inception-model: inferred from its 50 classes, after a background column is dropped, from the
checkpoint's name and from its scores of real images; on Oxford-102 20). Which classes a
scorer has seen decides what it can score: here they are those of the training split that the sheet gives it, and the
weights are part of every protocol key. This is a small network of our own; its scores compare with each other alone.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from ..core import RedrawError
from ..recipe import About, Batch, Recipe, Step
from .trunk import Config, ImageReader


class ImageClassifier(ImageReader):
    """``logits`` over the classes of its training split, named in ``labels``, and ``features``."""

    Config = Config
    reads = ("image", "class_id")

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, len(about.trained_classes))
        column = torch.full((about.classes,), -1)
        column[list(about.trained_classes)] = torch.arange(len(about.trained_classes))
        self.register_buffer("column", column, persistent=False)  # class id -> place among the logits
        self.labels = {"logits": tuple(str(c) for c in about.trained_classes)}

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        with self.autocast():
            logits, _ = self.read(self.augmented(batch["image"]))
        loss = F.cross_entropy(logits.float(), self.column[batch["class_id"]])
        self.step(loss, at)
        return {"cross_entropy": loss.detach()}

    @torch.no_grad()
    def validate(self, batch: Batch) -> dict[str, Tensor]:
        """Cross-entropy in nats and the percentage of images that are misread."""
        logits, _ = self.read(self.view(batch["image"]))
        wanted = self.column[batch["class_id"]]
        if (wanted < 0).any():
            raise RedrawError(
                "image classifier: the validation split has classes that the training split has not: change splits"
            )
        return {
            "cross_entropy": F.cross_entropy(logits, wanted),
            "error": 100 * (logits.argmax(1) != wanted).float().mean(),
        }

    @torch.no_grad()
    def encode(self, batch: Batch) -> dict[str, Tensor]:
        logits, features = self.read(batch["image"])
        return {"logits": logits, "features": features}
