"""StackGAN on COCO, as its authors released it (hanzhanggit/StackGAN-Pytorch@e72ef88): D12 of stackgan.

The paper has one method for all data sets; what was released for COCO has other networks and losses than stackgan.py, whose
glossary holds here, too. Nothing is as written, so there are no switches.

    Stage-I   z before c; no residual blocks; a linear map without bias, normalised and rectified, then doublings with half
              the channels each
    Stage-II  two residual blocks; holds Stage-I's generator, whose weights stay, whose normalisations go on: batch
              statistics in training, running ones in sampling
    c         both means and log variances are rectified, so that no deviation is below 1 and no mean below 0
    D         sees mu, cut off from the gradient, not an embedding of its own; a 3 x 3 convolution joins it with the image.
              Stage-II's has a second head that sees the image alone
    wrong     image i with mu of image i + 1, N - 1 pairs; it may be of the same class
    losses    Stage-I: real + (wrong + fake) / 2. Stage-II: (real + real alone) / 2 + (fake + wrong + fake alone) / 3. G: -log D
              of each head, + 2 times the mean of KL over batch and dimensions
    text      one of an image's captions, drawn at random
    Adam      step sizes halve after every ``decay_epochs`` = 20 epochs

Submodules carry the names of the released code, whose files load as they are (the sigmoids behind the discriminators' heads
have no weights; logits here). Sizes below 64 are ours: the doublings and halvings nearest to the image are left out.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..blocks.adversarial import adam, cross_entropy, descended, frozen, set_step_size
from ..blocks.captions import draw_captions
from ..blocks.chunks import chunked
from ..blocks.conditioning import ConditioningAugmentation, ReadsText, divergence, drawn_around, noise_of
from ..blocks.crops import check_crop, reduced
from ..blocks.glu import conv3x3, doublings, halved, logits, narrowed, tiled
from ..core import RedrawError
from ..recipe import About, Batch, Recipe, Schedule, Step

SIZES = (8, 16, 32, 64, 128, 256)
EPS_SEED = 1 << 40  # added to the seed of z: eps of Stage-I; twice of it: eps of Stage-II


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Schedule):
    """Types and meanings; the values stand in stackgan.yaml."""

    image_size: int  # S
    crop: int  # pixels of a prepared image that are seen, at random while training, then reduced to S
    gf: int  # channels of the generator: at 64 pixels (Stage-I), of the sketch's first convolution (Stage-II)
    df: int  # channels of the discriminator's first halving from 64 pixels
    nc: int  # D
    lambda_kl: float  # of KL's mean over dimensions
    learning_rate: float  # Adam's step size, of both
    beta1: float
    beta2: float
    decay: float  # of the step size, after every so many epochs
    decay_epochs: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class StageIConfig(Config):
    nz: int  # Z


@dataclasses.dataclass(frozen=True, kw_only=True)
class StageIIConfig(Config):
    residual_blocks: int


# --- networks --------------------------------------------------------------------------------------------------------


def doubled(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Upsample(scale_factor=2, mode="nearest"), conv3x3(before, after), nn.BatchNorm2d(after), nn.ReLU()
    )


class Residual(nn.Module):
    """Two convolutions beside the identity, a rectifier behind the sum."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.block = nn.Sequential(
            conv3x3(width, width), nn.BatchNorm2d(width), nn.ReLU(), conv3x3(width, width), nn.BatchNorm2d(width)
        )

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.block(x))


