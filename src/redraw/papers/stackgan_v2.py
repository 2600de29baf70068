"""StackGAN++: Realistic Image Synthesis with Stacked Generative Adversarial Networks (Zhang, Xu, Li, Zhang, Wang, Huang,
Metaxas; arXiv 1710.10916), the second of its two models.

One generator draws a caption at three sizes, each stage from the hidden image of the one before; a discriminator for each
size sees its images alone and together with the caption. All are trained together. Without captions the noise takes the
caption's place, and the stages are held to each other's colours.

Glossary
    h           embedding of a caption by a trained text encoder that stays as it is      h [N, E]
    mu, logvar  of a normal distribution around what the caption says                      [N, D]
    c           drawn from it; without captions c is z                                     c [N, D]
    z           noise, standard normal                                                     z [N, Z]
    h_i, s_i    hidden image and image of stage i                                          s_i [N, 3, S_i, S_i] in [-1, 1]
    x_i         real image at that size: a crop, reduced as Pillow does it                 [N, 3, S_i, S_i]
    alpha       weight of colour consistency, lambda_1 of its means, lambda_2 of its covariances

As written (read on the survey slides, the rest recalled)
    * The sum over stages of -log D(s_i, c) and -log D(s_i): both forms of the discriminator's formula weigh the same.
    * The formula has real and generated images alone. What has no captions is trained so. With captions a third kind of
      pair is kept from the released code, a real image of another caption that does not match: the method is said to
      follow GAN-CLS in StackGAN's chapter (recalled), and its formula there is as silent. It is a wrong pair, of weight 1,
      and enters nothing else: see D2.
    * The wrong image is another image of the batch, of another class where there is one. COCO's images have no class.
    * The divergence is summed over the D dimensions, of weight 1 (recalled, from StackGAN).
    * Colour consistency compares each stage with the one before, whose image takes no gradient of it (released): squared
      norms, over the 3 means and the 9 covariances of an image, mean over the batch.
    * Images are drawn once a step: discriminators and generator learn from the same ones, the generator by
      discriminators that have just learned. The caption enters these as mu, through which the generator learns, too.
    * Samples are those of averaged weights (released; the paper does not mention them).

Differences of the released code (hanzhanggit/StackGAN-v2@6228e34, code/trainer.py); a run takes over those in ``as_released``
    D1  Every ``overwrite_every`` = 2,000 steps the averaged weights become the live ones and training goes on from them.
    D2  The wrong image counts as real in the discriminators' term without caption. As written it is not in that term.
    D3  Colour consistency by mean squared errors: a third of the means' term, a ninth of the covariances'.
    D4  ``released_kl_weight`` = 2 times the mean over batch and dimensions: a 64th of the sum at D = 128.
    D5  A wrong image is drawn from all images, and once more where it has the same class: some match. Released, from
        the whole set; here from the batch.
    D6 and D7 are of evaluation, and nothing here: captions of an image share their noise; real test images are cut at random.

Silences filled from the released code: layers, widths, initialisation, step sizes, batch of 24, averages' decay. Sizes
below 64 are ours: the doublings nearest to the first image are left out, and so are the halvings nearest to it. Settings for
COCO and Oxford-102 were not released: those of birds.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from ..blocks.adversarial import adam, cross_entropy, frozen, update
from ..blocks.averages import Average
from ..blocks.captions import draw_captions
from ..blocks.chunks import chunked
from ..blocks.conditioning import ConditioningAugmentation, ReadsText, divergence, drawn_around, noise_of
from ..blocks.crops import cut
from ..blocks.glu import (
    FirstStage,
    ImageCode,
    Residual,
    ToImage,
    gated,
    initialise_orthogonal,
    logits,
    narrowed,
    tiled,
    upsampled,
)
from ..blocks.pyramid import pyramid
from ..core import RedrawError
from ..recipe import About, Batch, Recipe, Schedule, Step

SECOND_STREAM = 50_021  # a seed's distance to that of its second, independent noise
Judged = tuple[Tensor | None, Tensor]
"""Logits [N] of being a right pair, none without captions, and [N] of being a real image."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class UnconditionalConfig(Schedule):
    """Types and meanings; the values stand in stackgan_v2.yaml."""

    sizes: tuple[int, ...]  # S_i, each twice the one before
    crop: int  # pixels of a prepared image that are seen, at random while training, then reduced to each of sizes
    ngf: int  # channels of the first stage's hidden image; half as many in each one behind
    ndf: int  # channels of a discriminator's first stage at 64 pixels
    nz: int  # Z
    residuals: int  # residual blocks of each stage but the first
    colour_weight: float  # alpha; 0 = no colour consistency
    colour_mean_weight: float  # lambda_1
    colour_covariance_weight: float  # lambda_2
    learning_rate: float  # Adam's step size, of all networks
    beta1: float
    beta2: float
    average_decay: float  # of the averaged weights, per step
    overwrite_every: int  # steps (D1)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(UnconditionalConfig):
    """The same, and what is there for captions."""

    c_dim: int  # D
    kl_weight: float  # of the divergence summed over D
    released_kl_weight: float  # of its mean (D4)


