"""DRAW: A Recurrent Neural Network For Image Generation (Gregor, Danihelka, Graves, Rezende, Wierstra; ICML 2015).

A variational auto-encoder that draws in T steps. At each one the encoder looks through a window at the image and at what is
still missing, a latent is sampled, and the decoder adds a patch to the canvas through a window of its own
(blocks/windows.py). ``GlimpseClassifier`` is the reading half alone, behind it a softmax (section 4.1).

Glossary
    x, x^_t    image, error image x - sigmoid(c_(t-1))                     [N, C, H, W] in [0, 1]
    r_t        what is read of both, gamma included                        [N, 2 C n n], without attention [N, 2 C H W]
    h_enc, h_dec   states of the two LSTMs                                 [N, hidden]
    z_t        latents, of Q(Z_t | h_enc) = Normal(mu_t, sigma_t)          mu, log_sigma, z [T, N, Z]
    c_t        canvas: logits of the pixels; the last one's are the image  [N, C, H, W]
    L^x, L^z   reconstruction, and the divergences from N(0, I) of all steps, in nats per image

As written
    * c_0, h_enc_0 and h_dec_0 are learned (recalled: "initialised to learned biases"), cells start at 0.
    * sigma_t is the exponential of a linear map (eq. 2), L^z is eq. 11 with its T/2 for each of the Z latents.
    * Filters and pixels are counted from 1, so that the window is symmetric. A filter's sum is divided by itself plus 1e-4,
      as in all known codes, since a filter far off the image has none.
    * Colours are intensities of independent Bernoulli pixels (recalled): a cross-entropy, no likelihood.
    * Pictures without attention: ``read_side`` and ``write_side`` null. The whole image is read, a whole canvas added.

The authors released no code. Differences of two well-known ones; a run takes over those in its ``as_released``
    D1  ericjang: filters and pixels are counted from 0 by the paper's formula, so that the window lies a filter's distance too
        far up and left, and a pixel too far down and right. (jbornschein/draw had the same and mended the filters; its centre
        is half a pixel off: no switch.)
    D2  ericjang: L^z subtracts 1/2 for a step, not for each of its Z latents: too large by (Z - 1) T / 2 nats, without an
        effect on training.
    D3  ericjang: one noise for all T steps of an image.
    D4  ericjang: MNIST's grey pixels, where the paper has binary ones: a run on another data set. Its cross-entropy has 1e-8
        inside the logarithm: no switch.
    D5  both: the canvas and both states start at 0, nothing of them is learned.
    D6  ericjang: forget gates start with a bias of 1 (a default of its library's cell).
    D7  ericjang: each tensor's gradient is cut to the norm by itself, not all together.
    D8, D9 are no switches. D8: jbornschein's LSTMs have peepholes (recalled of its library). D9: it visits the training images
    always in the same order.

Silences filled from jbornschein/draw: batch size, weights at the start, Adam's step size and how gradients are cut.
``stride_scaled`` is ours: windows start with filters half their distance wide, and patches written as strongly as one filter
stands for many pixels; otherwise a small network draws nothing for its first hundreds of steps.

Speed: all that depends on one state is one matrix product, the weights laid side by side once for a sequence; without
attention x is mapped once, not at every step. benchmarks/draw_steps.py holds it against a plain loop.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..blocks.adversarial import adam, set_step_size
from ..blocks.conditioning import draws_of, noise_of
from ..blocks.crops import cut, drawn_window
from ..blocks.rmsprop import clip_each
from ..blocks.windows import AS_WRITTEN, ERICJANG, PARAMETERS, Grid, window
from ..core import RedrawError
from ..recipe import About, Batch, Recipe, Schedule, Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class Training(Schedule):
    """What both recipes are trained with; the values stand in draw.yaml."""

    hidden: int  # units of each LSTM
    read_side: int | None  # n of the reading window; null: the whole image is read
    stride_scaled: bool  # windows start as wide and as strong as their filters are apart
    init_std: float  # weights start around 0 with this deviation, biases at 0
    learning_rate: float  # Adam's step size
    last_learning_rate: float  # reached in a straight line at the last step
    beta1: float
    beta2: float
    clip: float  # largest norm of the gradient


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Training):
    """Of ``DRAW``."""

    crop: int | None  # pixels a side that are seen of a prepared image, anywhere while training; null: all of it
    time_steps: int  # T
    latent: int  # Z
    write_side: int | None  # n of the writing window; null: the whole canvas is written


@dataclasses.dataclass(frozen=True, kw_only=True)
class GlimpseConfig(Training):
    """Of ``GlimpseClassifier``."""

    glimpses: int


# --- networks --------------------------------------------------------------------------------------------------------


def lstm(gates: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
    """State and cell [N, H] from the sum of all inputs [N, 4 H]: input, forget and output gate, and what may enter."""
    h = cell.shape[1]
    enter, keep, show = gates[:, : 3 * h].sigmoid().chunk(3, 1)
    cell = torch.addcmul(keep * cell, enter, gates[:, 3 * h :].tanh())
    return show * cell.tanh(), cell


def check_side(name: str, side: int | None, height: int, width: int) -> None:
    """Raises RedrawError where no window of ``side`` filters fits the image."""
    if side is not None and not 2 <= side <= min(height, width):
        raise RedrawError(
            f"draw, {name}: {side} of {height} x {width} pixels: give 2 to {min(height, width)} filters a side, or null for "
            "the whole image"
        )


def start(network: nn.Module, std: float) -> None:
    """Weights normal around 0, biases 0."""
    for module in network.modules():
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, 0.0, std)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def window_map(config: Training, side: int | None) -> nn.Linear | None:
    """From a state to a window's numbers; None where there is no window."""
    return nn.Linear(config.hidden, PARAMETERS) if side else None


