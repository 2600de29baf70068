"""Autoencoding beyond pixels using a learned similarity metric (Larsen, Sønderby, Larochelle, Winther; ICML 2016).

A variational auto-encoder and a GAN that share their decoder. What the auto-encoder leaves wrong is measured not in pixels
but in a layer of the discriminator. ``VAEGAN`` is all four models of the paper's table, ``Arithmetic`` one that adds an
attribute to faces it encodes (section 4.1).

Glossary
    Enc, Dec, Dis   encoder, decoder (the GAN's generator), discriminator
    x, a            image [N, C, H, W] in [-1, 1]; attributes [N, A], 1 present, -1 absent, 0 not known
    z, z_p          latents [N, Z] of q(z | x, a), and of the prior N(0, I); x~ = Dec(z, a), x_p = Dec(z_p, a)
    Dis_l           output of the discriminator's last convolution, before its normalisation
    L_prior         KL(q(z | x, a) || N(0, I)), in nats an image
    L_llike         half the squared error of Dis_l(x~), summed; of ``vae`` that of pixels over ``pixel_deviation`` squared
    L_GAN           log Dis(x) + log(1 - Dis(x~)) + log(1 - Dis(x_p)), a mean over images

Models (``model``)
    vae         Enc and Dec learn from L_prior + L_llike of pixels
    gan         Dec learns from x_p alone
    vae_gan     Enc from L_prior + L_llike, Dec from gamma L_llike - L_GAN, Dis from L_GAN, at once (algorithm 1)
    vae_dis     as vae, its L_llike in the features of a GAN that was trained before (role ``gan``)

As written (the paper's body was not read: recalled, where released code does not say)
    * Attributes go to Enc beside its convolutions' output, to Dec beside z, to Dis beside its convolutions' output.
    * ``saturating`` false: Dec raises log Dis of what it draws instead of lowering log(1 - Dis) (ours; algorithm 1: the latter).

Weights start as the library draws them (ours): in the few runs that were tried, normal ones of deviation 0.02 did worse.

Differences of the released code (andersbll/autoencoding_beyond_pixels@24aa0f2); a run takes over those in ``as_released``
    D1  Dis does not learn from x~, nor does Dec from what it says of x~
    D2  Dec learns from gamma L_llike - (1 - gamma) L_GAN
    D3  Dis rests where it is too good, Dec where Dis is too bad: costs of x or x_p off 0.68 by more than 0.35
    D4 is no switch: the step size falls, from 3.9e-4 on (``last_learning_rate``).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ..blocks.adversarial import cross_entropy, set_step_size
from ..blocks.conditioning import noise_of
from ..blocks.frozen import Reads
from ..blocks.rmsprop import RMSprop
from ..core import RedrawError, nearest
from ..recipe import About, Batch, Recipe, Schedule, Step

MODELS = ("vae", "gan", "vae_gan", "vae_dis")
EQUILIBRIUM, MARGIN = 0.68, 0.35  # D3


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Schedule):
    """Of ``VAEGAN``; the values stand in vae_gan.yaml."""

    model: str  # vae, gan, vae_gan or vae_dis
    conditioned: bool  # on attributes
    latent: int  # Z
    encoder_widths: tuple[int, ...]  # channels of convolutions that halve the sides
    encoder_hidden: int
    decoder_widths: tuple[int, ...]  # of those that double them, from the smallest picture on
    first_width: int  # of the discriminator's first convolution, which keeps the sides
    discriminator_widths: tuple[int, ...]
    discriminator_hidden: int
    pixel_deviation: float  # of a pixel around the decoder's, where pixels are compared
    gamma: float  # how much the decoder minds L_llike beside L_GAN
    saturating: bool
    learning_rate: float  # RMSprop's step size
    last_learning_rate: float  # reached in a straight line at the last step
    decay: float
    eps: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class ArithmeticConfig(Config):
    """Of ``Arithmetic``."""

    shown: tuple[str, ...]  # attributes that are added, image by image in turn
    kept_share: float  # of the sums that means of z are made of, from step to step
    stages: int  # from the image as it is to the whole attribute


# --- networks --------------------------------------------------------------------------------------------------------


def convolved(before: int, after: int, stride: int = 2) -> nn.Conv2d:
    return nn.Conv2d(before, after, 5, stride, 2, bias=False)


class Encoder(nn.Module):
    def __init__(self, config: Config, shape: tuple[int, int, int], attributes: int) -> None:
        super().__init__()
        layers, before = [], shape[0]
        for width in config.encoder_widths:
            layers += [convolved(before, width), nn.BatchNorm2d(width), nn.ReLU()]
            before = width
        self.convolutions = nn.Sequential(*layers, nn.Flatten())
        size = before * (shape[1] >> len(config.encoder_widths)) ** 2
        self.hidden = nn.Sequential(
            nn.Linear(size + attributes, config.encoder_hidden), nn.BatchNorm1d(config.encoder_hidden), nn.ReLU()
        )
        self.latent = nn.Linear(config.encoder_hidden, 2 * config.latent)

    def forward(self, image: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance [N, Z]."""
        mean, logvar = self.latent(self.hidden(torch.cat([self.convolutions(image), a], 1))).float().chunk(2, 1)
        return mean, logvar


