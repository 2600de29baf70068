"""StackGAN: Text to Photo-realistic Image Synthesis with Stacked Generative Adversarial Networks (Zhang, Xu, Li, Zhang,
Wang, Huang, Metaxas; ICCV 2017).

Stage-I draws 64 x 64 pixels from noise and a caption. Stage-II, trained afterwards with Stage-I as it is, redraws its
images at 256 x 256 and reads the caption again. Neither stage is given a caption's embedding itself but a sample of a
normal distribution around it: conditioning augmentation.

Glossary
    t         a caption                                                                          captions [N, K, T]
    h         phi_t, its embedding, of a trained text encoder that stays as it is                h [N, E]
    mu, sigma mean and deviation that a linear map makes of h                                    [N, D]
    c         condition, mu + sigma * eps, eps standard normal; each stage has a map of its own  [N, D]
    z         noise, standard normal; Stage-I alone has it                                       [N, Z]
    I, s      real image, image of Stage-I                                                       [N, 3, S, S] in [-1, 1]
    KL        divergence of N(mu, sigma) from N(0, 1), weighted with lambda

Models by fields: ``augmentation: false`` has c = mu, no eps and no KL; ``text_again: false`` is a Stage-II that is not
given the caption again; ``conditional: false`` has no captions at all (StackGAN++ prints scores of such a StackGAN on
LSUN and ImageNet; it was never released, and this one is ours: no map of h, no mismatched pairs, z alone, two stages).

As written (eq. 3 to 6 on the survey slides; everything else of the paper is recalled)
    * KL is the sum over the D dimensions, lambda 1 (recalled). D1 is 64 times less.
    * eq. 3 and 5 have no mismatched pairs; the text (recalled) takes over GAN-CLS's discriminator for both stages: real
      images with mismatched captions count as much as generated ones. Here ``mismatch_weight``: the text's 1/2, or 0.
    * eq. 4 and 6 descend log(1 - D), whose gradient vanishes where the discriminator is sure. Here ``saturating``: false,
      as the authors say of all experiments of StackGAN++ (recalled); both stages by the equations alone are runs of their
      own (mismatch_weight 0, saturating true).
    * Step sizes halve after every hundredth epoch of a stage (recalled).
    * In Stage-II the trained Stage-I is a fixed function: its normalisations use their own statistics.

Differences of the released code (hanzhanggit/StackGAN@5db79d0); a run takes over those in ``as_released``
    D1  2 times the mean of KL over batch and dimensions.
    D2  D descends real + (wrong + fake) / 2: ``released_mismatch_weight``, whatever ``mismatch_weight`` says.
    D3  G descends -log D, whatever ``saturating`` says.
    D4  Stage-I's step size halves after every ``released_decay_epochs`` = 50 epochs.
    D5  h is the mean of ``released_captions`` = 4 captions of the image, none twice.
    D6  The mismatch is another image with the right caption, not another caption with the right image. Released, it is
        drawn from the whole set, and is nearly always of another class; here of another class in the batch.
    D7  A leaky rectifier stands behind the map of h, on means as on log deviations.
    D8  eps is drawn from a normal distribution cut off at two deviations, in sampling too.
    D9  While Stage-II learns, Stage-I's normalisations use the batch's statistics. (Released, running statistics begin
        anew in Stage-II; here sampling uses those that Stage-I ended with.)
    D10 Stage-I's discriminator has no rectifier behind its third convolution.
    D11 The generator's step draws noise and images of its own.
    D12 COCO: other networks and losses, recipes of their own in stackgan_pytorch.py.

Silences filled from the released code: bottlenecks, widths, that convolutions have no biases, sigma as the exponential of
the map's second half, a linear map of h in each discriminator (not c), initialisation, flips, Adam, and that without
augmentation c is mu, of a map that is trained. 128 pixels: two residual blocks (recalled), Stage-II's last stage left out. One
stage at 256: further doublings, each with half the channels. Other sizes below 64 are ours: the stages nearest to the
image are left out, and crops are reduced by area.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..blocks.adversarial import adam, cross_entropy, descended, frozen, set_step_size
from ..blocks.captions import draw_captions, draw_distinct_captions, mismatching
from ..blocks.chunks import BatchNorm2d, chunked
from ..blocks.conditioning import ACTIVATIONS, ConditioningAugmentation, ReadsText, divergence, drawn_around, noise_of
from ..blocks.crops import check_crop, reduced
from ..blocks.glu import conv3x3, doublings, tiled
from ..core import RedrawError
from ..recipe import About, Batch, Recipe, Schedule, Step

SIZES = (8, 16, 32, 64, 128, 256)
EPS_SEED = 1 << 40  # added to the seed of z: eps of Stage-I; twice of it: eps of Stage-II


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Schedule):
    """Types and meanings; the values stand in stackgan.yaml."""

    image_size: int  # S
    crop: int  # pixels of a prepared image that are seen, at random while training, then reduced to S
    ngf: int  # channels of the generator at 32 pixels (Stage-I), at 64 pixels (Stage-II)
    ndf: int  # channels of the discriminator's first halving from 64 pixels; a larger image has as many there
    nc: int  # D
    nt: int  # channels that the discriminator maps h to
    conditional: bool  # whether there are captions
    augmentation: bool  # whether c is drawn around mu
    captions_per_sample: int  # h is the mean of so many
    lambda_kl: float  # of KL, a sum over dimensions
    mismatch_weight: float  # of mismatched pairs, the rest to 1 is that of generated images; 0 = none
    saturating: bool  # whether G descends log(1 - D) or -log D
    learning_rate: float  # Adam's step size, of both
    beta1: float
    beta2: float
    decay: float  # of the step size, after every so many epochs
    decay_epochs: int
    released_kl: float  # D1: of KL's mean over dimensions
    released_mismatch_weight: float  # D2
    released_decay_epochs: int  # D4
    released_captions: int  # D5


@dataclasses.dataclass(frozen=True, kw_only=True)
class StageIConfig(Config):
    nz: int  # Z


@dataclasses.dataclass(frozen=True, kw_only=True)
class StageIIConfig(Config):
    residual_blocks: int
    text_again: bool  # whether Stage-II's generator is given the caption


# --- networks --------------------------------------------------------------------------------------------------------


def normalised(layer: nn.Conv2d, *after: nn.Module) -> list[nn.Module]:
    return [layer, BatchNorm2d(layer.out_channels), *after]


def halved(before: int, after: int, *behind: nn.Module) -> list[nn.Module]:
    return normalised(nn.Conv2d(before, after, 4, 2, 1, bias=False), *behind)


def doubled(before: int, after: int, *behind: nn.Module) -> list[nn.Module]:
    return [nn.Upsample(scale_factor=2, mode="nearest"), *normalised(conv3x3(before, after), *behind)]


class Residual(nn.Module):
    """Convolutions beside the identity, a rectifier of ``slope`` behind the sum."""

    def __init__(self, slope: float, *body: nn.Module) -> None:
        super().__init__()
        self.slope, self.body = slope, nn.Sequential(*body)

    def forward(self, x: Tensor) -> Tensor:
        return F.leaky_relu(x + self.body(x), self.slope)


def bottleneck(width: int, slope: float) -> Residual:
    inner = width // 4
    return Residual(
        slope,
        *normalised(nn.Conv2d(width, inner, 1, bias=False), nn.LeakyReLU(slope)),
        *normalised(conv3x3(inner, inner), nn.LeakyReLU(slope)),
        *normalised(conv3x3(inner, width)),
    )


def plain(width: int) -> Residual:
    return Residual(0.0, *normalised(conv3x3(width, width), nn.ReLU()), *normalised(conv3x3(width, width)))


class Condition(nn.Module):
    """Embeddings [N, E] and eps [N, D] -> c [N, D] and KL, a mean over dimensions, or None where c is mu."""

    def __init__(self, embedding: int, dim: int, augmentation: bool, activation: str) -> None:
        super().__init__()
        self.augmentation = ConditioningAugmentation(embedding, dim, activation) if augmentation else None
        self.mean = None if augmentation else nn.Linear(embedding, dim)
        self.activation = ACTIVATIONS[activation]

    def forward(self, h: Tensor, eps: Tensor) -> tuple[Tensor, Tensor | None]:
        if self.mean is not None:
            return self.activation(self.mean(h)), None
        mu, log_sigma = self.augmentation(h)
        mu, logvar = mu.float(), 2 * log_sigma.float()
        return drawn_around(mu, logvar, eps), divergence(mu, logvar)


class StageIGenerator(nn.Module):
    """c [N, D] and z [N, Z] -> images [N, 3, S, S]."""

    def __init__(self, config: StageIConfig, condition: Condition | None) -> None:
        super().__init__()
        width = 8 * config.ngf
        self.condition = condition
        inputs = config.nz + (config.nc if condition else 0)
        self.fc = nn.Sequential(nn.Linear(inputs, 16 * width), nn.BatchNorm1d(16 * width))
        layers: list[nn.Module] = [bottleneck(width, 0.0)]
        for k in range(doublings(config.image_size) - 1):
            behind = nn.ReLU() if k else bottleneck(width // 2, 0.0)
            layers += doubled(width, width // 2, behind)
            width //= 2
        self.image = nn.Sequential(*layers, nn.Upsample(scale_factor=2, mode="nearest"), conv3x3(width, 3), nn.Tanh())

    def forward(self, c: Tensor | None, z: Tensor) -> Tensor:
        x = self.fc(z if c is None else torch.cat([c, z], 1))
        return self.image(x.view(len(x), -1, 4, 4))


class StageIIGenerator(nn.Module):
    """Images of Stage-I [N, 3, S_1, S_1] and c [N, D] -> images [N, 3, S, S]."""

    def __init__(self, config: StageIIConfig, condition: Condition | None, sketch: int) -> None:
        super().__init__()
        width = 4 * config.ngf
        self.condition = condition
        self.encoder = nn.Sequential(
            conv3x3(3, width // 4), nn.ReLU(),
            *halved(width // 4, width // 2, nn.ReLU()), *halved(width // 2, width, nn.ReLU()),
        )  # fmt: skip
        read = width + (config.nc if condition else 0)
        self.joint = nn.Sequential(*normalised(conv3x3(read, width), nn.ReLU()))
        self.residual = nn.Sequential(*(plain(width) for _ in range(config.residual_blocks)))
        layers: list[nn.Module] = []
        for _ in range(doublings(config.image_size) - doublings(sketch // 4)):
            layers += doubled(width, width // 2, nn.ReLU())
            width //= 2
        self.image = nn.Sequential(*layers, conv3x3(width, 3), nn.Tanh())

    def forward(self, sketch: Tensor, c: Tensor | None) -> Tensor:
        x = self.encoder(sketch)
        x = self.joint(x if c is None else torch.cat([x, tiled(c, x)], 1))
        return self.image(self.residual(x))


class Discriminator(nn.Module):
    """Images [N, 3, S, S] and embeddings [N, E] -> logits [N], in two parts: one image may meet several captions."""

    def __init__(self, config: Config, embedding: int | None, third_rectified: bool) -> None:
        super().__init__()
        halvings, n = doublings(config.image_size), config.ndf
        widths = [n << k for k in range(max(4, halvings))][-halvings:]
        layers: list[nn.Module] = [nn.Conv2d(3, widths[0], 4, 2, 1, bias=False), nn.LeakyReLU(0.2)]
        for before, after in zip(widths, widths[1:], strict=False):
            last = after == widths[-1] == 8 * n  # the sum of the residual block has its rectifier
            bare = last or after == 4 * n and not third_rectified
            layers += halved(before, after, *([] if bare else [nn.LeakyReLU(0.2)]))
        for width in reversed(widths[widths.index(8 * n) :][:-1]):
            narrow = nn.Conv2d(2 * width, width, 1, bias=False)
            layers += normalised(narrow, *([] if width == 8 * n else [nn.LeakyReLU(0.2)]))
        self.trunk = nn.Sequential(*layers, bottleneck(8 * n, 0.2))
        self.text = None if embedding is None else nn.Sequential(nn.Linear(embedding, config.nt), nn.LeakyReLU(0.2))
        read = 8 * n + (config.nt if self.text else 0)
        self.pair = nn.Sequential(
            *normalised(nn.Conv2d(read, 8 * n, 1, bias=False), nn.LeakyReLU(0.2)), nn.Conv2d(8 * n, 1, 4, bias=False)
        )

    def judge(self, features: Tensor, h: Tensor | None) -> Tensor:
        """Logits [N] of features [N, 8 ndf, 4, 4] that the trunk found and embeddings [N, E]."""
        if h is not None:
            features = torch.cat([features, tiled(self.text(h), features)], 1)
        return self.pair(features).flatten()

    def forward(self, image: Tensor, h: Tensor | None) -> Tensor:
        return self.judge(self.trunk(image), h)


def initialise(network: nn.Module) -> None:
    """Convolutions normal with deviation .02, cut off at two of them; linear maps not cut off; normalisations around 1."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.trunc_normal_(module.weight, 0.0, 0.02, -0.04, 0.04)
        elif isinstance(module, nn.Linear | nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.normal_(module.weight, 0.0 if isinstance(module, nn.Linear) else 1.0, 0.02)
            nn.init.zeros_(module.bias)


# --- noise, losses, pairs --------------------------------------------------------------------------------------------


def truncated(noise: Tensor) -> Tensor:
    """Standard normal numbers made those of a normal distribution cut off at two deviations, order kept."""
    low = torch.special.ndtr(noise.new_tensor(-2.0, dtype=torch.float64))
    return torch.special.ndtri(low + torch.special.ndtr(noise.double()) * (1 - 2 * low)).to(noise)


def discriminator_loss(real: Tensor, wrong: Tensor | None, fake: Tensor, weight: float) -> dict[str, Tensor]:
    """Negatives of eq. 3 and 5: ``real``, ``wrong`` (where there are any), ``fake`` and ``discriminator``."""
    found = {"real": cross_entropy(real, 1), "fake": cross_entropy(fake, 0)}
    if wrong is None:
        return found | {"discriminator": found["real"] + found["fake"]}
    found["wrong"] = cross_entropy(wrong, 0)
    return found | {"discriminator": found["real"] + weight * found["wrong"] + (1 - weight) * found["fake"]}


def adversarial_loss(logits: Tensor, saturating: bool) -> Tensor:
    """log(1 - D), eq. 4 and 6, or -log D; mean over logits [N]."""
    return -cross_entropy(logits, 0) if saturating else cross_entropy(logits, 1)


@contextlib.contextmanager
def batch_statistics(network: nn.Module) -> Iterator[None]:
    """Inside, normalisations use those of the batch, and keep nothing of it."""
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)]
    for norm in norms:
        norm.training, norm.track_running_stats = True, False
    try:
        yield
    finally:
        for norm in norms:
            norm.training, norm.track_running_stats = False, True