def scale_window(linear: nn.Linear | None, side: int | None, height: int, width: int, writes: bool = False) -> None:
    """Filters half their distance wide at first; where it ``writes``, a patch as strong as one filter stands for pixels."""
    if linear is not None:
        between = (max(height, width) - 1) / (side - 1)
        linear.bias.data[2] = 2 * math.log(between / 2)
        if writes:
            linear.bias.data[4] = -2 * math.log(between)


def side_by_side(*maps: nn.Linear | None) -> tuple[Tensor, Tensor]:
    """Weights and biases of several maps of one vector, as of one map."""
    there = [m for m in maps if m is not None]
    biases = [m.weight.new_zeros(m.out_features) if m.bias is None else m.bias for m in there]
    return torch.cat([m.weight for m in there]), torch.cat(biases)


class Drawing(NamedTuple):
    """What was drawn."""

    canvas: Tensor  # c_T [N, C, H, W]
    mu: Tensor  # [T, N, Z], as the next
    log_sigma: Tensor
    z: Tensor


class Painter(nn.Module):
    """Both LSTMs and what lies between them and the image. ``shape``: C, H, W."""

    def __init__(self, config: Config, shape: tuple[int, int, int]) -> None:
        super().__init__()
        channels, height, width = self.shape = shape
        self.config, released = config, config.as_released
        self.grid: Grid = ERICJANG if "D1" in released else AS_WRITTEN
        hidden, whole = config.hidden, channels * height * width
        self.gates, self.patch_size = 4 * hidden, channels * config.write_side**2 if config.write_side else whole
        read_size = 2 * (channels * config.read_side**2 if config.read_side else whole)
        self.enc_of_read = nn.Linear(read_size, self.gates, bias=False)
        self.enc_of_enc = nn.Linear(hidden, self.gates, bias=False)
        self.enc_of_dec = nn.Linear(hidden, self.gates)
        self.latent = nn.Linear(hidden, 2 * config.latent)
        self.dec_of_z = nn.Linear(config.latent, self.gates, bias=False)
        self.dec_of_dec = nn.Linear(hidden, self.gates)
        self.patch = nn.Linear(hidden, self.patch_size)
        self.read_window = window_map(config, config.read_side)
        self.write_window = window_map(config, config.write_side)
        start(self, config.init_std)
        if config.stride_scaled:
            scale_window(self.read_window, config.read_side, height, width)
            scale_window(self.write_window, config.write_side, height, width, writes=True)
        if "D6" in released:
            for linear in (self.enc_of_dec, self.dec_of_dec):
                nn.init.ones_(linear.bias.data[hidden : 2 * hidden])
        for name, size in (("h_enc", (hidden,)), ("h_dec", (hidden,)), ("canvas", shape)):
            if "D5" in released:
                self.register_buffer(name, torch.zeros(size), persistent=False)
            else:
                setattr(self, name, nn.Parameter(torch.zeros(size)))

    def forward(self, image: Tensor, eps: Tensor) -> Drawing:
        """``image`` x, and noise ``eps`` [T, N, Z] of the latents: eq. 3 to 8."""
        n, twice_z = len(image), 2 * self.config.latent
        of_enc = side_by_side(self.latent, self.enc_of_enc)
        of_dec = side_by_side(self.dec_of_dec, self.patch, self.write_window, self.enc_of_dec, self.read_window)
        read = self._reader(image)
        canvas, cell_enc = self.canvas.expand(n, *self.shape), image.new_zeros(n, self.config.hidden)
        cell_dec = cell_enc
        enc_gates = F.linear(self.h_enc[None], *of_enc)[:, twice_z:].expand(n, -1)
        dec_gates, _, rest = self._split(F.linear(self.h_dec[None], *of_dec).expand(n, -1))
        latents, zs = [], []
        for noise in eps.unbind():
            h_enc, cell_enc = lstm(read(canvas, rest, enc_gates), cell_enc)
            latent, enc_gates = F.linear(h_enc, *of_enc).split([twice_z, self.gates], 1)
            mu, log_sigma = latent.float().chunk(2, 1)  # eq. 1, 2
            z = torch.addcmul(mu, log_sigma.exp(), noise)
            h_dec, cell_dec = lstm(torch.addmm(dec_gates, z, self.dec_of_z.weight.t()), cell_dec)
            dec_gates, written, rest = self._split(F.linear(h_dec, *of_dec))
            canvas = canvas + self._written(written)
            latents.append(latent.float())
            zs.append(z)
        return Drawing(canvas, *torch.stack(latents).chunk(2, 2), torch.stack(zs))

    def generate(self, z: Tensor) -> Iterator[Tensor]:
        """The canvas [N, C, H, W] after each step, from latents ``z`` [T, N, Z]."""
        n = z.shape[1]
        of_dec = side_by_side(self.dec_of_dec, self.patch, self.write_window)
        canvas, cell = self.canvas.expand(n, *self.shape), z.new_zeros(n, self.config.hidden)
        gates, *_ = self._split(F.linear(self.h_dec[None], *of_dec).expand(n, -1))
        for latent in z.unbind():
            h_dec, cell = lstm(torch.addmm(gates, latent, self.dec_of_z.weight.t()), cell)
            gates, written, _ = self._split(F.linear(h_dec, *of_dec))
            canvas = canvas + self._written(written)
            yield canvas

    def _split(self, of_dec: Tensor) -> tuple[Tensor, ...]:
        """The decoder's gates, the patch with its window, and the rest, which is for whoever reads."""
        written = self.patch_size + PARAMETERS * (self.write_window is not None)
        return of_dec.split([self.gates, written, of_dec.shape[1] - self.gates - written], 1)

    def _reader(self, image: Tensor) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
        """A function of the canvas, the rest of ``_split`` and the encoder's share: the encoder's gates [N, 4 H]."""
        side, weight = self.config.read_side, self.enc_of_read.weight
        if side is None:
            of_image, of_error = weight.chunk(2, 1)
            seen = F.linear(image.flatten(1), of_image + of_error)  # x^ = x - sigmoid(c): of x once for all

            def read_all(canvas: Tensor, rest: Tensor, gates: Tensor) -> Tensor:
                return torch.addmm(gates + rest + seen, canvas.sigmoid().flatten(1), of_error.t(), alpha=-1)

            return read_all

        def read(canvas: Tensor, rest: Tensor, gates: Tensor) -> Tensor:
            of_dec, where = rest.split([self.gates, PARAMETERS], 1)
            both = torch.cat([image, image - canvas.sigmoid()], 1)
            r = window(where, side, *self.shape[1:], self.grid).read(both)
            return torch.addmm(gates + of_dec, r.flatten(1), weight.t())

        return read

    def _written(self, written: Tensor) -> Tensor:
        """What is added to the canvas [N, C, H, W]."""
        side, (channels, height, width) = self.config.write_side, self.shape
        if side is None:
            return written.reshape(-1, channels, height, width)
        patch, where = written.split([self.patch_size, PARAMETERS], 1)
        return window(where, side, height, width, self.grid).write(patch.reshape(-1, channels, side, side))


