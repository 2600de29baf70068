"""Plug & Play Generative Networks: Conditional Iterative Generation of Images in Latent Space (Nguyen, Clune, Bengio,
Dosovitskiy, Yosinski; CVPR 2017).

The noiseless joint PPGN-h with a captioner as its condition. A generator G draws images for codes h of a trained encoder E; a
sample is the end of a walk through codes: at every step towards E(G(h)), which takes h where codes of real images are, and up
the gradient of log p(y | G(h)), which a captioner gives that was trained apart and can be exchanged for another network.

Glossary
    h        code: rectified units of E's layer fc6                                             [N, D]
    x        G(h), in the networks' units (see lrcn.py), of which the networks see the middle   [N, 3, S, S]
    y        caption                                                                            tokens [N, T]
    epsilon1, epsilon2, epsilon3   weights of prior and condition, deviation of the noise (eq. 11)

The networks are three runs: ``encoder`` and ``captioner`` (lrcn.py), and this one, whose training is G's. The paper was not read:
eq. 11 and everything called recalled is what the released code (Evolving-AI-Lab/ppgn@f0dbbad) says of it, or what is remembered.

As written
    * d = epsilon1 (E(G(h)) - h) + epsilon2 d log p(y | G(h)) / dh + N(0, epsilon3^2), eq. 11; p(y | x) is the probability of the
      whole caption, its end included, and the gradient that of its logarithm.
    * The sample is G of the last h.

Differences of the released code; a run takes over those in ``as_released``
    D1  The captioner is asked word by word, and what its recurrent layers carry from word to word is a constant to each
        of them: no gradient passes through it. (In Caffe's file the 20 inputs are 20 equal captions side by side, one word
        each, of which the first one's gradient is taken; they are not 20 words. RISK: that states are carried from call to
        call is BVLC's code, the fork that the release asks for was not read.)
    D2  The image is saved as grey levels about the mean, -120 to 120 spread over 0 to 255: the mean colour is not added back.
    D3  Then the darkest value of each image is made 0 and its lightest 255 (SciPy's imsave, which does so with what are not
        bytes; recalled).
    D4 to D7 change nothing here: one step more than said, whose h is not drawn any more; a caption with a word outside of the
    vocabulary is an error (here it is <unk>); G is run twice a step on the same h; noise of 1e-17, which is lost in 32 bits.

Silences filled from the released code: h begins as N(0, 1); a step is ``size`` / mean |d| along d, of each sample by itself, the
size falling in a line from ``step_first`` to ``step_last``; h is cut to [0, ``code_max``] after it; all other numbers.

The training of G (recalled; nothing of it was released): codes are E's of real images; G is to give back the image, what the
encoder's pool5 finds in it, and the code itself, and a discriminator that sees images alone is not to tell it from the real one.
With the middle two G and E are a denoising autoencoder of h, joint over image and features, and without noise ("noiseless").
Weights of the terms, step size and discriminator are ours. The released G, 56,097,891 parameters, comes in as Caffe's file.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..blocks.adversarial import adam, cross_entropy, descended, frozen, update
from ..blocks.conditioning import noise_of
from ..blocks.frozen import Reads
from ..blocks.glu import doublings
from ..core import RedrawError
from ..recipe import About, Batch, Recipe, Schedule, Step

SIZES = (8, 16, 32, 64, 128, 256)
STEP_NOISE = 7919  # added to the seed for the noise of the first step: that of h comes from the seed itself
SLOPE = 0.3  # of the generator's rectifiers below 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Schedule):
    """Types and meanings; the values stand in ppgn.yaml."""

    width: int  # channels of G's first image, of 4 x 4 pixels
    ndf: int  # channels of the discriminator's first stage; 0: none, and no adversarial term
    image_weight: float  # of the loss of pixels
    pool5_weight: float  # of what pool5 finds
    code_weight: float  # of the code
    adversarial_weight: float
    learning_rate: float  # Adam's step size, of both
    beta1: float
    beta2: float
    iterations: int  # steps of a walk
    step_first: float  # the first step's size, a mean over the units of h
    step_last: float  # what it falls to
    epsilon1: float  # prior
    epsilon2: float  # condition
    epsilon3: float  # noise
    code_max: float  # h stays within 0 and this
    chain_batch: int  # samples that walk side by side; nothing but memory and time depends on it
    saved_range: float  # D2: grey levels from the mean to white


# --- networks --------------------------------------------------------------------------------------------------------


class Generator(nn.Module):
    """G: codes [N, D] -> images [N, 3, S, S] in the networks' units.

    Below 256 pixels the stages nearest the image are left out.
    """

    def __init__(self, code: int, width: int, size: int) -> None:
        super().__init__()
        self.width = width
        self.defc7 = nn.Linear(code, code)
        self.defc6 = nn.Linear(code, code)
        self.defc5 = nn.Linear(code, 16 * width)
        self.image_layers, before = [], width
        for k, (up, flat) in enumerate(((1, 2), (1, 1), (0.5, 0.5), (0.25, 0), (0.125, 0))[: doublings(size) - 1]):
            before = self._add(f"deconv{5 - k}", before, up, 4, 2)
            if flat:
                before = self._add(f"conv{5 - k}_1", before, flat, 3, 1)
        self.deconv0 = nn.ConvTranspose2d(before, 3, 4, 2, 1)

    def _add(self, name: str, before: int, times: float, kernel: int, stride: int) -> int:
        after = int(self.width * times)
        setattr(self, name, nn.ConvTranspose2d(before, after, kernel, stride, 1))
        self.image_layers.append(name)
        return after

    def forward(self, h: Tensor) -> Tensor:
        for layer in (self.defc7, self.defc6, self.defc5):
            h = F.leaky_relu(layer(h), SLOPE)
        x = h.view(len(h), self.width, 4, 4)
        for name in self.image_layers:
            x = F.leaky_relu(getattr(self, name)(x), SLOPE)
        return self.deconv0(x)


class Discriminator(nn.Sequential):
    """Images [N, 3, S, S] in the networks' units -> logits [N, 1] of being real. Ours."""

    def __init__(self, ndf: int, size: int) -> None:
        layers, before = [], 3
        for k in range(doublings(size)):
            after = ndf << min(k, 3)
            layers += [nn.Conv2d(before, after, 4, 2, 1), nn.LeakyReLU(0.2)]
            before = after
        super().__init__(*layers, nn.Flatten(), nn.Linear(16 * before, 1))