# --- networks: submodules are named as the released ones ---------------------------------------------------------------


class NextStage(nn.Module):
    """Hidden images [N, C, S, S] and codes [N, D] -> hidden images [N, C/2, 2 S, 2 S]."""

    def __init__(self, code: int, channels: int, residuals: int) -> None:
        super().__init__()
        self.jointConv = nn.Sequential(*gated(code + channels, channels))
        self.residual = nn.Sequential(*(Residual(channels) for _ in range(residuals)))
        self.upsample = upsampled(channels, channels // 2)

    def forward(self, hidden: Tensor, c: Tensor) -> Tensor:
        joint = torch.cat([tiled(c, hidden), hidden], 1)
        return self.upsample(self.residual(self.jointConv(joint)))


class Generator(nn.Module):
    """Noise [N, Z], and with captions codes [N, D] -> an image [N, 3, S_i, S_i] of each size."""

    def __init__(self, config: UnconditionalConfig, embedding: int = 0, c_dim: int = 0) -> None:
        super().__init__()
        if embedding:
            self.ca_net = ConditioningAugmentation(embedding, c_dim)
        code, channels = c_dim or config.nz, config.ngf
        self.h_net1, self.img_net1 = FirstStage(c_dim + config.nz, channels, config.sizes[0]), ToImage(channels)
        self.stages = len(config.sizes)
        for k in range(2, self.stages + 1):
            setattr(self, f"h_net{k}", NextStage(code, channels, config.residuals))
            channels //= 2
            setattr(self, f"img_net{k}", ToImage(channels))

    def forward(self, z: Tensor, c: Tensor | None = None) -> list[Tensor]:
        hidden = self.h_net1(z if c is None else torch.cat([c, z], 1))
        images = [self.img_net1(hidden)]
        for k in range(2, self.stages + 1):
            hidden = getattr(self, f"h_net{k}")(hidden, z if c is None else c)
            images.append(getattr(self, f"img_net{k}")(hidden))
        return images


class Discriminator(ImageCode):
    """Images [N, 3, S, S] of one size, with captions mu [N, D] of each -> what is judged of them."""

    def __init__(self, size: int, ndf: int, c_dim: int = 0) -> None:
        super().__init__(size, ndf)
        self.logits = logits(8 * ndf)
        if c_dim:
            self.jointConv = narrowed(c_dim + 8 * ndf, 8 * ndf)
            self.uncond_logits = logits(8 * ndf)

    def forward(self, image: Tensor, mu: Tensor | None = None) -> Judged:
        found = self.features(image)
        if mu is None:
            return None, self.logits(found).flatten().float()
        joint = self.jointConv(torch.cat([tiled(mu, found), found], 1))
        return self.logits(joint).flatten().float(), self.uncond_logits(found).flatten().float()

    def each(self, kinds: Sequence[Tensor], mu: Tensor | None) -> list[Judged]:
        """What is judged of each of several batches [N, 3, S, S] of one mu [N, D], each normalised by itself."""
        sizes = [len(images) for images in kinds]
        with chunked(self, sizes):
            pair, alone = self(torch.cat(list(kinds)), None if mu is None else mu.repeat(len(kinds), 1))
        pairs = itertools.repeat(None) if pair is None else pair.split(sizes)
        return list(zip(pairs, alone.split(sizes), strict=False))


# --- losses ------------------------------------------------------------------------------------------------------------


def discriminator_loss(judged: Sequence[Judged], wrong_is_real: bool = False) -> Tensor:
    """Of one size, by what is judged of real images, with captions of wrong ones, and of generated ones; D2."""
    real, *wrong, fake = judged
    total = cross_entropy(real[1], 1) + cross_entropy(fake[1], 0)
    for pair, alone in wrong:
        total = total + cross_entropy(real[0], 1) + cross_entropy(pair, 0) + cross_entropy(fake[0], 0)
        if wrong_is_real:
            total = total + cross_entropy(alone, 1)
    return total


def generator_loss(fake: Judged) -> Tensor:
    """Of one size: -log D of images, and of pairs where there are captions."""
    return sum(cross_entropy(found, 1) for found in fake if found is not None)


def colours(image: Tensor) -> tuple[Tensor, Tensor]:
    """Mean [N, 3] and covariance [N, 3, 3] over the pixels of each image [N, 3, H, W]; divided by their number."""
    pixels = image.flatten(2)
    mean = pixels.mean(2, keepdim=True)
    centred = pixels - mean
    return mean[:, :, 0], centred @ centred.transpose(1, 2) / pixels.shape[2]


def colour_consistency(images: Sequence[Tensor], mean: float, covariance: float, one_mean: bool) -> Tensor:
    """Each of ``images`` [N, 3, S_i, S_i] against the one before: squared norms of what their colours differ by, weighed,
    mean over the batch; D3: ``one_mean`` over the entries as well."""
    total = images[0].new_zeros(())
    found = [colours(image.float()) for image in images]
    for before, after in itertools.pairwise(found):
        for weight, a, b in zip((mean, covariance), after, before, strict=True):
            apart = (a - b.detach()).square()
            total = total + weight * (apart.mean() if one_mean else apart.sum() / len(apart))
    return total


def another(class_id: Tensor, one_redraw: bool = False) -> Tensor:
    """For each row of a batch another row [N], evenly of those of another class than class_id [N]; where the batch has
    none, of all others. D5: ``one_redraw``, of all rows, and once more where it has the same class."""
    n = len(class_id)
    if one_redraw:
        first, second = torch.randint(n, (2, n), device=class_id.device)
        return torch.where(class_id[first] == class_id, second, first)
    other = class_id[:, None] != class_id
    itself = torch.eye(n, dtype=torch.bool, device=class_id.device)
    return (torch.rand(n, n, device=class_id.device) + other.float()).masked_fill(itself, -1).argmax(1)


# --- recipes -----------------------------------------------------------------------------------------------------------


class Stacked(Recipe):
    """What both models have in common: networks, their steps and how real images come to them."""

    def __init__(self, config: UnconditionalConfig, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        _check(config, about)
        taken = config.as_released
        self.overwrites, self.wrong_is_real, self.one_mean = "D1" in taken, "D2" in taken, "D3" in taken

    def build(self, embedding: int, c_dim: int) -> None:
        """Networks and optimisers for captions of ``embedding`` = E numbers and codes of ``c_dim`` = D, both 0 for none."""
        config = self.config
        self.generator = Generator(config, embedding, c_dim)
        self.discriminators = nn.ModuleList(Discriminator(size, config.ndf, c_dim) for size in config.sizes)
        self.optimizers = {}
        names = ("generator", *(f"discriminator_{size}" for size in config.sizes))
        for name, network in zip(names, (self.generator, *self.discriminators), strict=True):
            initialise_orthogonal(network)
            if config.sizes[-1] <= 64:  # faster on the CPU, where larger networks are slower so
                network.to(memory_format=torch.channels_last)
            self.optimizers[name] = adam(network, config)
        self.average = Average(self.generator, config.average_decay)

    # -- what goes in -----------------------------------------------------------------------------------------------

    def view(self, image: Tensor) -> Tensor:
        """Real images [N, 3, S, S], S the last of sizes, as the model sees them: the middle of [N, 3, H, W], reduced."""
        return pyramid(cut(image, self.config.crop, train=False), [self.config.sizes[-1]])[0]

    def seen(self, image: Tensor) -> list[Tensor]:
        """The same at each of sizes, cut at a place of each one's own and flipped with probability 1/2."""
        return pyramid(cut(image, self.config.crop, train=True), list(self.config.sizes))

    def noise(self, n: int, device: torch.device) -> Tensor:
        return torch.randn(n, self.config.nz, device=device)

    # -- training -----------------------------------------------------------------------------------------------------

    def _discriminators_step(self, kinds: list[list[Tensor]], mu: Tensor | None) -> dict[str, Tensor]:
        """``kinds``: for each size real images, with captions wrong ones, and generated ones."""
        found = {}
        for size, network, images in zip(self.config.sizes, self.discriminators, kinds, strict=True):
            with self.autocast():
                judged = network.each(images, mu)
            name = f"discriminator_{size}"
            found[name] = discriminator_loss(judged, self.wrong_is_real)
            update(self.optimizers[name], found[name])
        return {name: loss.detach() for name, loss in found.items()}

    def _generator_step(
        self, fakes: list[Tensor], mu: Tensor | None, losses: dict[str, Tensor], at: Step
    ) -> dict[str, Tensor]:
        """``losses``: what the generator's own has beside that of its images, weighed."""
        config, found = self.config, dict(losses)
        with frozen(*self.discriminators):
            for size, network, image in zip(config.sizes, self.discriminators, fakes, strict=True):
                with self.autocast():
                    judged = network(image, mu)
                found[f"generator_{size}"] = generator_loss(judged)
            if config.colour_weight > 0:
                weights = config.colour_mean_weight, config.colour_covariance_weight
                found["colours"] = config.colour_weight * colour_consistency(fakes, *weights, self.one_mean)
            found["generator"] = sum(found.values())
            update(self.optimizers["generator"], found["generator"])
        self.average.update(self.generator)
        if self.overwrites and (at.index + 1) % config.overwrite_every == 0:
            self.average.overwrite(self.generator)
        return {name: loss.detach() for name, loss in found.items()}

    def draw(self, z: Tensor, c: Tensor | None) -> Tensor:
        """Images [N, 3, S, S], S the last of sizes, by the averaged weights."""
        with self.autocast():
            return self.average.network(z, c)[-1].float()


class UnconditionalStackGANv2(Stacked):
    """The model without captions: rooms, churches, dogs and cats."""

    Config = UnconditionalConfig
    reads = ("image",)

    def __init__(self, config: UnconditionalConfig, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        self.build(0, 0)

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        real = self.seen(batch["image"])
        with self.autocast():
            fakes = self.generator(self.noise(len(batch["image"]), batch["image"].device))
        found = self._discriminators_step([[x, s.detach()] for x, s in zip(real, fakes, strict=True)], None)
        return found | self._generator_step(fakes, None, {}, at)

    @torch.no_grad()
    def sample(self, conditions: Batch, seed: int) -> Tensor:
        """Images [N, 3, S, S], as many as ``tokens`` has rows; what these say is not read."""
        tokens = conditions["tokens"]
        return self.draw(noise_of(conditions, len(tokens), self.config.nz, seed).to(tokens.device), None)


class StackGANv2(ReadsText, Stacked):
    """The model of captions: birds, flowers and COCO."""

    Config = Config
    reads = ("image", "class_id", "captions")

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        taken = config.as_released
        self.mean_divergence, self.one_redraw = "D4" in taken, "D5" in taken
        self.build(self.hold("text", needs, "stackgan_v2").embedding_dim, config.c_dim)

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        real = self.seen(batch["image"])
        wrong = self.seen(batch["image"][another(batch["class_id"], self.one_redraw)])
        h = self.embed(draw_captions(batch["captions"], 1))
        with self.autocast():
            mu, logvar = (found.float() for found in self.generator.ca_net(h))
            c = drawn_around(mu, logvar, torch.randn_like(mu))
            fakes = self.generator(self.noise(len(h), h.device), c)
        kinds = [[x, w, s.detach()] for x, w, s in zip(real, wrong, fakes, strict=True)]
        found = self._discriminators_step(kinds, mu.detach())
        return found | self._generator_step(fakes, mu, {"divergence": self.weighed_divergence(mu, logvar)}, at)

    def weighed_divergence(self, mu: Tensor, logvar: Tensor) -> Tensor:
        """As written the sum over D dimensions; D4: their mean, of another weight."""
        mean = divergence(mu, logvar)
        if self.mean_divergence:
            return self.config.released_kl_weight * mean
        return self.config.kl_weight * mu.shape[1] * mean

    @torch.no_grad()
    def sample(self, conditions: Batch, seed: int) -> Tensor:
        """Images [N, 3, S, S].

        Of the embeddings and the noise that blocks.conditioning makes of ``conditions``; c is drawn around mu, too.
        """
        h = self.embedding_of(conditions)
        with self.autocast():
            mu, logvar = (found.float() for found in self.average.network.ca_net(h))
        eps = noise_of(conditions, len(h), self.config.c_dim, seed + SECOND_STREAM).to(h)
        return self.draw(noise_of(conditions, len(h), self.config.nz, seed).to(h), drawn_around(mu, logvar, eps))


def _check(config: UnconditionalConfig, about: About) -> None:
    """Raises RedrawError for sizes, a crop or a width that the networks or the prepared images do not allow."""
    sizes, (channels, height, width) = config.sizes, about.image_shape
    if not sizes or sizes[0] < 8 or sizes[0].bit_count() != 1 or any(b != 2 * a for a, b in itertools.pairwise(sizes)):
        raise RedrawError(
            f"stackgan_v2, sizes: {list(sizes)}: use a power of two from 8 on, then each twice the one before, as [64, 128, 256]"
        )
    if not sizes[-1] <= config.crop <= min(height, width) or channels != 3:
        raise RedrawError(
            f"stackgan_v2, crop: {config.crop} of {channels} x {height} x {width}: it must hold the last of sizes, "
            f"{sizes[-1]}, lie inside the prepared image, and that be in colour"
        )
    if config.ngf % (1 << len(sizes) - 1):
        raise RedrawError(
            f"stackgan_v2, ngf: {config.ngf}: not divisible by 2 as often as there are sizes behind the first "
            f"({len(sizes) - 1}): give a multiple of {1 << len(sizes) - 1}"
        )