# --- recipes ---------------------------------------------------------------------------------------------------------


def divergence(mu: Tensor, log_sigma: Tensor) -> Tensor:
    """KL(Normal(mu, sigma) || Normal(0, 1)) of every latent, in nats. Eq. 11."""
    return 0.5 * (mu.square() + (2 * log_sigma).exp() - 1) - log_sigma


def log_likelihood(canvas: Tensor, image: Tensor) -> Tensor:
    """log p(x | z) [N] in nats: independent Bernoulli pixels with logits ``canvas``. Eq. 9."""
    return -F.binary_cross_entropy_with_logits(canvas.float(), image, reduction="none").sum((1, 2, 3))


class Trained(Recipe):
    """One network, Adam, gradients cut to a norm, a step size that falls in a straight line."""

    def prepare_training(self) -> None:
        self.optimizers = {"adam": adam(self, self.config)}

    def descend(self, losses: dict[str, Tensor], at: Step) -> dict[str, Tensor]:
        """A step down ``loss``; all of ``losses``, without gradients."""
        config, optimizer = self.config, self.optimizers["adam"]
        share = at.index / at.total
        set_step_size(self.optimizers, (1 - share) * config.learning_rate + share * config.last_learning_rate)
        optimizer.zero_grad()
        losses["loss"].backward()
        learning = optimizer.param_groups[0]["params"]
        if "D7" in config.as_released:
            clip_each(learning, config.clip)
        else:
            nn.utils.clip_grad_norm_(learning, config.clip)
        optimizer.step()
        return {name: loss.detach() for name, loss in losses.items()}