class StageIGenerator(nn.Module):
    """Embeddings [N, E], z [N, Z] and eps [N, D] -> images [N, 3, S, S], mu and log variance [N, D]."""

    def __init__(self, config: StageIConfig, embedding: int) -> None:
        super().__init__()
        width = 8 * config.gf
        self.ca_net = ConditioningAugmentation(embedding, config.nc, "relu")
        self.fc = nn.Sequential(
            nn.Linear(config.nz + config.nc, 16 * width, bias=False), nn.BatchNorm1d(16 * width), nn.ReLU()
        )
        self.doublings = doublings(config.image_size)
        for k in range(self.doublings):
            setattr(self, f"upsample{k + 1}", doubled(width >> k, width >> (k + 1)))
        self.img = nn.Sequential(conv3x3(width >> self.doublings, 3), nn.Tanh())

    def forward(self, h: Tensor, z: Tensor, eps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mu, logvar = (x.float() for x in self.ca_net(h))
        x = self.fc(torch.cat([z, drawn_around(mu, logvar, eps)], 1))
        x = x.view(len(x), -1, 4, 4)
        for k in range(self.doublings):
            x = getattr(self, f"upsample{k + 1}")(x)
        return self.img(x), mu, logvar


class StageIIGenerator(nn.Module):
    """The same with noise of both stages, eps_1 and eps; ``STAGE1_G`` is a copy of ``first`` and stays as it is."""

    def __init__(self, config: StageIIConfig, first: StageIGenerator, embedding: int, sketch: int) -> None:
        super().__init__()
        n, width = config.gf, 4 * config.gf
        self.STAGE1_G = copy.deepcopy(first).requires_grad_(False)
        self.ca_net = ConditioningAugmentation(embedding, config.nc, "relu")
        self.encoder = nn.Sequential(
            conv3x3(3, n), nn.ReLU(),
            nn.Conv2d(n, 2 * n, 4, 2, 1, bias=False), nn.BatchNorm2d(2 * n), nn.ReLU(),
            nn.Conv2d(2 * n, width, 4, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
        )  # fmt: skip
        self.hr_joint = nn.Sequential(conv3x3(width + config.nc, width), nn.BatchNorm2d(width), nn.ReLU())
        self.residual = nn.Sequential(*(Residual(width) for _ in range(config.residual_blocks)))
        self.doublings = doublings(config.image_size) - doublings(sketch // 4)
        for k in range(self.doublings):
            setattr(self, f"upsample{k + 1}", doubled(width >> k, width >> (k + 1)))
        self.img = nn.Sequential(conv3x3(width >> self.doublings, 3), nn.Tanh())

    def forward(self, h: Tensor, z: Tensor, eps_1: Tensor, eps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        with torch.no_grad():
            sketch, _, _ = self.STAGE1_G(h, z, eps_1)
        x = self.encoder(sketch)
        mu, logvar = (x.float() for x in self.ca_net(h))
        x = self.residual(self.hr_joint(torch.cat([x, tiled(drawn_around(mu, logvar, eps), x)], 1)))
        for k in range(self.doublings):
            x = getattr(self, f"upsample{k + 1}")(x)
        return self.img(x), mu, logvar


class Head(nn.Module):
    """Features [N, 8 df, 4, 4], with or without mu [N, D] -> logits [N]."""

    def __init__(self, width: int, condition: int | None) -> None:
        super().__init__()
        joint = [] if condition is None else list(narrowed(width + condition, width))
        self.outlogits = nn.Sequential(*joint, *logits(width))

    def forward(self, features: Tensor, mu: Tensor | None = None) -> Tensor:
        x = features if mu is None else torch.cat([features, tiled(mu, features)], 1)
        return self.outlogits(x).flatten()


class Discriminator(nn.Module):
    """Images [N, 3, S, S] -> features [N, 8 df, 4, 4] by ``encode_img``; two heads, or that of pairs alone."""

    def __init__(self, config: Config, alone: bool) -> None:
        super().__init__()
        halvings, n = doublings(config.image_size), config.df
        widths = [n << k for k in range(max(4, halvings))][-halvings:]
        layers: list[nn.Module] = [nn.Conv2d(3, widths[0], 4, 2, 1, bias=False), nn.LeakyReLU(0.2)]
        for before, after in zip(widths, widths[1:], strict=False):
            layers += halved(before, after)
        for width in reversed(widths[widths.index(8 * n) :][:-1]):
            layers += narrowed(2 * width, width)
        self.encode_img = nn.Sequential(*layers)
        self.get_cond_logits = Head(8 * n, config.nc)
        self.get_uncond_logits = Head(8 * n, None) if alone else None

    def forward(self, image: Tensor, mu: Tensor) -> list[Tensor]:
        """Logits [N] of each head, that of pairs first."""
        features = self.encode_img(image)
        alone = [] if self.get_uncond_logits is None else [self.get_uncond_logits(features)]
        return [self.get_cond_logits(features, mu), *alone]


def initialise(network: nn.Module) -> None:
    """Weights normal with deviation .02, normalisations around 1; biases 0, but those of convolutions the library's."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
        if not isinstance(module, nn.Conv2d) and getattr(module, "bias", None) is not None:
            nn.init.zeros_(module.bias)


# --- losses ----------------------------------------------------------------------------------------------------------


def discriminator_loss(judged: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Of logits: ``real``, ``wrong`` and ``fake``, with a second head ``real_alone`` and ``fake_alone``, and
    ``discriminator``, their sum with weights."""
    found = {kind: cross_entropy(x, int(kind.startswith("real"))) for kind, x in judged.items()}
    if "real_alone" in found:
        right = (found["real"] + found["real_alone"]) / 2
        return found | {"discriminator": right + (found["fake"] + found["wrong"] + found["fake_alone"]) / 3}
    return found | {"discriminator": found["real"] + (found["fake"] + found["wrong"]) / 2}


# --- recipes ---------------------------------------------------------------------------------------------------------


class Stage(ReadsText, Recipe):
    """What both stages share: pairs, losses, updates.

    A stage's own: ``build``, its generator, which also says the ``widths`` of the noise that this takes.
    """

    reads = ("image", "captions")
    alone: bool  # whether the discriminator has a second head

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        if config.image_size not in SIZES:
            raise RedrawError(f"stackgan, image_size: {config.image_size}: use one of {', '.join(map(str, SIZES))}")
        check_crop("stackgan", config.crop, config.image_size, about.image_shape)
        embedding = self.hold("text", needs, "stackgan").embedding_dim
        self.discriminator = Discriminator(config, self.alone)
        initialise(self.discriminator)
        self.generator = self.build(embedding, needs)
        self.optimizers = {}
        for name, network in (("generator", self.generator), ("discriminator", self.discriminator)):
            network.to(memory_format=torch.channels_last)
            self.optimizers[name] = adam(network, config)

    def view(self, image: Tensor, train: bool = False) -> Tensor:
        """Real images [N, 3, S, S] as the model sees them, of prepared ones [N, 3, H, W]: cut and reduced by area."""
        return reduced(image, self.config.crop, self.config.image_size, train)

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        config = self.config
        set_step_size(self.optimizers, config.learning_rate * config.decay ** (int(at.epoch) // config.decay_epochs))
        h = self.embed(draw_captions(batch["captions"], 1))
        with self.autocast():
            drawn, mu, logvar = self.drawn(h)
        found = descended(
            self.optimizers["discriminator"],
            self.discriminator_losses(batch, drawn.detach(), mu.detach()),
            "discriminator",
        )
        with frozen(self.discriminator):
            losses = self.generator_losses(drawn, mu, logvar)
            return found | descended(self.optimizers["generator"], losses, "generator")

    def drawn(self, h: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Images [N, 3, S, S], mu and log variance [N, D], with noise from the global generator."""
        return self.generator(h, *(torch.randn(len(h), width, device=h.device) for width in self.widths))

    def discriminator_losses(self, batch: Batch, drawn: Tensor, mu: Tensor) -> dict[str, Tensor]:
        """Every kind of pair is normalised by its own statistics, all in one pass."""
        network, n = self.discriminator, len(mu)
        with self.autocast():
            with chunked(network, [n, n]):
                real, fake = network.encode_img(torch.cat([self.view(batch["image"], train=True), drawn])).split(n)
            sizes = [n, n - 1, n]
            with chunked(network, sizes):
                pairs = network.get_cond_logits(torch.cat([real, real[:-1], fake]), torch.cat([mu, mu[1:], mu]))
            judged = dict(zip(("real", "wrong", "fake"), pairs.float().split(sizes), strict=True))
            if network.get_uncond_logits is not None:
                judged["real_alone"] = network.get_uncond_logits(real).float()
                judged["fake_alone"] = network.get_uncond_logits(fake).float()
        return discriminator_loss(judged)

    def generator_losses(self, drawn: Tensor, mu: Tensor, logvar: Tensor) -> dict[str, Tensor]:
        """``generator`` and ``kl`` in nats, summed over dimensions; mu as a condition passes no gradient."""
        with self.autocast():
            heads = self.discriminator(drawn, mu.detach())
        kl = divergence(mu, logvar)
        loss = sum(cross_entropy(x.float(), 1) for x in heads) + self.config.lambda_kl * kl
        return {"generator": loss, "kl": kl * self.config.nc}

    @torch.no_grad()
    def sample(self, conditions: Batch, seed: int) -> Tensor:
        """Images [N, 3, S, S] of ``tokens`` or ``captions``; z and eps are drawn from ``seed``."""
        h = self.embedding_of(conditions)
        streams = (noise_of(conditions, len(h), w, seed + k * EPS_SEED) for k, w in enumerate(self.widths))
        with self.autocast():
            return self.generator(h, *(x.to(h) for x in streams))[0].float()


class COCOStageI(Stage):
    """Sketches from noise and captions."""

    Config, alone = StageIConfig, False

    def build(self, embedding: int, needs: Mapping[str, Recipe]) -> nn.Module:
        self.widths = (self.config.nz, self.config.nc)
        generator = StageIGenerator(self.config, embedding)
        initialise(generator)
        return generator


class COCOStageII(Stage):
    """Stage-I's sketches drawn again at a larger size, by the caption they were drawn for."""

    Config, alone = StageIIConfig, True

    def build(self, embedding: int, needs: Mapping[str, Recipe]) -> nn.Module:
        first = self.hold("stage_1", needs, "stackgan, Stage-II")
        size, own = first.config.image_size, self.config.image_size
        if own < size or size < 8:
            raise RedrawError(f"stackgan, image_size: {own} after {size}: use {max(8, size)} or more")
        self.widths = (*first.widths, self.config.nc)
        generator = StageIIGenerator(self.config, first.generator, embedding, size)
        for name, part in generator.named_children():
            if name != "STAGE1_G":
                initialise(part)
        return generator
