"""The post-processing of alignDRAW: an adversarial network that adds edges to what another model drew.

The generator of a level of LAPGAN, on images of one size: it sees a noise map, the caption's skip-thought vector as a map and
the blurry picture, and gives a residual. Sum and noise are in pixels of [0, 1]; the sum is cut off there.

As released (mansimov/text2image@beafc1c, coco/sharpen.py and sample-captions.py): three convolutions of 7, 7 and 5 pixels with
128, 128 and 3 channels, rectifiers between them; the noise map is held at zero in use ("works best", say its authors).

Ours, never released: the discriminator, which is LAPGAN's, and the training. That it was trained on residuals of a Laplacian
pyramid is what the poster says; here the blurry picture is the real one halved and enlarged again, with noise in the map, as
its being there tells. What alignDRAW draws is blurrier than that: the network never saw such a picture.

Not here: the authors' weights (gan.hdf5), for which a reader of HDF5 would have to be added. Their kernels are stored for
correlation, and flipped when loaded: the library's convolution takes them as they lie in the file.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import torch
from torch import Tensor

from ...blocks.captions import draw_captions
from ...blocks.conditioning import ReadsText
from ...core import RedrawError
from ...recipe import About, Batch, Recipe, Schedule, Step
from .lapgan import enlarged, halved, level_pair


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Schedule):
    """Types and meanings; the values stand in align_draw.yaml."""

    channels: tuple[int, int]  # of generator and discriminator
    learning_rate: float  # Adam's step size
    beta1: float
    beta2: float


class Sharpened(ReadsText, Recipe):
    """What ``model`` draws, sharpened: ``needs: {model: <run>, text: <run>}``. The model stays as it is."""

    Config = Config
    reads = ("image", "captions")

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        channels, height, width = about.image_shape
        if height != width or height % 2:
            raise RedrawError(f"align_draw, sharpener: images of {height} x {width}: it takes squares of an even side")
        self.hold("model", needs, "align_draw, sharpener")
        embedding = self.hold("text", needs, "align_draw, sharpener").embedding_dim
        self.pair = level_pair(embedding, config.channels, channels, height)
        self.optimizers = self.pair.optimizers(config, str(height))
        self.side = height

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        h, image = self.embed(draw_captions(batch["captions"], 1)), (batch["image"] + 1) / 2
        z = torch.randn(len(h), 1, self.side, self.side, device=h.device)
        return self.pair.step(image, enlarged(halved(image)), z, h, self, str(self.side))

    @torch.no_grad()
    def sample(self, conditions: Batch, seed: int) -> Tensor:
        """The model's images of the same conditions and seed with their edges."""
        blurry = (self.held["model"].sample(conditions, seed).float() + 1) / 2
        z = blurry.new_zeros(len(blurry), 1, self.side, self.side)
        with self.autocast():
            sharp = self.pair.draw(z, self.embedding_of(conditions), blurry)
        return 2 * sharp.clamp(0, 1) - 1