# --- recipes ---------------------------------------------------------------------------------------------------------


class Stage(ReadsText, Recipe):
    """What both stages share: pairs, losses, updates.

    A stage's own: ``build``, its generator, and ``draw``, images [N, 3, S, S] of h with noise from the global generator,
    and KL where c was drawn around mu.
    """

    reads = ("image", "class_id", "captions")

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        self._check(config, about)
        taken = config.as_released
        self.kl_weight = config.released_kl if "D1" in taken else config.lambda_kl * config.nc
        self.mismatch_weight = config.released_mismatch_weight if "D2" in taken else config.mismatch_weight
        self.saturating = config.saturating and "D3" not in taken
        self.decay_epochs = config.released_decay_epochs if "D4" in taken else config.decay_epochs
        self.mean_of_distinct, self.wrong_images, self.own_noise = "D5" in taken, "D6" in taken, "D11" in taken
        self.truncated = "D8" in taken
        embedding = None
        if config.conditional:
            embedding = self.hold("text", needs, "stackgan").embedding_dim
        else:
            self.reads = ("image",)
        self.generator = self.build(embedding, needs)
        self.discriminator = Discriminator(config, embedding, not ("D10" in taken and isinstance(self, StageI)))
        self.optimizers = {}
        for name, network in (("generator", self.generator), ("discriminator", self.discriminator)):
            initialise(network)
            network.to(memory_format=torch.channels_last)  # faster on the CPU, and as reproducible
            self.optimizers[name] = adam(network, config)

    def condition_of(self, embedding: int | None, given: bool = True) -> Condition | None:
        if embedding is None or not given:
            return None
        activation = "leaky_relu" if "D7" in self.config.as_released else "none"
        return Condition(embedding, self.config.nc, self.config.augmentation, activation)

    @staticmethod
    def _check(config: Config, about: About) -> None:
        if config.image_size not in SIZES:
            raise RedrawError(f"stackgan, image_size: {config.image_size}: use one of {', '.join(map(str, SIZES))}")
        check_crop("stackgan", config.crop, config.image_size, about.image_shape)

    def view(self, image: Tensor, train: bool = False) -> Tensor:
        """Real images [N, 3, S, S] as the model sees them, of prepared ones [N, 3, H, W]: cut and reduced by area.

        From the middle, or with ``train`` at a place of each one's own and flipped with probability 1/2.
        """
        return reduced(image, self.config.crop, self.config.image_size, train)

    def embedding(self, batch: Batch) -> Tensor | None:
        """h [N, E] of captions drawn for each image; None without captions."""
        if not self.config.conditional:
            return None
        if self.mean_of_distinct:
            return self.embed(draw_distinct_captions(batch["captions"], self.config.released_captions))
        return self.embed(draw_captions(batch["captions"], self.config.captions_per_sample))

    def conditioned(self, h: Tensor | None, noise: Tensor | None = None) -> tuple[Tensor | None, Tensor | None]:
        """c [N, D], None without a caption, and KL; ``noise`` is drawn from the global generator where there is none."""
        if self.generator.condition is None or h is None:
            return None, None
        if noise is None:
            noise = torch.randn(len(h), self.config.nc, device=h.device)
        return self.generator.condition(h, truncated(noise) if self.truncated else noise)

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        config, n, device = self.config, len(batch["image"]), batch["image"].device
        set_step_size(self.optimizers, config.learning_rate * config.decay ** (int(at.epoch) // self.decay_epochs))
        h = self.embedding(batch)
        with torch.set_grad_enabled(not self.own_noise):
            drawn, kl = self.draw(h, n, device)
        losses = self.discriminator_losses(batch, h, drawn.detach())
        found = descended(self.optimizers["discriminator"], losses, "discriminator")
        if self.own_noise:
            drawn, kl = self.draw(h, n, device)
        with frozen(self.discriminator):
            losses = self.generator_losses(drawn, h, kl)
            found |= descended(self.optimizers["generator"], losses, "generator")
        return found

    def discriminator_losses(self, batch: Batch, h: Tensor | None, drawn: Tensor) -> dict[str, Tensor]:
        """Every kind of pair is normalised by its own statistics, all in one pass."""
        n, image = len(drawn), self.view(batch["image"], train=True)
        seen, texts = {"real": image, "fake": drawn}, {"real": h, "fake": h}
        if self.config.conditional and self.mismatch_weight > 0:
            other = mismatching(batch["class_id"], "stackgan")
            texts["wrong"] = h if self.wrong_images else h[other]
            if self.wrong_images:
                seen["wrong"] = self.view(batch["image"][other], train=True)
        network = self.discriminator
        with self.autocast():
            with chunked(network, [n] * len(seen)):
                found = dict(zip(seen, network.trunk(torch.cat(list(seen.values()))).split(n), strict=True))
            features = torch.cat([found.get(kind, found["real"]) for kind in texts])
            with chunked(network, [n] * len(texts)):
                logits = network.judge(features, None if h is None else torch.cat(list(texts.values())))
        judged = dict(zip(texts, logits.float().split(n), strict=True))
        return discriminator_loss(judged["real"], judged.get("wrong"), judged["fake"], self.mismatch_weight)

    def generator_losses(self, drawn: Tensor, h: Tensor | None, kl: Tensor | None) -> dict[str, Tensor]:
        """Eq. 4 and 6: ``generator`` and, where c is drawn, ``kl`` in nats, summed over dimensions."""
        with self.autocast():
            logits = self.discriminator(drawn, h)
        loss = adversarial_loss(logits.float(), self.saturating)
        if kl is None:
            return {"generator": loss}
        return {"generator": loss + self.kl_weight * kl, "kl": kl * self.config.nc}

    def asked(self, conditions: Batch, seed: int) -> tuple[Tensor | None, Tensor]:
        """h [N, E] of ``conditions``, None without captions, and standard normal numbers [N, D] for eps of ``seed``."""
        device = next(self.parameters()).device
        h = self.embedding_of(conditions) if self.config.conditional else None
        n = len(next(iter(conditions.values())))
        return h, noise_of(conditions, n, self.config.nc, seed).to(device)


class StageI(Stage):
    """Sketches from noise and captions, or from noise alone."""

    Config = StageIConfig

    def build(self, embedding: int | None, needs: Mapping[str, Recipe]) -> nn.Module:
        return StageIGenerator(self.config, self.condition_of(embedding))

    def draw(self, h: Tensor | None, n: int, device: torch.device) -> tuple[Tensor, Tensor | None]:
        z = torch.randn(n, self.config.nz, device=device)
        with self.autocast():
            c, kl = self.conditioned(h)
            return self.generator(c, z).float(), kl

    @torch.no_grad()
    def sample(self, conditions: Batch, seed: int) -> Tensor:
        """Images [N, 3, S, S] of ``tokens`` or ``captions``; z and eps are drawn from ``seed``."""
        h, noise = self.asked(conditions, seed + EPS_SEED)
        z = noise_of(conditions, len(noise), self.config.nz, seed).to(noise)
        with self.autocast():
            return self.generator(self.conditioned(h, noise)[0], z).float()


class StageII(Stage):
    """Stage-I's sketches drawn again at a larger size, by the caption they were drawn for."""

    Config = StageIIConfig

    def build(self, embedding: int | None, needs: Mapping[str, Recipe]) -> nn.Module:
        sketch = self.hold("stage_1", needs, "stackgan, Stage-II")
        size = sketch.config.image_size
        if self.config.image_size < size or size < 8:
            raise RedrawError(
                f"stackgan, image_size: {self.config.image_size} after {size}: use {max(8, size)} or more"
            )
        if sketch.config.conditional != self.config.conditional:
            raise RedrawError("stackgan, conditional: give both stages the same value")
        return StageIIGenerator(self.config, self.condition_of(embedding, self.config.text_again), size)

    def draw(self, h: Tensor | None, n: int, device: torch.device) -> tuple[Tensor, Tensor | None]:
        stage_1 = self.held["stage_1"]
        own = batch_statistics(stage_1.generator) if "D9" in self.config.as_released else contextlib.nullcontext()
        with torch.no_grad(), own:
            sketch, _ = stage_1.draw(h, n, device)
        with self.autocast():
            c, kl = self.conditioned(h)
            return self.generator(sketch, c).float(), kl

    @torch.no_grad()
    def sample(self, conditions: Batch, seed: int) -> Tensor:
        """Images [N, 3, S, S]: what Stage-I draws of ``conditions`` and ``seed``, drawn again."""
        sketch = self.held["stage_1"].sample(conditions, seed)
        h, noise = self.asked(conditions, seed + 2 * EPS_SEED)
        with self.autocast():
            return self.generator(sketch, self.conditioned(h, noise)[0]).float()
