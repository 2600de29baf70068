"""The image model: DRAW's read and write windows, told of a caption at every step, its latents' prior learned."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...blocks.windows import Grid, Window, window
from .config import Config
from .text import Alignment, Sentence, Told, Vector, lstm

STROKE, NEXT = 0, 1  # windows of one h^gen: the one that it writes with, the one that it reads with afterwards


class Gaussian(NamedTuple):
    """Independent normals of all steps, [T, N, Z] each."""

    mu: Tensor
    log_sigma: Tensor


class Drawn(NamedTuple):
    """A sequence of T steps. ``canvases`` c_t are logits of the pixels; q is there where an image was inferred."""

    canvases: list[Tensor]  # T times [N, C, H, W]
    p: Gaussian  # of each step's latents given those before
    q: Gaussian | None
    alphas: list[Tensor]  # T times [N, words], nothing where there is no alignment
    strokes: list[Window]

    def sides(self) -> tuple[Gaussian, Gaussian]:
        """p and q in single precision at least, whatever the networks ran in."""
        return tuple(
            Gaussian(*(part.to(torch.promote_types(part.dtype, torch.float32)) for part in side))
            for side in (self.p, self.q)
        )


class Draw(nn.Module):
    """``text``: one of text.py's parts, which is asked at each step and has weights of its own.

    All that is asked of h^gen_(t-1), the question to the caption, both windows, patch and the recurrent sums of both LSTMs, is
    one product with matrices joined once a sequence. As a module's name, each is the released matrix of its own.
    """

    def __init__(
        self, config: Config, shape: tuple[int, int, int], text: Alignment | Sentence | Vector, grid: Grid
    ) -> None:
        super().__init__()
        self.shape, self.grid, self.n, self.steps = shape, grid, config.window, config.time_steps
        self.z, self.learned_prior = config.latents, config.learned_prior
        read, inference, generation = 2 * shape[0] * self.n**2, config.inference, config.generation
        self.c0 = nn.Parameter(torch.zeros(shape))
        self.h0_infer = nn.Parameter(torch.zeros(inference))
        self.h0_gen = nn.Parameter(torch.zeros(generation))
        self.infer_input = nn.Linear(read + generation, 4 * inference, bias=False)
        self.infer_state = nn.Linear(inference, 4 * inference)
        self.mu, self.log_variance = nn.Linear(inference, self.z), nn.Linear(inference, self.z)
        self.gen_z = nn.Linear(self.z, 4 * generation, bias=False)
        self.gen_s = nn.Linear(text.dim, 4 * generation, bias=False)
        self.gen_state = nn.Linear(generation, 4 * generation)
        self.read_window, self.write_window = nn.Linear(generation, 5), nn.Linear(generation, 5)
        self.patch = nn.Linear(generation, shape[0] * self.n**2)
        if text.asked:
            self.question = nn.Linear(generation, text.asked)  # W, b
        if self.learned_prior:
            self.prior = nn.Linear(generation, 2 * self.z)

    def infer(self, image: Tensor, text: nn.Module, told: Told, eps: Tensor) -> Drawn:
        """``image`` [N, C, H, W] in [0, 1]; ``eps`` [T, N, Z] standard normal: z_t = mu + sigma eps_t of q."""
        n = len(image)
        joined = _Joined(self)
        weight_infer = torch.cat([self.infer_input.weight[:, : -self.h0_gen.shape[0]], self.infer_state.weight], 1).T
        weight_q = torch.cat([self.mu.weight, 0.5 * self.log_variance.weight]).T
        bias_q = torch.cat([self.mu.bias, 0.5 * self.log_variance.bias])
        weight_gen = torch.cat([self.gen_z.weight, self.gen_s.weight], 1).T
        h_infer, h_gen = self.h0_infer.expand(n, -1), self.h0_gen.expand(n, -1)
        cell_infer, cell_gen = torch.zeros_like(h_infer), torch.zeros_like(h_gen)
        canvas, asked = self.c0.expand(n, -1, -1, -1), joined.of(h_gen)
        _, seen = self._windows(asked)
        canvases, found, before, alphas, strokes = [], [], [], [], []
        for noise in eps.unbind(0):
            errors = torch.cat([image, image - canvas.sigmoid()], 1)
            gates = torch.addmm(asked.infer, torch.cat([seen.read(errors).flatten(1), h_infer], 1), weight_infer)
            h_infer, cell_infer = lstm(gates, cell_infer)
            q = torch.addmm(bias_q, h_infer, weight_q)
            mu, log_sigma = q.split(self.z, 1)
            z = torch.addcmul(mu, log_sigma.exp(), noise)
            s, alpha = text.look(told, asked.question)
            before.append(h_gen)
            h_gen, cell_gen = lstm(torch.addmm(asked.gen, torch.cat([z, s], 1), weight_gen), cell_gen)
            asked = joined.of(h_gen)
            stroke, seen = self._windows(asked)
            canvas = canvas + stroke.write(asked.patch.reshape(n, -1, self.n, self.n))
            canvases.append(canvas)
            found.append(q)
            alphas.append(alpha)
            strokes.append(stroke)
        q = Gaussian(*torch.stack(found).split(self.z, 2))
        return Drawn(canvases, self._prior(torch.stack(before)), q, alphas, strokes)

    def generate(self, text: nn.Module, told: Told, eps: Tensor) -> Drawn:
        """The same without an image: z_t = mu + sigma eps_t of the prior."""
        n = eps.shape[1]
        joined = _Joined(self)
        weight_gen = torch.cat([self.gen_z.weight, self.gen_s.weight], 1).T
        h_gen, canvas = self.h0_gen.expand(n, -1), self.c0.expand(n, -1, -1, -1)
        cell_gen, asked = torch.zeros_like(h_gen), joined.of(h_gen)
        canvases, found, alphas, strokes = [], [], [], []
        for step, noise in enumerate(eps.unbind(0)):
            p = self._prior(h_gen[None], first=step == 0)
            z = torch.addcmul(p.mu[0], p.log_sigma[0].exp(), noise)
            s, alpha = text.look(told, asked.question)
            h_gen, cell_gen = lstm(torch.addmm(asked.gen, torch.cat([z, s], 1), weight_gen), cell_gen)
            asked = joined.of(h_gen)
            stroke = self._windows(asked)[STROKE]
            canvas = canvas + stroke.write(asked.patch.reshape(n, -1, self.n, self.n))
            canvases.append(canvas)
            found.append(p)
            alphas.append(alpha)
            strokes.append(stroke)
        p = Gaussian(*(torch.cat(parts) for parts in zip(*found, strict=True)))
        return Drawn(canvases, p, None, alphas, strokes)

    def _windows(self, asked: Asked) -> tuple[Window, Window]:
        """Of the stroke and of the next look, made together."""
        n = len(asked.windows)
        both = window(asked.windows.reshape(2 * n, 5), self.n, *self.shape[1:], self.grid)
        pairs = [(part.view(n, 2, *part.shape[1:])) for part in both]
        return Window(*(pair[:, STROKE] for pair in pairs)), Window(*(pair[:, NEXT] for pair in pairs))

    def _prior(self, before: Tensor, first: bool = True) -> Gaussian:
        """Of ``before`` [T, N, G], h^gen_(t-1) of each step; with ``first`` that of the first step is N(0, I)."""
        if not self.learned_prior:
            zeros = before.new_zeros(*before.shape[:2], self.z)
            return Gaussian(zeros, zeros)
        learned = self.prior(before[1:] if first else before).tanh()
        if first:
            learned = torch.cat([learned.new_zeros(1, before.shape[1], 2 * self.z), learned])
        return Gaussian(*learned.split(self.z, 2))


class Asked(NamedTuple):
    """What h^gen [N, G] is asked for."""

    windows: Tensor  # [N, 10]: five numbers of the stroke, five of the next look
    patch: Tensor  # [N, C n n]
    infer: Tensor  # [N, 4 I], of the inference LSTM's next gates
    gen: Tensor  # [N, 4 G], of its own
    question: Tensor  # [N, A]


class _Joined:
    """The matrices that h^gen is multiplied with, side by side."""

    def __init__(self, draw: Draw) -> None:
        generation = draw.h0_gen.shape[0]
        layers = [(draw.write_window.weight, draw.write_window.bias), (draw.read_window.weight, draw.read_window.bias),
                  (draw.patch.weight, draw.patch.bias), (draw.infer_input.weight[:, -generation:], draw.infer_state.bias),
                  (draw.gen_state.weight, draw.gen_state.bias)]  # fmt: skip
        if hasattr(draw, "question"):
            layers.append((draw.question.weight, draw.question.bias))
        self.weight = torch.cat([weight for weight, _ in layers])
        self.bias = torch.cat([bias for _, bias in layers])
        widths = [len(bias) for _, bias in layers]
        self.widths = [widths[0] + widths[1], *widths[2:5], sum(widths[5:])]

    def of(self, h_gen: Tensor) -> Asked:
        return Asked(*F.linear(h_gen, self.weight, self.bias).split(self.widths, 1))


# --- losses ----------------------------------------------------------------------------------------------------------


def divergence(q: Gaussian, p: Gaussian) -> Tensor:
    """KL(q || p) [N] in nats, summed over steps and latents."""
    ratio = ((q.mu - p.mu).square() + (2 * q.log_sigma).exp()) * (-2 * p.log_sigma).exp()
    return 0.5 * (ratio - 1 - 2 * q.log_sigma + 2 * p.log_sigma).sum((0, 2))


def log_ratio(q: Gaussian, p: Gaussian, eps: Tensor) -> Tensor:
    """log p(z) - log q(z) [N] in nats at z = mu + sigma eps of q; its mean over eps is -KL."""
    z = torch.addcmul(q.mu, q.log_sigma.exp(), eps)
    apart = (z - p.mu) * (-p.log_sigma).exp()
    return (0.5 * (eps.square() - apart.square()) + q.log_sigma - p.log_sigma).sum((0, 2))


def cross_entropy(canvas: Tensor, image: Tensor) -> Tensor:
    """-log p(x|z) [N] in nats: Bernoulli pixels of logits ``canvas``, whose targets in [0, 1] may lie in between."""
    return F.binary_cross_entropy_with_logits(canvas, image, reduction="none").flatten(1).sum(1)