def initialise(network: nn.Module, slope: float) -> None:
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            gain = nn.init.calculate_gain("leaky_relu", slope)
            inputs = module.weight[0].numel()
            if isinstance(module, nn.ConvTranspose2d):  # a pixel is met by one of stride^2 taps
                inputs = module.in_channels * module.kernel_size[0] ** 2 // module.stride[0] ** 2
            nn.init.normal_(module.weight, 0.0, gain / inputs**0.5)
            nn.init.zeros_(module.bias)


# --- the recipe ------------------------------------------------------------------------------------------------------


class PPGN(Reads, Recipe):
    """G, and the walk through it, the encoder and the captioner."""

    Config = Config
    reads = ("image",)

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        encoder, captioner = self.hold("encoder", needs, "ppgn"), self.hold("captioner", needs, "ppgn")
        self._check(config, encoder, captioner)
        taken = config.as_released
        self.own_step_only, self.without_mean, self.stretched = "D1" in taken, "D2" in taken, "D3" in taken
        self.code, size = encoder.config.hidden, encoder.config.image_size
        self.generator = Generator(self.code, config.width, size)
        networks = [("generator", self.generator, SLOPE)]
        if config.ndf:
            self.discriminator = Discriminator(config.ndf, size)
            networks.append(("discriminator", self.discriminator, 0.2))
        self.optimizers = {}
        for name, network, slope in networks:
            initialise(network, slope)
            network.to(memory_format=torch.channels_last)
            self.optimizers[name] = adam(network, config)

    @staticmethod
    def _check(config: Config, encoder: Recipe, captioner: Recipe) -> None:
        size = encoder.config.image_size
        if size not in SIZES:
            raise RedrawError(f"ppgn, image_size of the encoder: {size}: use one of {', '.join(map(str, SIZES))}")
        if config.width % 8:
            raise RedrawError(f"ppgn, width: {config.width}: give a multiple of 8")
        if config.iterations < 1 or config.chain_batch < 1:
            raise RedrawError("ppgn, iterations, chain_batch: both must be 1 or more")
        if captioner.held["encoder"].config != encoder.config:
            raise RedrawError(
                "ppgn: the captioner was trained with another encoder: name that one under the run's needs"
            )

    def view(self, image: Tensor) -> Tensor:
        """Real images [N, 3, seen, seen] as the encoder sees them, which is what of the model's own is kept."""
        return self.held["encoder"].view(image)

    # -- training of G ----------------------------------------------------------------------------------------------

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        encoder = self.held["encoder"]
        real = encoder.units(encoder.whole(batch["image"], train=True))
        with torch.no_grad(), self.autocast():
            found, h = self.encoded(real)
        with self.autocast():
            drawn = self.generator(h)
        if not self.config.ndf:
            return descended(self.optimizers["generator"], self.generator_losses(real, found, h, drawn), "generator")
        with self.autocast():
            logits = self.discriminator(torch.cat([real, drawn.detach()])).float()
        judged = {"real": cross_entropy(logits[: len(real)], 1), "fake": cross_entropy(logits[len(real) :], 0)}
        update(self.optimizers["discriminator"], judged["real"] + judged["fake"])
        with frozen(self.discriminator):
            losses = judged | self.generator_losses(real, found, h, drawn)
            return descended(self.optimizers["generator"], losses, "generator")

    def encoded(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """What pool5 finds in whole images, and their codes h [N, D]."""
        encoder = self.held["encoder"]
        found = encoder.network.pool5(encoder.middle(x))
        return found, encoder.network.code(found)

    def generator_losses(self, real: Tensor, found: Tensor, h: Tensor, drawn: Tensor) -> dict[str, Tensor]:
        """Squared errors, each a mean over all its numbers; ``generator``: the weighted sum."""
        config = self.config
        with self.autocast():
            drawn_found, drawn_h = self.encoded(drawn)
        losses = {
            "image": F.mse_loss(drawn.float(), real),
            "pool5": F.mse_loss(drawn_found.float(), found.float()),
            "code": F.mse_loss(drawn_h.float(), h.float()),
        }
        if config.ndf:
            with self.autocast():
                logits = self.discriminator(drawn)
            losses["adversarial"] = cross_entropy(logits.float(), 1)
        total = sum(getattr(config, f"{name}_weight") * loss for name, loss in losses.items())
        return losses | {"generator": total}

    @torch.no_grad()
    def validate(self, batch: Batch) -> dict[str, Tensor]:
        """How far the autoencoder h -> x -> h is from giving codes of real images back: ``code``, and ``image``."""
        encoder = self.held["encoder"]
        real = encoder.units(encoder.whole(batch["image"]))
        found, h = self.encoded(real)
        losses = self.generator_losses(real, found, h, self.generator(h))
        return {name: losses[name] for name in ("image", "code")}

    # -- sampling -----------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def sample(self, conditions: Batch, seed: int) -> Tensor:
        """Images [N, 3, seen, seen] of ``tokens`` [N, T], each the end of a walk of its own.

        Rows of one number in ``noise_group`` share where they begin and the walk's noise (blocks.conditioning).
        """
        tokens, config = conditions["tokens"], self.config
        tokens = tokens[:, : max(2, int((tokens != 0).sum(1).max()))]
        caption = self.held["captioner"].read(tokens)
        h = noise_of(conditions, len(tokens), self.code, seed).to(tokens.device)
        parts = [slice(k, k + config.chain_batch) for k in range(0, len(h), config.chain_batch)]
        for i in range(config.iterations):
            d = torch.cat([self.direction(h[part], caption.of(part)) for part in parts])
            if config.epsilon3:
                d += config.epsilon3 * noise_of(conditions, len(h), self.code, seed + STEP_NOISE + i).to(d)
            size = config.step_first + (config.step_last - config.step_first) * i / config.iterations
            h = moved(h, d, size, config.code_max)
        return torch.cat([self.image(h[part]) for part in parts])

    def direction(self, h: Tensor, caption: Any) -> Tensor:
        """Eq. 11 without its noise: [N, D]."""
        encoder, captioner, config = self.held["encoder"], self.held["captioner"], self.config
        with torch.enable_grad(), self.autocast():
            start = h.detach().requires_grad_()
            x = self.generator(start)
            log_p = captioner.word_log_probabilities(encoder.middle(x), caption, self.own_step_only)
            (up,) = torch.autograd.grad(log_p.float().sum(), start)
        with torch.no_grad(), self.autocast():
            back = self.encoded(x.detach())[1]
        return config.epsilon1 * (back.float() - h) + config.epsilon2 * up

    def image(self, h: Tensor) -> Tensor:
        """G(h) in [-1, 1], as a reader of the paper would see it, or as it was saved (D2, D3)."""
        encoder = self.held["encoder"]
        with self.autocast():
            x = encoder.middle(self.generator(h)).float()
        if self.without_mean:
            image = (x * (encoder.config.pixel_unit / self.config.saved_range)).clamp(-1, 1).flip(1)
        else:
            image = encoder.image(x)
        if self.stretched:
            low, high = image.amin((1, 2, 3), True), image.amax((1, 2, 3), True)
            image = 2 * (image - low) / (high - low).clamp(min=1e-6) - 1
        return image


def moved(h: Tensor, d: Tensor, size: float, code_max: float) -> Tensor:
    """h after a step along d [N, D] that is ``size`` long as a mean over its units, each sample's own, and cut off."""
    length = d.abs().mean(1, keepdim=True).clamp(min=torch.finfo(d.dtype).tiny)
    return (h + size / length * d).clamp(0, code_max)
