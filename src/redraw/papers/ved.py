"""Variational Encoder Decoder for Image Generation Conditioned on Captions (Angelard-Gontier, Romoff, Parthasarathi).

A recurrent encoder reads a caption, Gaussian latents are sampled, a feed-forward decoder draws a 28 x 28 digit. Unlike
in an auto-encoder, what goes in (words) and what comes out (pixels) are different things; at test time the latents are
sampled from the caption's own Gaussian, never from the prior.

Glossary
    x        words of the caption in §2; in eq. 1 the image that is decoded            tokens [N, T], image [N, 1, H, W]
    z        latent variables, ``gaussians`` x ``gaussian_dim`` of them, independent   z [N, Z]
    q(z|x)   Normal(mu, diag(exp(logvar))), read off the encoder's last state          mu, logvar [N, Z]
    p(x|z)   pixels given z: Bernoulli (as written), Gaussian of fixed variance (D1)   decoder's output [N, 1, H, W]
    p(z)     standard normal prior

As written
    * Eq. 1 is "minimised" as E[log p(x|z)] + KL: with that sign the better the image, the higher the loss (M1). Here it
      is -E[log p(x|z)] + KL, the negative of the evidence lower bound of §1.2.
    * Images are binary (§3.1): pixels above ``binary_threshold`` are ink. The paper names no likelihood; for binary
      pixels it is the Bernoulli.
    * "a one-layer feedforward neural network" (§3.2) is one affine map from z to the pixels' logits.
    * The captions of kind 4 are the released lists. The paper's 13 for every digit, "x plus y", "x" and sums of ones
      (§3.2), are only reached with the differences "x minus y" besides, and then by the digits 3 to 9 alone: 0 to 2
      have 12 (M2). The sums of ones hold up to eight operations, where §4 says that training saw single ones only (M3).

Differences of the released code (ppartha03/PGM-Project@f2d0dca); a run takes over those in its ``as_released``
    D1  Pixels stay grey and are normalised by MNIST's mean and deviation. The loss is the mean KL per latent plus
        ``reconstruction_weight`` = 2 times the mean squared error per pixel: times Z that is exactly a summed Gaussian
        bound with variance P / (2 * 2 * Z) = 784 / 400 = 1.96 for P pixels, in units of the normalised pixel. Each
        pixel's noise is held to be larger than the pixels' own deviation, therefore so little of the image is explained.
    D2  The decoder has a hidden layer of ``released_hidden`` = 500 rectified units.
    D3  Two commas are missing in the list of sentences: of the 12 (kind 2), four melt into two, so that 10 remain and
        two of them hold an unknown word. A matter of the tokens: the run kind2_released.
    D4  MNIST's test split is the validation split and there is no other test split: the early stopping looks at it.
    D5  Scoring: images are sorted by the length of their captions within a batch, labels are not (VED-1).
    D6  Scoring: the classifier is never switched to evaluation, so that its dropout is live.
    D7  An attention layer is built and never used: left out here, since it changes nothing.

Silences filled from the released code: hidden size, the dimension of each Gaussian, optimiser and its step size, batch
size, patience, initialisation, and that figure 4 shows the mean of p(x|z) for sampled z, no drawn pixels.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..blocks.recurrent import last_state
from ..core import RedrawError
from ..recipe import About, Batch, Recipe, Schedule, Step

DIGIT_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Schedule):
    """Types and meanings; the values stand in ved.yaml."""

    word_dim: int  # width of the fixed word embeddings: binary codes of so many bits
    hidden: int  # units of the recurrent encoder
    gaussians: int  # how many Gaussian variables are sampled
    gaussian_dim: int  # dimensions of each
    binary_threshold: float  # pixels in [0, 1] above it are ink
    learning_rate: float  # Adam's step size
    init_recurrent: float  # standard deviation of the recurrent weights at the start; biases start at 0
    init_linear: float  # other weights start uniform between minus and plus this
    pixel_mean: float  # D1: images are normalised by it
    pixel_std: float  # D1
    reconstruction_weight: float  # D1: of the mean squared error, beside the mean KL
    released_hidden: int  # D2: units of the decoder's hidden layer


def word_codes(vocabulary: tuple[str, ...], bits: int) -> Tensor:
    """Fixed embeddings [words, bits] of 0 and 1, most significant bit first.

    A digit's word is its value in binary; all others are numbered from 10 in the order of the vocabulary. Raises
    RedrawError where the numbers do not fit into ``bits``.
    """
    others = iter(range(10, 10 + len(vocabulary)))
    numbers = [DIGIT_WORDS.index(w) if w in DIGIT_WORDS else next(others) for w in vocabulary]
    if max(numbers, default=0) >= 2**bits:
        raise RedrawError(
            f"ved, word_dim: {len(vocabulary)} words do not fit into codes of {bits} bits: "
            f"use word_dim {max(numbers).bit_length()}"
        )
    return torch.tensor([[number >> b & 1 for b in reversed(range(bits))] for number in numbers], dtype=torch.float32)


def kl_to_standard_normal(mu: Tensor, logvar: Tensor) -> Tensor:
    """KL[Normal(mu, exp(logvar)) || Normal(0, 1)] of every dimension, in nats, in the shape of ``mu``."""
    return 0.5 * (mu.square() + logvar.exp() - 1 - logvar)


class Encoder(nn.Module):
    """Caption -> mean and log variance of q(z|x)."""

    def __init__(self, config: Config, vocabulary: tuple[str, ...]) -> None:
        super().__init__()
        latents = config.gaussians * config.gaussian_dim
        self.register_buffer("codes", word_codes(vocabulary, config.word_dim), persistent=False)
        self.gru = nn.GRU(config.word_dim, config.hidden, batch_first=True)
        self.mu = nn.Linear(config.hidden, latents)
        self.logvar = nn.Linear(config.hidden, latents)

    def forward(self, tokens: Tensor, n_words: Tensor) -> tuple[Tensor, Tensor]:
        last = last_state(self.gru, self.codes, tokens, n_words)  # [N, hidden]
        return self.mu(last), self.logvar(last)


class VED(Recipe):
    """The model of §2, figure 1."""

    Config = Config
    reads = ("image", "tokens", "n_words")

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        self.image_shape = about.image_shape
        self.grey = "D1" in config.as_released
        latents, pixels = config.gaussians * config.gaussian_dim, math.prod(about.image_shape)
        self.encoder = Encoder(config, about.vocabulary)
        if "D2" in config.as_released:
            hidden = config.released_hidden
            self.decoder = nn.Sequential(nn.Linear(latents, hidden), nn.ReLU(), nn.Linear(hidden, pixels))
        else:
            self.decoder = nn.Sequential(nn.Linear(latents, pixels))
        self._initialise()
        self.optimizers = {"adam": torch.optim.Adam(self.parameters(), lr=config.learning_rate, fused=True)}

    def _initialise(self) -> None:
        for name, parameter in self.named_parameters():
            if "bias" in name:
                nn.init.zeros_(parameter)
            elif ".gru." in name:
                nn.init.normal_(parameter, 0.0, self.config.init_recurrent)
            else:
                nn.init.uniform_(parameter, -self.config.init_linear, self.config.init_linear)

    def target(self, image: Tensor) -> Tensor:
        """What the decoder is asked for: binary pixels as written, normalised grey ones as released (D1)."""
        pixel = (image + 1) / 2
        if self.grey:
            return (pixel - self.config.pixel_mean) / self.config.pixel_std
        return (pixel > self.config.binary_threshold).to(pixel.dtype)

    def mean_image(self, output: Tensor) -> Tensor:
        """The mean of p(x|z) in [-1, 1], from the decoder's output [N, P]."""
        pixel = output * self.config.pixel_std + self.config.pixel_mean if self.grey else torch.sigmoid(output)
        return (2 * pixel - 1).clamp(-1, 1).view(-1, *self.image_shape)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """``reconstruction``, ``kl`` and their sum ``loss``, means over the batch.

        As written: nats per image. As released (D1): squared error per normalised pixel, nats per latent dimension.
        """
        with self.autocast():
            mu, logvar = self.encoder(batch["tokens"], batch["n_words"])
            z = mu + torch.randn_like(mu) * (logvar / 2).exp()  # z ~ q(z|x)   [N, Z]
            output = self.decoder(z)  # [N, P]
        mu, logvar, output = mu.float(), logvar.float(), output.float()
        x = self.target(batch["image"]).flatten(1)  # [N, P]
        kl = kl_to_standard_normal(mu, logvar)  # [N, Z]
        if self.grey:
            reconstruction, kl = F.mse_loss(output, x), kl.mean()
            loss = self.config.reconstruction_weight * reconstruction + kl  # eq. 1 / Z, Gaussian of variance 1.96 (D1)
        else:
            log_p = -F.binary_cross_entropy_with_logits(output, x, reduction="none").sum(1)  # log p(x|z)   [N]
            reconstruction, kl = -log_p.mean(), kl.sum(1).mean()
            loss = reconstruction + kl  # eq. 1, its sign corrected (M1)
        return {"reconstruction": reconstruction, "kl": kl, "loss": loss}

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        losses = self.losses(batch)
        self.optimizers["adam"].zero_grad()
        losses["loss"].backward()
        self.optimizers["adam"].step()
        return {name: value.detach() for name, value in losses.items()}

    @torch.no_grad()
    def validate(self, batch: Batch) -> dict[str, Tensor]:
        return self.losses(batch)

    @torch.no_grad()
    def sample(self, conditions: Batch, seed: int) -> Tensor:
        """Images [N, 1, H, W] in [-1, 1]: the mean of p(x|z) for one z ~ q(z|caption) each."""
        mu, logvar = self.encoder(conditions["tokens"], conditions["n_words"])
        # Drawn on the CPU: the same seed gives the same noise whatever the device.
        noise = torch.randn(mu.shape, generator=torch.Generator().manual_seed(seed)).to(mu)
        return self.mean_image(self.decoder(mu + noise * (logvar / 2).exp()))
