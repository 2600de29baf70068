"""Generative Adversarial Text to Image Synthesis (Reed, Akata, Yan, Logeswaran, Schiele, Lee; ICML 2016).

A generator draws 64 x 64 pixels from noise and a caption's embedding; a discriminator sees an image with an embedding.
GAN-CLS shows it real images with another caption as a third kind of input, which it must tell from right pairs.
GAN-INT makes the generator draw for embeddings between two captions as well, which nobody wrote.

Glossary
    t, t^      matching caption, mismatching one                                captions [N, K, T]
    h = phi(t) its embedding, of a trained text encoder that stays as it is     h [N, E]
    z          noise, standard normal                                           z [N, Z]
    x, x^      real image, generated image                                      [N, 3, S, S] in [-1, 1]
    s_r, s_w, s_f   D(x, h), D(x, h^), D(x^, h): probability of a right pair; logits here   [N]
    beta       t1 and t2 meet at beta * phi(t1) + (1 - beta) * phi(t2)

The four models by two fields: GAN has cls_weight 0 and interp_weight 0; GAN-CLS, GAN-INT, GAN-INT-CLS have one or both.
``extra_fakes: repeated`` is a control of ours for GAN-INT: as many extra images, of captions that somebody wrote.

As written (algorithm 1 and eq. 5, read on the survey slides)
    * Line 11 descends log(s_r) + (log(1 - s_w) + log(1 - s_f)) / 2, line 13 log(s_f): both signs are slips (M1, M2).
      Here, as in the released code, what is descended are the negatives.
    * Eq. 5 adds E[log(1 - D(G(z, .)))]; the released code and line 12 use log(s_f) in its place, and so it is here.
    * t^ is the caption of an image of another class in the batch. The algorithm says mismatching and no more; what is
      common to all its readings is that a caption of the same class is none. Where the data set has one class (COCO), any
      other image of the batch will do, as in the released code.
    * Lines 5 and 6 draw images once a step: generator and discriminator learn from the same ones, among which the
      extra ones of eq. 5 are drawn, too. Line 12's s_f is computed anew after line 11, as in the released code.

Differences of the released code (reedscot/icml2016@db3f0c6, main_cls_int.lua); a run takes over those in ``as_released``
    D1  The mismatch is another image of another class with the right caption, not another caption with the right image.
        Released, that image is drawn from the whole set; here it is another one of the batch.
    D2  h is the mean of ``released_captions`` = 4 captions of the image, drawn with repetition.
    D3  Every convolution has a bias, set to zero before each of the two updates: a saved generator has those of one step
        of Adam, a saved discriminator none.
        As written no bias stands before a batch normalisation, which would take it away again.
    D4  In the discriminator the map of the text embedding is batch-normalised (not so in main_cls.lua).
    D5  The discriminator has no rectifier behind its third convolution (main_cls.lua has one).
    D6  The losses of drawn and of interpolated captions have one common mean over 3/2 N, not a mean each, so that the
        extra term weighs half as much beside the other, and both less.
    D7  A batch is drawn class by class, with repetition, then an image of each, not over the images.
    D8  Crops begin at pixel 1 to 12 of 76, never at 0.
    D9  The generator's step draws noise and images of its own; the discriminator's are drawn without the extra ones.
    D13 h is the mean of ``released_captions`` captions of the image, drawn without repetition: three in COCO's loader. Goes
        before D2, which is the other loader's.
    D15 The discriminator's residual block is the identity alone: a wrong name in both scripts, corrected in October 2016.
    D10, D11, D12 and D14 are no switches. D10: COCO has a script of its own, main_cls.lua, without interpolation and with
    another schedule and widths (fields), without D4, D5 and D6; its text encoder saw no images (char_cnn_rnn.py). D11: seeds.
    D12, D14: size and length of the released flowers' and COCO's models are not those of the scripts.

On COCO D1 is any other image, D7 any image of the set with repetition. The option ``large`` of main_cls.lua, which no script
sets, is ``residuals: 2``.

Silences filled from the released code: residual blocks, widths, initialisation, flips with probability 1/2, that the
step size halves after every hundredth epoch, and that the halving comes at that epoch's start. Sizes below 64 are
ours: the stages nearest to the image are left out, and crops are reduced by area.

Style transfer: an encoder S is trained on generated images to give back their noise; G(S(x), phi(t)) then draws the
caption in the style of x. The loss is the squared error between z and S(G(z, phi(t))) (recalled); nothing of S is in the
released code. Here it has the discriminator's convolutions.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..blocks.adversarial import adam, cross_entropy, descended, frozen, set_step_size
from ..blocks.captions import draw_captions, draw_distinct_captions, mismatching
from ..blocks.conditioning import ReadsText, noise_of
from ..blocks.crops import check_crop, reduced
from ..blocks.frozen import Reads
from ..blocks.glu import doublings
from ..core import RedrawError
from ..recipe import About, Batch, Recipe, Schedule, Step

SIZES = (16, 32, 64)
EXTRA_FAKES = ("none", "interpolated", "extrapolated", "repeated")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Schedule):
    """Types and meanings; the values stand in gan_int_cls.yaml."""

    image_size: int  # S: 64, or 32 or 16
    crop: int  # pixels of a prepared image that are seen, at random while training, then reduced to S
    ngf: int  # channels of the generator's last stage at 64 pixels; twice as many in each one before
    ndf: int  # channels of the discriminator's first stage at 64 pixels
    residuals: int  # residual blocks of each of the generator's first two stages
    nt: int  # channels that the embedding is mapped to, in both
    nz: int  # Z
    cls_weight: float  # of mismatching pairs, the rest to 1 is that of generated images; 0 = no CLS
    extra_fakes: str  # N/2 more for the generator, of embeddings: none, interpolated, extrapolated, repeated
    interp_weight: float  # of their loss; 0 = no INT
    interp_beta: float  # where between two embeddings
    captions_per_sample: int  # h is the mean of so many
    learning_rate: float  # Adam's step size, of both
    beta1: float
    beta2: float
    decay: float  # of the step size, at the start of every so many epochs
    decay_epochs: int
    released_captions: int  # D2, D13


# --- networks --------------------------------------------------------------------------------------------------------


def normalised(layer: nn.Module, *after: nn.Module) -> list[nn.Module]:
    return [layer, nn.BatchNorm2d(layer.out_channels), *after]


class Residual(nn.Module):
    """A bottleneck of three convolutions beside the identity; ``slope`` of the rectifiers below 0.

    ``rectified``: the sum, too; where several blocks follow each other, that of the last one alone.
    """

    def __init__(self, width: int, inner: int, slope: float, bias: bool, rectified: bool = True) -> None:
        super().__init__()
        self.slope, self.rectified = slope, rectified
        self.body = nn.Sequential(
            *normalised(nn.Conv2d(width, inner, 1, bias=bias), nn.LeakyReLU(slope)),
            *normalised(nn.Conv2d(inner, inner, 3, padding=1, bias=bias), nn.LeakyReLU(slope)),
            *normalised(nn.Conv2d(inner, width, 3, padding=1, bias=bias)),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.body(x)
        return F.leaky_relu(x, self.slope) if self.rectified else x


class Generator(nn.Module):
    """Noise [N, Z] and embeddings [N, E] -> images [N, 3, S, S]."""

    def __init__(self, config: Config, embedding: int, bias: bool) -> None:
        super().__init__()
        n = config.ngf
        self.text = nn.Sequential(nn.Linear(embedding, config.nt), nn.LeakyReLU(0.2))
        layers = normalised(nn.ConvTranspose2d(config.nz + config.nt, 8 * n, 4, bias=bias))
        layers += self._residuals(8 * n, 2 * n, config.residuals, bias)
        layers += normalised(nn.ConvTranspose2d(8 * n, 4 * n, 4, 2, 1, bias=bias))
        layers += self._residuals(4 * n, n, config.residuals, bias)
        width = 4 * n
        for _ in range(doublings(config.image_size) - 2):
            layers += normalised(nn.ConvTranspose2d(width, width // 2, 4, 2, 1, bias=bias), nn.ReLU())
            width //= 2
        self.image = nn.Sequential(*layers, nn.ConvTranspose2d(width, 3, 4, 2, 1), nn.Tanh())

    @staticmethod
    def _residuals(width: int, inner: int, n: int, bias: bool) -> list[nn.Module]:
        return [Residual(width, inner, 0.0, bias, rectified=k == n - 1) for k in range(n)]

    def forward(self, z: Tensor, h: Tensor) -> Tensor:
        return self.image(torch.cat([z, self.text(h)], 1)[:, :, None, None])


class Trunk(nn.Sequential):
    """Images [N, 3, S, S] -> [N, 8 width, 4, 4]."""

    def __init__(self, size: int, width: int, bias: bool, third_rectified: bool, residual: bool = True) -> None:
        widths = [k * width for k in (1, 2, 4, 8)][-doublings(size) :]
        layers: list[nn.Module] = [nn.Conv2d(3, widths[0], 4, 2, 1), nn.LeakyReLU(0.2)]
        for narrow, wide in zip(widths, widths[1:], strict=False):
            layers += normalised(nn.Conv2d(narrow, wide, 4, 2, 1, bias=bias))
            if wide == 2 * width or wide == 4 * width and third_rectified:
                layers.append(nn.LeakyReLU(0.2))
        super().__init__(*layers, Residual(8 * width, 2 * width, 0.2, bias) if residual else nn.LeakyReLU(0.2))


class Discriminator(nn.Module):
    """Images and embeddings -> logits [N] of being a right pair, in two parts: one image may meet several captions."""

    def __init__(
        self, config: Config, embedding: int, bias: bool, text_norm: bool, third_rectified: bool, residual: bool
    ) -> None:
        super().__init__()
        width = 8 * config.ndf
        self.trunk = Trunk(config.image_size, config.ndf, bias, third_rectified, residual)
        norm = [nn.BatchNorm1d(config.nt)] if text_norm else []
        self.text = nn.Sequential(nn.Linear(embedding, config.nt), *norm, nn.LeakyReLU(0.2))
        self.pair = nn.Sequential(
            *normalised(nn.Conv2d(width + config.nt, width, 1, bias=bias), nn.LeakyReLU(0.2)), nn.Conv2d(width, 1, 4)
        )

    def judge(self, features: Tensor, h: Tensor) -> Tensor:
        """Logits [N] of features [N, 8 ndf, 4, 4] that the trunk found and embeddings [N, E]."""
        text = self.text(h)[:, :, None, None].expand(-1, -1, *features.shape[2:])
        return self.pair(torch.cat([features, text], 1)).flatten()

    def forward(self, image: Tensor, h: Tensor) -> Tensor:
        return self.judge(self.trunk(image), h)


def initialise(network: nn.Module) -> None:
    """Convolutions normal with deviation .02, normalisations around 1, both without bias; the rest is the library's."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.BatchNorm1d | nn.BatchNorm2d):
            normalisation = isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d)
            nn.init.normal_(module.weight, 1.0 if normalisation else 0.0, 0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


# --- losses ----------------------------------------------------------------------------------------------------------


def discriminator_loss(real: Tensor, wrong: Tensor | None, fake: Tensor, cls_weight: float) -> dict[str, Tensor]:
    """Algorithm 1, line 10, signs corrected (M1): ``real``, ``wrong`` (where there are any), ``fake``, ``discriminator``."""
    found = {"real": cross_entropy(real, 1), "fake": cross_entropy(fake, 0)}
    total = found["real"] + (1 - cls_weight) * found["fake"]
    if wrong is not None:
        found["wrong"] = cross_entropy(wrong, 0)
        total = total + cls_weight * found["wrong"]
    return found | {"discriminator": total}


def generator_loss(logits: Tensor, n: int, weight: float, one_mean: bool) -> Tensor:
    """Line 12 (M2) over the first ``n`` logits and, with ``weight``, eq. 5 over the others; D6: one mean over all."""
    own, extra = F.softplus(-logits[:n]), F.softplus(-logits[n:])
    if one_mean:
        return (own.sum() + weight * extra.sum()) / len(logits)
    return own.mean() + weight * extra.mean() if len(extra) else own.mean()


def between(first: Tensor, second: Tensor, beta: float, alpha: Tensor | None = None) -> Tensor:
    """Eq. 5's embeddings [N, E]; ``alpha`` [N, 1] carries them further along the line (interp_type 2 of the code)."""
    met = beta * first + (1 - beta) * second
    return met if alpha is None else met + alpha * (second - first)


# --- recipes ---------------------------------------------------------------------------------------------------------


class GANINTCLS(ReadsText, Recipe):
    """Generator and discriminator of one of the four models."""

    Config = Config
    reads = ("image", "class_id", "captions")

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        self._check(config, about)
        embedding = self.hold("text", needs, "gan_int_cls").embedding_dim
        taken = config.as_released
        self.wrong_images, self.zero_biases, self.own_noise = "D1" in taken, "D3" in taken, "D9" in taken
        self.captions = config.released_captions if {"D2", "D13"} & set(taken) else config.captions_per_sample
        self.distinct, self.any_other = "D13" in taken, about.classes == 1
        self.one_mean, self.first_offset = "D6" in taken, int("D8" in taken)
        if "D7" in taken:
            self.batches = "classes_with_replacement"
        self.generator = Generator(config, embedding, self.zero_biases)
        self.discriminator = Discriminator(
            config, embedding, self.zero_biases, "D4" in taken, "D5" not in taken, "D15" not in taken
        )
        self.optimizers = {}
        for name, network in (("generator", self.generator), ("discriminator", self.discriminator)):
            initialise(network)
            network.to(memory_format=torch.channels_last)  # faster on the CPU, and as reproducible
            self.optimizers[name] = adam(network, config)

    @staticmethod
    def _check(config: Config, about: About) -> None:
        if config.image_size not in SIZES:
            raise RedrawError(f"gan_int_cls, image_size: {config.image_size}: use one of {', '.join(map(str, SIZES))}")
        check_crop("gan_int_cls", config.crop, config.image_size, about.image_shape)
        if config.residuals < 1:
            raise RedrawError(
                f"gan_int_cls, residuals: {config.residuals}: use 1, or 2 as with the released option large"
            )
        if config.extra_fakes not in EXTRA_FAKES:
            raise RedrawError(f"gan_int_cls, extra_fakes: {config.extra_fakes!r}: use one of {', '.join(EXTRA_FAKES)}")
        if "D8" in config.as_released and config.crop == min(about.image_shape[1:]):
            raise RedrawError(f"gan_int_cls, D8: a crop of {config.crop} leaves no offset but 0: prepare larger images")

    # -- what goes in ---------------------------------------------------------------------------------------------

    def view(self, image: Tensor, train: bool = False) -> Tensor:
        """Real images [N, 3, S, S] as the model sees them, of prepared ones [N, 3, H, W]: cut and reduced by area.

        From the middle, or with ``train`` at a place of each one's own and flipped with probability 1/2.
        """
        return reduced(image, self.config.crop, self.config.image_size, train, self.first_offset)

    def noise(self, n: int, device: torch.device) -> Tensor:
        return torch.randn(n, self.config.nz, device=device)

    def extra(self, h: Tensor) -> Tensor:
        """Embeddings of the extra fakes: [N/2, E], or none."""
        half, config = len(h) // 2, self.config
        if config.interp_weight == 0 or config.extra_fakes == "none":
            return h[:0]
        if config.extra_fakes == "repeated":
            return h[:half]
        extrapolated = config.extra_fakes == "extrapolated"
        alpha = torch.rand(half, 1, device=h.device) * 2 - 1 if extrapolated else None
        return between(h[:half], h[half : 2 * half], config.interp_beta, alpha)

    # -- training -------------------------------------------------------------------------------------------------

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        # The code counts epochs from 1 and decays before the hundredth is trained.
        factor = self.config.decay ** ((int(at.epoch) + 1) // self.config.decay_epochs)
        set_step_size(self.optimizers, self.config.learning_rate * factor)
        h = self.embed((draw_distinct_captions if self.distinct else draw_captions)(batch["captions"], self.captions))
        all_h = torch.cat([h, self.extra(h)])
        self._zero_biases()
        with torch.set_grad_enabled(not self.own_noise):
            drawn = self._drawn(h if self.own_noise else all_h)
        losses = self.discriminator_losses(batch, h, drawn[: len(h)].detach())
        found = descended(self.optimizers["discriminator"], losses, "discriminator")
        self._zero_biases()
        if self.own_noise:
            drawn = self._drawn(all_h)
        with frozen(self.discriminator):
            losses = self.generator_losses(drawn, all_h, len(h))
            found |= descended(self.optimizers["generator"], losses, "generator")
        return found

    def _drawn(self, h: Tensor) -> Tensor:
        with self.autocast():
            return self.generator(self.noise(len(h), h.device), h)

    def discriminator_losses(self, batch: Batch, h: Tensor, drawn: Tensor) -> dict[str, Tensor]:
        """Lines 7 to 10. Every kind of pair goes through by itself: each is normalised by its own statistics."""
        weight, judge = self.config.cls_weight, self.discriminator.judge
        with self.autocast():
            features = self.discriminator.trunk(self.view(batch["image"], train=True))
            real, wrong = judge(features, h), None
            if weight > 0:
                classes = torch.arange(len(h), device=h.device) if self.any_other else batch["class_id"]
                other = mismatching(classes, "gan_int_cls")
                if self.wrong_images:
                    wrong = self.discriminator(self.view(batch["image"][other], train=True), h)
                else:
                    wrong = judge(features, h[other])
            fake = self.discriminator(drawn, h)
        return discriminator_loss(real.float(), None if wrong is None else wrong.float(), fake.float(), weight)

    def generator_losses(self, drawn: Tensor, all_h: Tensor, n: int) -> dict[str, Tensor]:
        """Line 12 over ``n`` images and eq. 5 over the extra ones behind them, which go through D together."""
        with self.autocast():
            logits = self.discriminator(drawn, all_h)
        return {"generator": generator_loss(logits.float(), n, self.config.interp_weight, self.one_mean)}

    @torch.no_grad()
    def _zero_biases(self) -> None:
        if self.zero_biases:
            for module in self.modules():
                if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                    module.bias.zero_()

    # -- sampling -------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def sample(self, conditions: Batch, seed: int) -> Tensor:
        """Images [N, 3, S, S].

        Of the embeddings and the noise that blocks.conditioning makes of ``conditions``.
        """
        h = self.embedding_of(conditions)
        return self.draw(noise_of(conditions, len(h), self.config.nz, seed).to(h), h)

    def draw(self, z: Tensor, h: Tensor) -> Tensor:
        """G(z, h)."""
        with self.autocast():
            return self.generator(z, h).float()


@dataclasses.dataclass(frozen=True, kw_only=True)
class StyleConfig(Schedule):
    """Types and meanings; the values stand in gan_int_cls.yaml."""

    width: int  # channels of the first stage at 64 pixels
    learning_rate: float  # Adam's step size
    beta1: float
    beta2: float


class StyleEncoder(Reads, Recipe):
    """S: images [N, 3, S, S] -> the noise [N, Z] that a trained generator would have drawn their style from."""

    Config = StyleConfig
    reads = ("captions",)

    def __init__(self, config: StyleConfig, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        model = self.hold("generator", needs, "gan_int_cls, style encoder")
        self.size, self.nz = model.config.image_size, model.config.nz
        self.network = nn.Sequential(
            Trunk(self.size, config.width, bias=False, third_rectified=True),
            nn.Conv2d(8 * config.width, self.nz, 4),
            nn.Flatten(),
        )
        initialise(self.network)
        self.network.to(memory_format=torch.channels_last)
        self.optimizers = {"adam": adam(self.network, config)}

    def view(self, image: Tensor) -> Tensor:
        """As the generator's model sees real images."""
        return self.held["generator"].view(image)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """``style``: the squared error of a noise vector, mean over the batch."""
        model = self.held["generator"]
        with torch.no_grad():
            h = model.embed(draw_captions(batch["captions"], model.captions))
            z = model.noise(len(h), h.device)
            drawn = model.draw(z, h)
        with self.autocast():
            found = self.network(drawn)
        return {"style": (found.float() - z).square().sum(1).mean()}

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        return descended(self.optimizers["adam"], self.losses(batch), "style")

    @torch.no_grad()
    def validate(self, batch: Batch) -> dict[str, Tensor]:
        return self.losses(batch)

    @torch.no_grad()
    def sample(self, conditions: Batch, seed: int) -> Tensor:
        """Images [N, 3, S, S]: what ``tokens`` say in the style of the images ``style`` [N, 3, S, S], which ``view`` gave."""
        image, model = conditions["style"], self.held["generator"]
        if image.shape[1:] != (3, self.size, self.size):
            raise RedrawError(
                f"gan_int_cls, style: images of {tuple(image.shape[1:])}, the generator's are of {self.size} pixels: "
                "pass them through view first"
            )
        with self.autocast():
            z = self.network(image).float()
        return model.draw(z, model.embedding_of(conditions))