class DRAW(Trained):
    """Images by T patches."""

    Config = Config
    reads = ("image",)

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        channels, height, width = about.image_shape
        if config.crop is not None:
            if not 1 <= config.crop <= min(height, width):
                raise RedrawError(
                    f"draw, crop: {config.crop} of {height} x {width} pixels: it must lie inside the image"
                )
            height = width = config.crop
        check_side("read_side", config.read_side, height, width)
        check_side("write_side", config.write_side, height, width)
        self.painter = Painter(config, (channels, height, width))
        self.prepare_training()

    def view(self, image: Tensor) -> Tensor:
        """The middle of images [N, C, H, W] in [-1, 1]."""
        return image if self.config.crop is None else cut(image, self.config.crop, False)

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        image, crop = batch["image"], self.config.crop
        if crop is not None:
            place = drawn_window(*image.shape[::2], image.shape[3], crop, image.device, 0)
            image = place._replace(flipped=torch.zeros_like(place.flipped)).image(image)
        return self.descend(self.losses(image), at)

    @torch.no_grad()
    def validate(self, batch: Batch) -> dict[str, Tensor]:
        return self.losses(self.view(batch["image"]))

    def losses(self, image: Tensor) -> dict[str, Tensor]:
        """``reconstruction`` L^x, ``kl`` L^z and ``loss``, their sum (eq. 12): nats per image in [-1, 1], means over N."""
        x = (image + 1) / 2
        released, (t, z) = self.config.as_released, (self.config.time_steps, self.config.latent)
        eps = torch.randn((1 if "D3" in released else t, len(x), z), device=x.device).expand(t, -1, -1)
        with self.autocast():
            drawn = self.painter(x, eps)
        reconstruction = -log_likelihood(drawn.canvas, x).mean()
        kl = divergence(drawn.mu, drawn.log_sigma).sum((0, 2)).mean()
        if "D2" in released:
            kl = kl + t * (z - 1) / 2
        return {"reconstruction": reconstruction, "kl": kl, "loss": reconstruction + kl}

    @torch.no_grad()
    def bounds(self, batch: Batch, seed: int, samples: int) -> Tensor:
        """log p(x, z) - log q(z | x) [N, samples] in nats, z of q; of the batch's images, the noise drawn from ``seed`` alone."""
        x, found = (self.view(batch["image"]) + 1) / 2, []
        shape = (samples, len(x), self.config.time_steps, self.config.latent)
        noise = draws_of(batch, len(x), math.prod(shape[2:]), seed, samples).to(x.device).view(shape)
        for eps in noise.transpose(1, 2):  # [T, N, Z]
            with self.autocast():
                drawn = self.painter(x, eps)
            ratio = 0.5 * (eps.square() - drawn.z.square()) + drawn.log_sigma  # log p(z) - log q(z | x)
            found.append(log_likelihood(drawn.canvas, x) + ratio.sum((0, 2)))
        return torch.stack(found, 1)

    @torch.no_grad()
    def sample(self, conditions: Batch, seed: int) -> Tensor:
        """Images [N, C, H, W] in [-1, 1]: the mean of p(x | z), z of the prior."""
        for canvas in self._canvases(conditions, seed):
            last = canvas
        return 2 * last.float().sigmoid() - 1

    @torch.no_grad()
    def drawing(self, conditions: Batch, seed: int) -> Tensor:
        """[N, T, C, H, W]: the same after every step; the last of them is what ``sample`` gives."""
        return torch.stack([2 * c.float().sigmoid() - 1 for c in self._canvases(conditions, seed)], 1)

    def _canvases(self, conditions: Batch, seed: int) -> Iterator[Tensor]:
        t, n, z = self.config.time_steps, len(conditions["class_id"]), self.config.latent
        device = conditions["class_id"].device
        noise = noise_of(conditions, n, t * z, seed).view(n, t, z).transpose(0, 1).to(device)
        with self.autocast():
            yield from self.painter.generate(noise)


