"""Sets of images of one class."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from ...core import RedrawError
from ...recipe import About, Batch, Recipe, Step
from .learner import SetLearner, ink, on_light
from .networks import Config, Decoder, Encoder, Hierarchy


class Statistician(SetLearner):
    """Sets of images of one class."""

    Config = Config
    reads = ("image", "class_id")
    asks = ("image",)
    batches = "sets"

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        channels, height, width = about.image_shape
        if channels != 1 or height != width:
            raise RedrawError(
                f"neural statistician: images of {channels} x {height} x {width}: it reads square grey ones; give the run a form"
            )
        self.encoder, self.decoder = Encoder(config, height), Decoder(config, height)
        self.hierarchy = Hierarchy(self.encoder.features, config)
        self.prepare_training()

    def features(self, x: Tensor) -> Tensor:
        return self.encoder(x.flatten(0, 1)).unflatten(0, x.shape[:2])

    def likelihood(self, latents: Tensor, x: Tensor) -> Tensor:
        logits = self.decoder(latents.flatten(0, 1)).float().view_as(x)
        return -F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum((1, 2, 3, 4))

    def augmented(self, x: Tensor) -> Tensor:
        """Sets [M, K, 1, H, W] of ink in [0, 1], each turned, mirrored and dilated by lot, then binary by lot."""
        m, config = len(x), self.config
        if config.dilation:
            chosen = torch.rand(m, 1, 1, 1, 1, device=x.device) < config.dilation
            x = torch.where(chosen, F.max_pool2d(F.pad(x.flatten(0, 1), (0, 1, 0, 1)), 2, 1).view_as(x), x)
        if config.turned:
            quarters = torch.randint(0, 4, (m,), device=x.device)
            mirrored = torch.rand(m, 1, 1, 1, 1, device=x.device) < 0.5
            turned = torch.stack([x.rot90(k, (3, 4)) for k in range(4)])[quarters, torch.arange(m, device=x.device)]
            x = torch.where(mirrored, turned.flip(4), turned)
            if "D1" in config.as_released:
                return x
        return torch.bernoulli(x)

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        return self.learn(self.augmented(ink(batch["image"]).unflatten(0, (-1, self.config.set_size))), at)

    @torch.no_grad()
    def validate(self, batch: Batch) -> dict[str, Tensor]:
        """Of each image as a set of its own."""
        x = torch.bernoulli(ink(batch["image"]))[:, None]
        return self.losses(x, x.new_ones(x.shape[:2]), None)

    @torch.no_grad()
    def encode(self, batch: Batch) -> dict[str, Tensor]:
        """``context`` [N, 2 C], mean and log variance of q(c | D), of images [N, 1, H, W] or of sets [N, K, 1, H, W]."""
        image = batch["image"]
        x = ink(image.flatten(0, -4)).unflatten(0, (len(image), -1))
        return {"context": torch.cat(self.contexts(x), 1)}

    @torch.no_grad()
    def sample(self, conditions: Batch, seed: int) -> Tensor:
        """A new image [N, 1, H, W] in [-1, 1] of the same class as ``image``, as dark on light as it: the mean of p(x | z, c)."""
        image = conditions["image"]
        drawn = 2 * self.decoder(self.latents_of(ink(image)[:, None], 1, seed)[:, 0]).float().sigmoid() - 1
        return torch.where(on_light(image), -drawn, drawn)


class Transferred(Statistician):
    """A trained ``Statistician``, the role ``statistician``, as it is: nothing is learned of this data set."""

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        if "statistician" not in needs:
            raise RedrawError("transferred: no trained network: give the run needs: {statistician: <name of a run>}")
        super().__init__(config, about, {})
        try:
            self.load_state_dict(needs["statistician"].state_dict())
        except RuntimeError:
            raise RedrawError(
                "transferred: the run named as statistician has a network of another size: give both runs the same values"
            ) from None
        self.optimizers = {}

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        self.eval()
        return self.validate(batch)
