"""The recipes: one image model, told of the caption in three ways."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ...blocks.captions import draw_captions
from ...blocks.conditioning import ReadsText, draws_of, noise_of
from ...blocks.rmsprop import RMSprop, clip_each
from ...blocks.windows import AS_WRITTEN, TEXT2IMAGE
from ...core import RedrawError
from ...recipe import About, Batch, Recipe, Step
from .config import Config
from .draw import Draw, Drawn, cross_entropy, divergence, log_ratio
from .text import Alignment, Sentence, Told, Vector, partners

DROP = 0.1  # of the learning rate, as written and as released


class DrawsCaptions(ReadsText, Recipe):
    """What the three have in common: all but ``part``, what the image model is told of a caption."""

    Config = Config
    reads = ("image", "captions")

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        _check(config, about)
        taken = config.as_released
        self.of_batch, self.clips_each, self.bounded = "D1" in taken, "D3" in taken, "D6" in taken
        self.text = self.part(config, about, needs)
        self.image = Draw(config, about.image_shape, self.text, TEXT2IMAGE if "D2" in taken else AS_WRITTEN)
        self.plateau = Plateau() if "D5" in taken else None
        self._initialise()
        self.optimizers = {
            "rmsprop": RMSprop(self.parameters(), config.learning_rate, config.decay, config.epsilon),
        }

    def part(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> nn.Module:
        """One of text.py's."""
        raise NotImplementedError

    @torch.no_grad()
    def _initialise(self) -> None:
        for name, parameter in self.named_parameters():
            matrix = parameter.ndim == 2 or name == "text.v"
            nn.init.normal_(parameter, 0.0, self.config.init_std) if matrix else nn.init.zeros_(parameter)
        if self.config.init_window:
            apart = (max(self.image.shape[1:]) - 1) / (self.config.window - 1)  # of two filters, in pixels
            for layer in (self.image.read_window, self.image.write_window):
                layer.bias[2] = 2 * math.log(apart / 2)  # log sigma^2
            self.image.write_window.bias[4] = -2 * math.log(apart)  # log gamma

    # -- what goes in ---------------------------------------------------------------------------------------------

    def told(self, tokens: Tensor, partner: Tensor | None = None) -> Told:
        """Of captions [N, T]; with ``partner`` [N] the second direction reads those captions (D1)."""
        if tokens.device.type == "cpu":  # elsewhere looking at the lengths would mean to wait for them
            tokens = tokens[:, : int((tokens != 0).sum(1).max())]
        return self.text.told(tokens, partner)

    def _asked(self, conditions: Batch) -> Told:
        """As the released sampler has it, whose batch holds one caption many times (D1)."""
        if "tokens_to" in conditions:
            raise RedrawError("align_draw: it reads words, and there are none between two captions: give single ones")
        tokens = conditions["tokens"]
        return self.told(tokens, torch.arange(len(tokens), device=tokens.device) if self.of_batch else None)

    # -- training -------------------------------------------------------------------------------------------------

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """``reconstruction``, ``kl`` and ``loss``, their sum and the bound's negative: nats per image, means over the batch."""
        captions, image = batch["captions"], (batch["image"] + 1) / 2
        tokens = draw_captions(of_length(captions, *self.config.released_words) if self.bounded else captions, 1)[:, 0]
        eps = torch.randn(self.config.time_steps, len(image), self.config.latents, device=image.device)
        with self.autocast():
            told = self.told(tokens, partners(tokens) if self.of_batch else None)
            drawn = self.image.infer(image, self.text, told, eps)
        p, q = drawn.sides()
        reconstruction, kl = cross_entropy(drawn.canvases[-1].float(), image).mean(), divergence(q, p).mean()
        return {"reconstruction": reconstruction, "kl": kl, "loss": reconstruction + kl}

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        losses, optimizer = self.losses(batch), self.optimizers["rmsprop"]
        optimizer.param_groups[0]["lr"] = self.config.learning_rate * self._factor(at)
        optimizer.zero_grad()
        losses["loss"].backward()
        if self.clips_each:
            clip_each(self.parameters(), self.config.clip)
        else:
            nn.utils.clip_grad_norm_(self.parameters(), self.config.clip)
        optimizer.step()
        return {name: loss.detach() for name, loss in losses.items()}

    def _factor(self, at: Step) -> float:
        if self.plateau is not None:
            return self.plateau.factor_now()
        return DROP if at.epoch >= self.config.drop_epoch else 1.0

    @torch.no_grad()
    def validate(self, batch: Batch) -> dict[str, Tensor]:
        losses = self.losses(batch)
        if self.plateau is not None:
            self.plateau.saw(float(losses["loss"]), len(batch["image"]))
        return losses

    # -- likelihood -----------------------------------------------------------------------------------------------

    @torch.no_grad()
    def bounds(self, batch: Batch, seed: int, samples: int) -> Tensor:
        """log p(x, z | caption) - log q(z | x, caption) [N, samples] in nats, of ``image`` and ``tokens`` [N, T].

        The mean over samples is the variational bound. z follows from noise of ``seed``, which rows of one ``noise_group``
        share: what images or captions differ by is then not blurred by chance. A caption that comes again is read once.
        """
        n, steps, latents = len(batch["image"]), self.config.time_steps, self.config.latents
        image = (batch["image"] + 1) / 2
        eps = draws_of(batch, n, steps * latents, seed, samples).to(image).view(samples, n, steps, latents)
        distinct, which = torch.unique(batch["tokens"], dim=0, return_inverse=True)
        with self.autocast():
            told = self._asked({"tokens": distinct}).rows(which)
        found = []
        for noise in eps.transpose(1, 2):  # [T, N, Z]
            with self.autocast():
                drawn = self.image.infer(image, self.text, told, noise)
            p, q = drawn.sides()
            found.append(log_ratio(q, p, noise) - cross_entropy(drawn.canvases[-1].float(), image))
        return torch.stack(found, 1)

    # -- sampling -------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def sample(self, conditions: Batch, seed: int) -> Tensor:
        """Images [N, C, H, W]: the pixels' means, as all published pictures are."""
        return _shown(self._generated(conditions, seed).canvases[-1])

    @torch.no_grad()
    def drawing(self, conditions: Batch, seed: int) -> Tensor:
        """[N, T, C, H, W]: what ``sample`` draws, after each step."""
        return _shown(torch.stack(self._generated(conditions, seed).canvases, 1))

    def _generated(self, conditions: Batch, seed: int) -> Drawn:
        n, config = len(conditions["tokens"]), self.config
        eps = noise_of(conditions, n, config.time_steps * config.latents, seed).to(conditions["tokens"].device)
        with self.autocast():
            told = self._asked(conditions)
            return self.image.generate(self.text, told, eps.view(n, config.time_steps, -1).transpose(0, 1))


