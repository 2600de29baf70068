"""The recipes that draw images, and the adversarial step that all three have in common."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...blocks.adversarial import adam, cross_entropy, frozen, held_by_reference, set_step_size, update
from ...blocks.captions import captions_there, draw_distinct_captions, mismatching
from ...blocks.chunks import chunked
from ...blocks.conditioning import ReadsText, noise_of
from ...blocks.crops import MIRRORED_PARTS, Window, cut, drawn_window, middle_window
from ...core import RedrawError
from ...recipe import About, Batch, Recipe, Step
from .config import Config, PlaceConfig
from .networks import (
    PARTS,
    BoxDiscriminator,
    BoxGenerator,
    MapDiscriminator,
    MapGenerator,
    grid_of,
    initialise,
    maps_of,
)

SIZES = (16, 32, 64, 128)


# --- what a step needs -----------------------------------------------------------------------------------------------


def distinct_captions(captions: Tensor, n: int, last_held_out: bool) -> Tensor:
    """``n`` captions [N, n, T] of each image's [N, K, T], none twice before all were drawn; D2: never its last one."""
    if last_held_out:
        there = captions_there(captions)
        place = there.cumsum(1)
        last = there & (place == place[:, -1:]) & (place > 1)
        captions = captions.masked_fill(last[:, :, None], 0)
    return draw_distinct_captions(captions, n)


def discriminator_loss(logits: dict[str, Tensor], weight: float) -> dict[str, Tensor]:
    """``real``, ``fake``, ``wrong`` where there are any, and ``discriminator``, their weighted sum."""
    found = {kind: cross_entropy(given.float(), float(kind == "real")) for kind, given in logits.items()}
    return found | {
        "discriminator": found["real"] + (1 - weight) * found["fake"] + weight * found.get("wrong", 0.0)
    }  # fmt: skip


# --- recipes ---------------------------------------------------------------------------------------------------------


