"""Fully-Conn VAE and Conv-Deconv VAE: variational autoencoders that draw at once, given a caption's skip-thought vector.

Glossary
    x      image, pixels in [0, 1]                                         image [N, C, H, W] comes in [-1, 1]
    h      the caption's skip-thought vector, of a frozen encoder          [N, E]
    z      latents, standard normal beforehand                             [N, Z]
    q      N(mu, diag(exp(logvar))) of x and h                             mu, logvar [N, Z]
    p      pixels given z and h: normal, of one fixed deviation: least squares

As written (recalled): both are conditioned on the skip-thought vector and trained with least squares. Nothing else is known:
neither code nor sizes were released. Ours: layers, latents, where h comes in (a rectified linear map of it, beside the image
and beside z), a prior that does not know the caption, the deviation of the pixels, the optimiser. That deviation says how much
of an image is explained by z and how much is left as noise; recalls depend on it, and no bound in nats of one deviation compares
with that of another, nor with the binary cross-entropy of the DRAW rows.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...blocks.adversarial import adam, descended
from ...blocks.captions import draw_captions
from ...blocks.conditioning import ReadsText, drawn_around, draws_of, noise_of
from ...core import RedrawError
from ...recipe import About, Batch, Recipe, Schedule, Step

LOG_2PI = math.log(2 * math.pi)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Schedule):
    """Types and meanings; the values stand in align_draw.yaml."""

    widths: tuple[int, ...]  # units of the encoder's layers, or channels after each halving; the decoder's in reverse
    latents: int  # Z
    condition_dim: int  # width of what h is mapped to
    pixel_deviation: float  # of p, in units of a pixel's range
    learning_rate: float  # Adam's step size
    beta1: float
    beta2: float


class CaptionVAE(ReadsText, Recipe):
    """What both have in common: all but the encoder's and the decoder's layers."""

    Config = Config
    reads = ("image", "captions")

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        if not config.pixel_deviation > 0:
            raise RedrawError(f"align_draw, pixel_deviation: {config.pixel_deviation}: it must be above 0")
        if not config.widths:
            raise RedrawError("align_draw, widths: none: give one layer at least")
        self.shape, self.pixels = about.image_shape, math.prod(about.image_shape)
        self.hold("text", needs, "align_draw, variational autoencoder")
        self.condition = nn.Sequential(nn.Linear(self.held["text"].embedding_dim, config.condition_dim), nn.ReLU())
        nn.init.normal_(self.condition[0].weight)  # a vector's length does not grow with its width
        self.encoder = self.make_encoder(config.widths, config.condition_dim, 2 * config.latents)
        self.decoder = self.make_decoder(config.widths[::-1], config.latents + config.condition_dim)
        self.optimizers = {"adam": adam(self, config)}

    def make_encoder(self, widths: tuple[int, ...], condition: int, out: int) -> nn.Module:
        """(image, rows [N, condition]) -> [N, out]."""
        raise NotImplementedError

    def make_decoder(self, widths: tuple[int, ...], inputs: int) -> nn.Module:
        """[N, inputs] -> logits of the pixels' means [N, C, H, W]."""
        raise NotImplementedError

    # -- training -----------------------------------------------------------------------------------------------------

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """``reconstruction`` and ``kl``, ``loss``, their sum and the bound's negative: nats per image, means over the batch."""
        h = self.embed(draw_captions(batch["captions"], 1))
        eps = torch.randn(len(h), self.config.latents, device=h.device)
        with self.autocast():
            c = self.condition(h)
            mu, logvar = self.encoder(batch["image"], c).float().chunk(2, 1)
            mean = self.decoder(torch.cat([drawn_around(mu, logvar, eps), c], 1)).float().sigmoid()
        reconstruction = -self.log_pixels(batch["image"], mean).mean()
        kl = 0.5 * (mu.square() + logvar.exp() - logvar - 1).sum(1).mean()
        return {"reconstruction": reconstruction, "kl": kl, "loss": reconstruction + kl}

    def log_pixels(self, image: Tensor, mean: Tensor) -> Tensor:
        """log p(x | z, h) [N] in nats."""
        deviation = self.config.pixel_deviation
        errors = ((image + 1) / 2 - mean).square().flatten(1).sum(1)
        return -0.5 * errors / deviation**2 - self.pixels * (math.log(deviation) + 0.5 * LOG_2PI)

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        return descended(self.optimizers["adam"], self.losses(batch), "loss")

    @torch.no_grad()
    def validate(self, batch: Batch) -> dict[str, Tensor]:
        return self.losses(batch)

    # -- likelihood ---------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def bounds(self, batch: Batch, seed: int, samples: int) -> Tensor:
        """log p(x, z | caption) - log q(z | x, caption) [N, samples] in nats, of ``image`` and ``tokens`` [N, T].

        z follows from noise of ``seed`` alone, the same for rows of one ``noise_group``. The mean over samples is the
        variational bound. A caption that comes again is read once.
        """
        image, tokens = batch["image"], batch["tokens"]
        eps = draws_of(batch, len(image), self.config.latents, seed, samples).to(image)
        distinct, which = torch.unique(tokens, dim=0, return_inverse=True)
        h, found = self.embed(distinct[:, None]), []
        with self.autocast():
            c = self.condition(h)[which]
            mu, logvar = self.encoder(image, c).float().chunk(2, 1)
        for noise in eps:
            z = drawn_around(mu, logvar, noise)
            with self.autocast():
                mean = self.decoder(torch.cat([z, c], 1)).float().sigmoid()
            prior_over_posterior = 0.5 * (noise.square() + logvar - z.square()).sum(1)
            found.append(self.log_pixels(image, mean) + prior_over_posterior)
        return torch.stack(found, 1)

    # -- sampling -----------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def sample(self, conditions: Batch, seed: int) -> Tensor:
        """Images [N, C, H, W]: the pixels' means given z of the prior."""
        h = self.embedding_of(conditions)
        z = noise_of(conditions, len(h), self.config.latents, seed).to(h)
        with self.autocast():
            return 2 * self.decoder(torch.cat([z, self.condition(h)], 1)).float().sigmoid() - 1