class Decoder(nn.Module):
    def __init__(self, config: Config, shape: tuple[int, int, int], attributes: int) -> None:
        super().__init__()
        widths, self.side = config.decoder_widths, shape[1] >> len(config.decoder_widths)
        first = widths[0] * self.side**2
        self.first = nn.Sequential(nn.Linear(config.latent + attributes, first), nn.BatchNorm1d(first), nn.ReLU())
        layers: list[nn.Module] = []
        for before, width in zip((widths[0], *widths), widths, strict=False):
            layers += [nn.ConvTranspose2d(before, width, 5, 2, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
        self.convolutions = nn.Sequential(*layers, nn.Conv2d(widths[-1], shape[0], 5, 1, 2), nn.Tanh())

    def forward(self, z: Tensor, a: Tensor) -> Tensor:
        x = self.first(torch.cat([z, a], 1)).unflatten(1, (-1, self.side, self.side))
        return self.convolutions(x).float()


class Discriminator(nn.Module):
    def __init__(self, config: Config, shape: tuple[int, int, int], attributes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(shape[0], config.first_width, 5, 1, 2), nn.ReLU()]
        *inner, last = config.discriminator_widths
        before = config.first_width
        for width in inner:
            layers += [convolved(before, width), nn.BatchNorm2d(width), nn.ReLU()]
            before = width
        self.until_l = nn.Sequential(*layers, convolved(before, last))
        self.after_l = nn.Sequential(nn.BatchNorm2d(last), nn.ReLU(), nn.Flatten())
        size, hidden = last * (shape[1] >> len(config.discriminator_widths)) ** 2, config.discriminator_hidden
        self.hidden = nn.Sequential(nn.Linear(size + attributes, hidden), nn.BatchNorm1d(hidden), nn.ReLU())
        self.logit = nn.Linear(hidden, 1)

    def forward(self, image: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
        """Logits [N], and Dis_l [N, F]."""
        features = self.until_l(image)
        hidden = self.hidden(torch.cat([self.after_l(features), a], 1))
        return self.logit(hidden)[:, 0].float(), features.flatten(1).float()


# --- losses ----------------------------------------------------------------------------------------------------------


def divergence(mean: Tensor, logvar: Tensor) -> Tensor:
    """L_prior: a sum over latents, a mean over images."""
    return 0.5 * (mean.square() + logvar.exp() - 1 - logvar).sum(1).mean()


def half_squared_error(left: Tensor, right: Tensor) -> Tensor:
    """Minus the logarithm of a normal density of unit variance but for its constant: a sum, a mean over images."""
    return 0.5 * (left - right).square().flatten(1).sum(1).mean()


def fooled(logits: Tensor, saturating: bool) -> Tensor:
    """What the decoder minimises of images that it drew."""
    return -cross_entropy(logits, 0) if saturating else cross_entropy(logits, 1)


def who_learns(real_cost: float, fake_cost: float) -> tuple[bool, bool]:
    """Whether discriminator and decoder take this step. D3"""
    discriminator = min(real_cost, fake_cost) >= EQUILIBRIUM - MARGIN
    decoder = max(real_cost, fake_cost) <= EQUILIBRIUM + MARGIN
    return (discriminator, decoder) if discriminator or decoder else (True, True)


# --- recipes ---------------------------------------------------------------------------------------------------------


class VAEGAN(Reads, Recipe):
    """The paper's models, conditioned on attributes or not."""

    Config = Config
    reads = ("image", "attributes")

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        if config.model not in MODELS:
            raise RedrawError(f'vae_gan, model: "{config.model}": {nearest(config.model, list(MODELS))}')
        if config.conditioned and not about.attributes:
            raise RedrawError("vae_gan, conditioned: this data set has no attributes: take one that has, as LFW")
        shape, halvings = (
            about.image_shape,
            max(map(len, (config.encoder_widths, config.decoder_widths, config.discriminator_widths))),
        )
        if shape[1] != shape[2] or shape[1] % 2**halvings:
            raise RedrawError(
                f"vae_gan: images of {shape[1]} x {shape[2]} pixels: their sides must be equal and halve {halvings} times"
            )
        a = len(about.attributes) if config.conditioned else 0
        self.asks = ("attributes",) if config.conditioned else ()
        self.dec = Decoder(config, shape, a)
        if config.model != "gan":
            self.enc = Encoder(config, shape, a)
        if config.model in ("gan", "vae_gan"):
            self.dis = Discriminator(config, shape, a)
        if config.model == "vae_dis" and not hasattr(self.hold("gan", needs, "vae_dis"), "dis"):
            raise RedrawError("vae_dis: the run named as gan has no discriminator: name one of model gan or vae_gan")
        self.to(memory_format=torch.channels_last)  # convolutions cost a quarter less on the CPU
        self.optimizers = {
            name: RMSprop(network.parameters(), config.learning_rate, config.decay, config.eps)
            for name, network in self.named_children()
        }

    def given(self, batch: Batch) -> Tensor:
        """a [N, A] of ``attributes``, A = 0 where nothing is conditioned on them."""
        return (
            signs(batch["attributes"]) if self.config.conditioned else batch["image"].new_zeros(len(batch["image"]), 0)
        )

    def likelihood_loss(self, image: Tensor, drawn: Tensor, a: Tensor) -> Tensor:
        """L_llike of models that do not train a discriminator."""
        if self.config.model == "vae":
            return half_squared_error(image, drawn) / self.config.pixel_deviation**2
        dis = self.held["gan"].dis
        return half_squared_error(dis(image, a)[1], dis(drawn, a)[1])

    def losses(self, image: Tensor, a: Tensor) -> dict[str, Tensor]:
        """``enc``, ``dec`` and ``dis``, what each network that there is minimises, and their parts."""
        config, found = self.config, {}
        with self.autocast():
            if config.model != "gan":
                mean, logvar = self.enc(image, a)
                found["kl"] = divergence(mean, logvar)
                again = self.dec(mean + (0.5 * logvar).exp() * torch.randn_like(mean), a)
            if config.model in ("vae", "vae_dis"):
                found["likelihood"] = self.likelihood_loss(image, again, a)
                return found | {"enc": found["kl"] + found["likelihood"], "dec": found["likelihood"]}
            drawn = self.dec(torch.randn(len(image), config.latent, device=image.device), a)
            real, features = self.dis(image, a)
            of_drawn, _ = self.dis(drawn, a)
            adversarial = fooled(of_drawn, config.saturating)
            found |= {"real": cross_entropy(real, 1), "drawn": cross_entropy(of_drawn, 0)}
            found["dis"] = found["real"] + found["drawn"]
            if config.model == "gan":
                return found | {"dec": adversarial}
            of_again, features_again = self.dis(again, a)
            found["likelihood"] = half_squared_error(features, features_again)
            if "D1" not in config.as_released:
                found["dis"] = found["dis"] + cross_entropy(of_again, 0)
                adversarial = adversarial + fooled(of_again, config.saturating)
            share = 1 - config.gamma if "D2" in config.as_released else 1
            found["dec"] = config.gamma * found["likelihood"] + share * adversarial
            return found | {"enc": found["kl"] + found["likelihood"]}

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        found = self.losses(batch["image"], self.given(batch))
        share, config = at.index / at.total, self.config
        set_step_size(self.optimizers, (1 - share) * config.learning_rate + share * config.last_learning_rate)
        learning = list(self.optimizers)
        if "D3" in config.as_released and "dis" in found:
            discriminator, decoder = who_learns(float(found["real"].detach()), float(found["drawn"].detach()))
            rests = {"dis": not discriminator, "dec": not decoder}
            learning = [name for name in learning if not rests.get(name)]
        gradients = {}
        for name in learning:  # of its own loss alone, and all of them before any weight moves
            parameters = [*getattr(self, name).parameters()]
            gradients[name] = torch.autograd.grad(found[name], parameters, retain_graph=name != learning[-1])
        for name, own in gradients.items():
            for parameter, gradient in zip(getattr(self, name).parameters(), own, strict=True):
                parameter.grad = gradient
            self.optimizers[name].step()
        return {name: loss.detach() for name, loss in found.items()}

    @torch.no_grad()
    def validate(self, batch: Batch) -> dict[str, Tensor]:
        """``kl`` in nats and ``pixel_error``, the mean square of what a reconstruction has wrong; nothing of a GAN."""
        if self.config.model == "gan":
            return {}
        a = self.given(batch)
        mean, logvar = self.enc(batch["image"], a)
        error = (self.dec(mean, a) - batch["image"]).square().mean()
        return {"kl": divergence(mean, logvar), "pixel_error": error}

    @torch.no_grad()
    def sample(self, conditions: Batch, seed: int) -> Tensor:
        """x_p: images [N, C, H, W] in [-1, 1] with the ``attributes`` that are asked for."""
        n, device = len(conditions["class_id"]), conditions["class_id"].device
        a = signs(conditions["attributes"]) if self.config.conditioned else torch.zeros(n, 0, device=device)
        return self.dec(noise_of(conditions, n, self.config.latent, seed).to(device), a)


def signs(attributes: Tensor) -> Tensor:
    """1, 0 or -1 (not known) -> 1, -1 or 0."""
    return torch.where(attributes < 0, 0, 2 * attributes - 1).float()


class Arithmetic(VAEGAN):
    """An encoder's latents moved by attribute vectors, each the mean of z with the attribute minus that without it."""

    Config = ArithmeticConfig

    def __init__(self, config: ArithmeticConfig, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        if config.conditioned or config.model == "gan":
            raise RedrawError(
                "arithmetic: it moves latents of an encoder that is told no attributes: correct model or conditioned"
            )
        for name in config.shown:
            if name not in about.attributes:
                raise RedrawError(f"arithmetic, shown: {name!r}: {nearest(name, list(about.attributes))}")
        self.columns = [about.attributes.index(name) for name in config.shown]
        self.labels = {"drawing": tuple(name.replace("_", " ").lower() for name in config.shown)}
        self.asks = ("image",)
        size = len(about.attributes)
        self.register_buffer("sums", torch.zeros(2, size, config.latent))  # of z, without and with each attribute
        self.register_buffer("counts", torch.zeros(2, size))

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        found = super().train_step(batch, at)
        with torch.no_grad():
            mean, _ = self.enc(batch["image"], self.given(batch))
            for k in (0, 1):
                there = (batch["attributes"] == k).float()
                self.sums[k].mul_(self.config.kept_share).add_(there.t() @ mean)
                self.counts[k].mul_(self.config.kept_share).add_(there.sum(0))
        return found

    def vectors(self) -> Tensor:
        """[A, Z]: 0 where an attribute was never seen, or always."""
        absent, present = self.sums / self.counts[..., None].clamp(min=1e-6)
        return (present - absent) * (self.counts.amin(0) > 0)[:, None]

    @torch.no_grad()
    def drawing(self, conditions: Batch, seed: int) -> Tensor:
        """[N, T, C, H, W]: each ``image`` again, with more and more of an attribute, those of ``shown`` in turn."""
        image = conditions["image"]
        nothing = image.new_zeros(len(image), 0)
        mean, _ = self.enc(image, nothing)
        which = torch.tensor(self.columns, device=image.device)[torch.arange(len(image)) % len(self.columns)]
        shares = torch.linspace(0, 1, self.config.stages).tolist()
        return torch.stack([self.dec(mean + share * self.vectors()[which], nothing) for share in shares], 1)

    @torch.no_grad()
    def sample(self, conditions: Batch, seed: int) -> Tensor:
        """The last of these."""
        return self.drawing(conditions, seed)[:, -1]
