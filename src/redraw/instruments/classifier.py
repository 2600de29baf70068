"""A small convolutional classifier that reads generated images: the judge of VED's figure 3, for any labelled set.

The network is the one that VED's authors released (ppartha03/PGM-Project@f2d0dca, classifier.py; 99.30 % on MNIST's
test images by their log, dropout left on); the paper says only "a classic Convolutional Neural Network" with 99 %.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..core import RedrawError
from ..recipe import About, Batch, Recipe, Schedule, Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Schedule):
    """Types and meanings; the values stand in the sheet of the paper whose images are read."""

    widths: tuple[int, int]  # channels of the two convolutions
    kernel: int  # their side, in pixels
    hidden: int  # units of the layer before the classes: the features
    dropout: float  # on these, while training
    learning_rate: float  # Adam's step size
    pixel_mean: float  # images in [0, 1] are normalised by it
    pixel_std: float
    max_shift: int  # augmentation: every training image moves by at most so many pixels each way; 0 = none
    input_noise: float  # augmentation: standard deviation of noise on pixels in [0, 1]; 0 = none


class Classifier(Recipe):
    """Two times convolution, maximum over 2 x 2, rectifier; then a rectified layer, dropout and the classes."""

    Config = Config
    reads = ("image", "class_id")

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        channels, *sides = about.image_shape
        for _ in config.widths:
            sides = [(side - config.kernel + 1) // 2 for side in sides]
        if min(sides) < 1:
            raise RedrawError(
                f"classifier: images of {about.image_shape[1]} x {about.image_shape[2]} pixels are too small for two "
                f"convolutions of {config.kernel}: give a smaller kernel"
            )
        first, second = config.widths
        # the order of memory in which convolutions and maxima cost the least on the CPU
        self.conv1 = nn.Conv2d(channels, first, config.kernel).to(memory_format=torch.channels_last)
        self.conv2 = nn.Conv2d(first, second, config.kernel).to(memory_format=torch.channels_last)
        self.fc1 = nn.Linear(second * sides[0] * sides[1], config.hidden)
        self.fc2 = nn.Linear(config.hidden, about.classes)
        self.optimizers = {"adam": torch.optim.Adam(self.parameters(), lr=config.learning_rate, fused=True)}

    def read(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Logits [N, K] and features [N, hidden] of images [N, C, H, W] in [-1, 1]. Dropout is live in train mode."""
        x = ((image + 1) / 2 - self.config.pixel_mean) / self.config.pixel_std
        x = F.relu(F.max_pool2d(self.conv1(x), 2))
        x = F.relu(F.max_pool2d(self.conv2(x), 2))
        features = F.relu(self.fc1(x.flatten(1)))
        return self.fc2(F.dropout(features, self.config.dropout, self.training)), features

    def augmented(self, image: Tensor) -> Tensor:
        """Every image at a place and with noise of its own; empty places are black. Unchanged where both are 0."""
        reach, (n, _, height, width) = self.config.max_shift, image.shape
        if reach:
            rows, columns = torch.randint(0, 2 * reach + 1, (2, n, 1), device=image.device)
            rows = rows + torch.arange(height, device=image.device)  # [N, H]
            columns = columns + torch.arange(width, device=image.device)  # [N, W]
            padded = F.pad(image, [reach] * 4, value=-1.0)
            index = torch.arange(n, device=image.device)[:, None, None]
            image = padded.permute(0, 2, 3, 1)[index, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
        if self.config.input_noise:
            image = image + 2 * self.config.input_noise * torch.randn_like(image)
        return image

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        with self.autocast():
            logits, _ = self.read(self.augmented(batch["image"]))
        loss = F.cross_entropy(logits.float(), batch["class_id"])
        self.optimizers["adam"].zero_grad()
        loss.backward()
        self.optimizers["adam"].step()
        return {"cross_entropy": loss.detach()}

    @torch.no_grad()
    def validate(self, batch: Batch) -> dict[str, Tensor]:
        """Cross-entropy in nats and the percentage of images that are misread, dropout as the caller has set it."""
        logits, _ = self.read(batch["image"])
        wrong = (logits.argmax(1) != batch["class_id"]).float()
        return {"cross_entropy": F.cross_entropy(logits, batch["class_id"]), "error": 100 * wrong.mean()}

    @torch.no_grad()
    def encode(self, batch: Batch) -> dict[str, Tensor]:
        logits, features = self.read(batch["image"])
        return {"logits": logits, "features": features}