class FullyConnVAE(CaptionVAE):
    """Fully connected, rectified layers."""

    def make_encoder(self, widths: tuple[int, ...], condition: int, out: int) -> nn.Module:
        return FlatEncoder(self.pixels + condition, widths, out)

    def make_decoder(self, widths: tuple[int, ...], inputs: int) -> nn.Module:
        return nn.Sequential(
            *rectified((inputs, *widths)), nn.Linear(widths[-1], self.pixels), nn.Unflatten(1, self.shape)
        )


class ConvDeconvVAE(CaptionVAE):
    """Convolutions that halve the image, transposed ones that double it."""

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        halvings, sides = len(config.widths), about.image_shape[1:]
        if any(side % (1 << halvings) for side in sides):
            raise RedrawError(
                f"align_draw, widths: {halvings} halvings of {sides[0]} x {sides[1]} pixels: give fewer widths"
            )
        super().__init__(config, about, needs)

    def make_encoder(self, widths: tuple[int, ...], condition: int, out: int) -> nn.Module:
        return ConvolutionalEncoder(self.shape, widths, condition, out)

    def make_decoder(self, widths: tuple[int, ...], inputs: int) -> nn.Module:
        channels, *sides = self.shape
        first = (widths[0], *(side >> len(widths) for side in sides))
        layers = [nn.Linear(inputs, math.prod(first)), nn.ReLU(), nn.Unflatten(1, first)]
        for before, after in pairwise((*widths, channels)):
            layers += [nn.ConvTranspose2d(before, after, 4, 2, 1), nn.ReLU()]
        return nn.Sequential(*layers[:-1])


class FlatEncoder(nn.Module):
    """(image, condition) -> [N, out], side by side through rectified layers."""

    def __init__(self, inputs: int, widths: tuple[int, ...], out: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(*rectified((inputs, *widths)), nn.Linear(widths[-1], out))

    def forward(self, image: Tensor, condition: Tensor) -> Tensor:
        return self.layers(torch.cat([image.flatten(1), condition], 1))


class ConvolutionalEncoder(nn.Module):
    """(image, condition) -> [N, out]: halved with each width; the condition comes in behind the last one."""

    def __init__(self, shape: tuple[int, int, int], widths: tuple[int, ...], condition: int, out: int) -> None:
        super().__init__()
        channels, *sides = shape
        self.convolutions = nn.ModuleList(nn.Conv2d(a, b, 4, 2, 1) for a, b in pairwise((channels, *widths)))
        places = math.prod(side >> len(widths) for side in sides)
        self.out = nn.Linear(widths[-1] * places + condition, out)

    def forward(self, image: Tensor, condition: Tensor) -> Tensor:
        for convolution in self.convolutions:
            image = F.relu(convolution(image))
        return self.out(torch.cat([image.flatten(1), condition], 1))


def rectified(widths: tuple[int, ...]) -> list[nn.Module]:
    return [layer for a, b in pairwise(widths) for layer in (nn.Linear(a, b), nn.ReLU())]