class GlimpseClassifier(Trained):
    """An LSTM that chooses where to look through a window, several times, then names the class."""

    Config = GlimpseConfig
    reads = ("image", "class_id")

    def __init__(self, config: GlimpseConfig, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        channels, height, width = about.image_shape
        check_side("read_side", config.read_side, height, width)
        size = channels * (config.read_side**2 if config.read_side else height * width)
        self.of_read = nn.Linear(size, 4 * config.hidden, bias=False)
        self.of_h = nn.Linear(config.hidden, 4 * config.hidden)
        self.read_window = window_map(config, config.read_side)
        self.classes = nn.Linear(config.hidden, about.classes)
        self.h = nn.Parameter(torch.zeros(config.hidden))
        start(self, config.init_std)
        if config.stride_scaled:
            scale_window(self.read_window, config.read_side, height, width)
        self.grid: Grid = ERICJANG if "D1" in config.as_released else AS_WRITTEN
        self.prepare_training()

    def read(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Logits [N, K] and the last state [N, hidden] of images [N, C, H, W] in [-1, 1]."""
        x, side, hidden = (image + 1) / 2, self.config.read_side, self.config.hidden
        of_h = side_by_side(self.of_h, self.read_window)
        h, cell = self.h.expand(len(x), -1), x.new_zeros(len(x), hidden)
        for _ in range(self.config.glimpses):
            gates, where = F.linear(h, *of_h).tensor_split([4 * hidden], 1)
            r = x if side is None else window(where, side, *x.shape[2:], self.grid).read(x)
            h, cell = lstm(torch.addmm(gates, r.flatten(1), self.of_read.weight.t()), cell)
        return self.classes(h), h

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """``loss``: cross-entropy in nats · ``error``: images misread, in percent."""
        with self.autocast():
            logits, _ = self.read(batch["image"])
        wrong = (logits.argmax(1) != batch["class_id"]).float()
        return {"loss": F.cross_entropy(logits.float(), batch["class_id"]), "error": 100 * wrong.mean()}

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        return self.descend(self.losses(batch), at)

    @torch.no_grad()
    def validate(self, batch: Batch) -> dict[str, Tensor]:
        return self.losses(batch)

    @torch.no_grad()
    def encode(self, batch: Batch) -> dict[str, Tensor]:
        logits, features = self.read(batch["image"])
        return {"logits": logits, "features": features}