class AlignDRAW(DrawsCaptions):
    """Looks at the words anew before each stroke."""

    def part(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> nn.Module:
        return Alignment(len(about.vocabulary), config.units, config.align)

    @torch.no_grad()
    def alignment(self, conditions: Batch, seed: int) -> Tensor:
        """alpha [N, T, words] of each step and word, in what ``sample`` draws of the same."""
        n, words = conditions["tokens"].shape
        alphas = torch.stack(self._generated(conditions, seed).alphas, 1).float()
        return torch.cat([alphas, alphas.new_zeros(n, alphas.shape[1], words - alphas.shape[2])], 2)

    @torch.no_grad()
    def attention(self, conditions: Batch, seed: int) -> dict[str, Tensor]:
        """{"attention.<side>": [N, words, side, side]}: of what was drawn at each place, over all steps, the share that each
        word was looked at for, weighed by how far a stroke moved the canvas there."""
        drawn, words = self._generated(conditions, seed), conditions["tokens"].shape[1]
        canvases = torch.stack([self.image.c0.expand_as(drawn.canvases[0]), *drawn.canvases], 1).float()
        moved = canvases.diff(dim=1).abs().mean(2)  # [N, T, H, W]
        shares = moved / moved.sum(1, keepdim=True).clamp_min(torch.finfo(moved.dtype).tiny)
        maps = torch.einsum("ntw,nthv->nwhv", torch.stack(drawn.alphas, 1).float(), shares)
        padding = maps.new_zeros(len(maps), words - maps.shape[1], *maps.shape[2:])
        return {f"attention.{maps.shape[-1]}": torch.cat([maps, padding], 1)}


class NoAlignDRAW(DrawsCaptions):
    """The sentence vector at every step."""

    def part(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> nn.Module:
        return Sentence(len(about.vocabulary), config.units)


class SkipThoughtDRAW(DrawsCaptions):
    """The vector of a trained and frozen encoder at every step: ``needs: {text: <run>}``."""

    def part(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> nn.Module:
        if "D1" in config.as_released:
            raise RedrawError("align_draw, as_released: D1 is of the language model: skipthoughtDRAW has none")
        return Vector(self.hold("text", needs, "align_draw, skipthoughtDRAW").embedding_dim)

    def told(self, tokens: Tensor, partner: Tensor | None = None) -> Told:
        return Told(self.embed(tokens[:, None])[:, None])

    def _asked(self, conditions: Batch) -> Told:
        return Told(self.embedding_of(conditions)[:, None])


class Plateau(nn.Module):
    """The learning rate's factor as released (D5): a tenth of it after each validation that is worse than the best so far.

    Part of the state, so that a training goes on where it was.
    """

    def __init__(self) -> None:
        super().__init__()
        self.total, self.seen, self.best, self.factor = 0.0, 0.0, math.inf, 1.0

    def saw(self, loss: float, images: int) -> None:
        """Mean ``loss`` of a part of the validation images."""
        self.total, self.seen = self.total + loss * images, self.seen + images

    def factor_now(self) -> float:
        if self.seen:
            mean = self.total / self.seen
            if mean > self.best:
                self.factor *= DROP
            else:
                self.best = mean
            self.total = self.seen = 0.0
        return self.factor

    def get_extra_state(self) -> Tensor:
        return torch.tensor([self.total, self.seen, self.best, self.factor], dtype=torch.float64)

    def set_extra_state(self, state: Tensor) -> None:
        self.total, self.seen, self.best, self.factor = state.tolist()


def of_length(captions: Tensor, least: int, most: int) -> Tensor:
    """D6: of captions [N, K, T] those of ``least`` to ``most`` - 1 words, moved to the front; all, where an image has none.

    As released such an image is never trained on; here batches are of images.
    """
    n_words = (captions != 0).sum(2)  # [N, K]
    kept = (n_words >= least) & (n_words < most)
    kept = kept | ~kept.any(1, keepdim=True)
    order = (~kept).long().argsort(dim=1, stable=True)
    return (captions * kept[:, :, None]).gather(1, order[:, :, None].expand_as(captions))


def _shown(canvas: Tensor) -> Tensor:
    return 2 * canvas.float().sigmoid() - 1


def _check(config: Config, about: About) -> None:
    side = min(about.image_shape[1:])
    if not 2 <= config.window <= side:
        raise RedrawError(
            f"align_draw, window: {config.window}: it must be 2 or more and at most the image's {side} pixels"
        )
    for name in ("time_steps", "units", "align", "inference", "generation", "latents"):
        if getattr(config, name) < 1:
            raise RedrawError(f"align_draw, {name}: {getattr(config, name)}: it must be 1 or more")