class Placed(ReadsText, Recipe):
    """A generator and a discriminator of what lies at a place. Subclasses say of what, and what a place is."""

    cls_weight = 0.0

    def __init__(self, config: PlaceConfig, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        self.height, self.width = about.image_shape[1:]
        taken = config.as_released
        self.shuffled, self.last_held_out, self.stale = "D1" in taken, "D2" in taken, "D3" in taken
        self.mirrored = None if "D4" in taken else MIRRORED_PARTS
        self.pushed_in, self.by_rounding, self.first_offset = "D5" in taken, "D6" in taken, int("D7" in taken)
        if config.crop + self.first_offset > min(self.height, self.width):
            why = "; D7 needs a pixel more" if self.first_offset else ""
            raise RedrawError(
                f"gawwn, crop: {config.crop} of {self.height} x {self.width} pixels: lower it, or prepare larger images{why}"
            )
        embedding = self.hold("text", needs, "gawwn").embedding_dim
        self.generator, self.discriminator = self.networks(embedding)
        self.optimizers = {}
        for name, network in (("generator", self.generator), ("discriminator", self.discriminator)):
            initialise(network)
            self.optimizers[name] = adam(network, config)

    def networks(self, embedding: int) -> tuple[nn.Module, nn.Module]:
        raise NotImplementedError

    def shown(self, batch: Batch, window: Window) -> tuple[Tensor, Tensor]:
        """What is real, and what the generator is given of its place."""
        raise NotImplementedError

    def answers(self, real: Tensor, fake: Tensor, place: Tensor, h: Tensor, other: Tensor | None) -> dict[str, Tensor]:
        """The discriminator's logits [N] of ``real``, ``fake`` and, with ``other`` [N] rows, ``wrong`` pairs."""
        raise NotImplementedError

    def judged(self, fake: Tensor, place: Tensor, h: Tensor) -> Tensor:
        """Those of ``fake`` alone, for the generator's step."""
        return self.discriminator(fake, h, place)

    def points_in(self, batch: Batch, window: Window) -> Tensor:
        """[N, K, 3] in shares of the window's side."""
        points = batch["keypoints"]
        if points.shape[1] != PARTS:
            raise RedrawError(
                f"gawwn: {points.shape[1]} keypoints an image: birds of CUB have {PARTS}, use that data set"
            )
        return window.points(window.pushed_in(points) if self.pushed_in else points, self.mirrored)

    def middle(self, n: int, device: torch.device) -> Window:
        return middle_window(n, self.height, self.width, self.config.crop, device)

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        config, device = self.config, batch["captions"].device
        # The code counts epochs from 1 and decays before the hundredth is trained.
        factor = config.decay ** ((int(at.epoch) + 1) // config.decay_epochs)
        set_step_size(self.optimizers, config.learning_rate * factor)
        h = self.embed(distinct_captions(batch["captions"], config.captions_per_sample, self.last_held_out))
        n = len(h)
        window = drawn_window(n, self.height, self.width, config.crop, device, self.first_offset)
        real, place = self.shown(batch, window)
        other = None
        if self.cls_weight > 0:
            other = torch.randperm(n, device=device) if self.shuffled else mismatching(batch["class_id"], "gawwn")
        with self.autocast():
            drawn = self.generator(torch.randn(n, config.nz, device=device), h, place)
        step = self._released_step if self.stale else self._step
        return step(real, drawn, place, h, other)

    def _step(self, real: Tensor, drawn: Tensor, place: Tensor, h: Tensor, other: Tensor | None) -> dict[str, Tensor]:
        with self.autocast():
            logits = self.answers(real, drawn.detach(), place, h, other)
        losses = discriminator_loss(logits, self.cls_weight)
        update(self.optimizers["discriminator"], losses["discriminator"])
        with frozen(self.discriminator):
            with self.autocast():
                logits = {"fake": self.judged(drawn, place, h)}
            losses["generator"] = cross_entropy(logits["fake"].float(), 1)
            update(self.optimizers["generator"], losses["generator"])
        return {name: loss.detach() for name, loss in losses.items()}

    def _released_step(
        self, real: Tensor, drawn: Tensor, place: Tensor, h: Tensor, other: Tensor | None
    ) -> dict[str, Tensor]:
        """D3."""
        with self.autocast(), held_by_reference(self.discriminator):
            logits = self.answers(real, drawn, place, h, other)
        losses = discriminator_loss(logits, self.cls_weight)
        losses["generator"] = cross_entropy(logits["fake"].float(), 1)
        for name in ("discriminator", "generator"):
            optimizer, network = self.optimizers[name], getattr(self, name)
            optimizer.zero_grad()
            losses[name].backward(inputs=list(network.parameters()), retain_graph=True)
            optimizer.step()
        return {name: loss.detach() for name, loss in losses.items()}


class Draws(Placed):
    """The two models that draw images."""

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        if config.image_size not in SIZES:
            raise RedrawError(f"gawwn, image_size: {config.image_size}: use one of {', '.join(map(str, SIZES))}")
        if config.crop % config.image_size or about.image_shape[0] != 3:
            raise RedrawError(
                f"gawwn, crop: {config.crop} of {about.image_shape[0]} channels: it must be a multiple of image_size "
                f"{config.image_size}, and the images be in colour"
            )
        super().__init__(config, about, needs)
        self.grid, self.cls_weight = grid_of(config.image_size), config.cls_weight
        for network in (self.generator, self.discriminator):
            network.to(memory_format=torch.channels_last)

    def view(self, image: Tensor) -> Tensor:
        """Real images [N, 3, S, S] as the model sees them, of prepared ones [N, 3, H, W]: the middle, reduced by area."""
        return self.reduced(cut(image, self.config.crop, train=False))

    def reduced(self, image: Tensor) -> Tensor:
        return F.avg_pool2d(image, self.config.crop // self.config.image_size)

    def shown(self, batch: Batch, window: Window) -> tuple[Tensor, Tensor]:
        return self.reduced(window.image(batch["image"])), self.place(batch, window)

    def place(self, batch: Batch, window: Window) -> Tensor:
        raise NotImplementedError

    def answers(self, real: Tensor, fake: Tensor, place: Tensor, h: Tensor, other: Tensor | None) -> dict[str, Tensor]:
        """Every kind of pair in one pass, each normalised by its own statistics."""
        n, d = len(real), self.discriminator
        with chunked(d.trunk, (n, n)):
            features = d.trunk(torch.cat([real, fake.to(real.dtype)]))
        kinds = ["real", "fake"]
        texts = [h, h]
        if other is not None:
            kinds, texts, features = ["real", "wrong", "fake"], [h, h[other], h], torch.cat([features[:n], features])
        with chunked(d, [n] * len(kinds)):
            logits = d.judge(features, torch.cat(texts), torch.cat([place] * len(kinds)))
        return dict(zip(kinds, logits.split(n), strict=True))

    @torch.no_grad()
    def sample(self, conditions: Batch, seed: int) -> Tensor:
        """Images [N, 3, S, S] of the captions and the places that ``conditions`` ask for."""
        h = self.embedding_of(conditions)
        place = self.place(conditions, self.middle(len(h), h.device))
        return self.draw(noise_of(conditions, len(h), self.config.nz, seed).to(h), h, place)

    def draw(self, z: Tensor, h: Tensor, place: Tensor) -> Tensor:
        """G(z, h, place)."""
        with self.autocast():
            return self.generator(z, h, place).float()


class BoxGAWWN(Draws):
    """A place is a box, [N, 4] in shares of the image's side."""

    Config = Config
    reads = ("image", "class_id", "captions", "box")
    asks = ("box",)

    def networks(self, embedding: int) -> tuple[nn.Module, nn.Module]:
        return BoxGenerator(self.config, embedding), BoxDiscriminator(self.config, embedding)

    def place(self, batch: Batch, window: Window) -> Tensor:
        return window.box(window.pushed_in(batch["box"]) if self.pushed_in else batch["box"])


class KeypointGAWWN(Draws):
    """A place is the maps [N, K, M, M] of a bird's parts."""

    Config = Config
    reads = ("image", "class_id", "captions", "keypoints")
    asks = ("keypoints",)

    def networks(self, embedding: int) -> tuple[nn.Module, nn.Module]:
        return MapGenerator(self.config, embedding), MapDiscriminator(self.config, embedding)

    def place(self, batch: Batch, window: Window) -> Tensor:
        return self.maps(self.points_in(batch, window), 0.1)

    def maps(self, points: Tensor, threshold: float) -> Tensor:
        return maps_of(points, self.grid, threshold, self.by_rounding)
