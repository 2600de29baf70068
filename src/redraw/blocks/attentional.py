"""Generators in stages whose places look into a caption's words, and how they are drawn from: AttnGAN's and DM-GAN's.

Glossary as in papers/attngan.py: words [N, D, T], sentence [N, D], mask [N, T], True: no word; hidden images h [N, G, S, S].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from ..core import RedrawError
from ..recipe import About, Batch, Recipe, Schedule
from .conditioning import ConditioningAugmentation, drawn_around, noise_of
from .crops import cut
from .frozen import Reads
from .glu import FirstStage, ToImage
from .pyramid import pyramid

SECOND_STREAM = 1_000_003  # added to the seed of sampling: noise of F^ca beside that of z


class Sizes(Protocol):
    """The fields of a Config that the generator is built from."""

    sizes: tuple[int, ...]  # S_i, each twice the one before
    crop: int  # pixels of a prepared image that are seen
    ngf: int  # G
    nz: int  # Z
    condition_dim: int  # C


def attended(h: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None, in_turn: bool) -> tuple[Tensor, Tensor]:
    """h, keys and values of words [N, G, T] -> contexts [N, G, S, S], attention [N, T, S, S]: what each place looks up.

    ``in_turn``: as in the released codes the mask is repeated in the wrong order, so that row b Q + q of all Q places of all
    B images has the mask of caption (b Q + q) mod B. Captions of one length hide it.
    """
    scores = h.flatten(2).transpose(1, 2) @ keys  # [N, Q, T]
    if mask is not None:
        of_row = mask[:, None].expand_as(scores)
        if in_turn:
            of_row = mask.repeat(scores.shape[1], 1).view(scores.shape)
        scores = scores.masked_fill(of_row, -torch.inf)
    attention = scores.softmax(2).transpose(1, 2)  # [N, T, Q]
    context = values @ attention
    return context.view_as(h), attention.view(len(h), -1, *h.shape[2:])


class StagedGenerator(nn.Module):
    """A first stage from sentence and noise, and one for each further size; names as released.

    ``next_stage`` makes a stage: (h, words, mask) -> h of twice the side, attention. ``single``: the last stage alone draws.
    """

    def __init__(self, config: Sizes, dim: int, next_stage: Callable[[], nn.Module], single: bool = False) -> None:
        super().__init__()
        self.single, self.stages = single, len(config.sizes)
        self.ca_net = ConditioningAugmentation(dim, config.condition_dim)
        self.h_net1 = FirstStage(config.condition_dim + config.nz, config.ngf, config.sizes[0])
        for k in range(2, self.stages + 1):
            setattr(self, f"h_net{k}", next_stage())
        for name in ("img_net",) if single else (f"img_net{k + 1}" for k in range(self.stages)):
            setattr(self, name, ToImage(config.ngf))

    def forward(
        self, z: Tensor, eps: Tensor, sentence: Tensor, words: Tensor, mask: Tensor | None
    ) -> tuple[list[Tensor], list[Tensor], Tensor, Tensor]:
        """Images of rising size, attention of each stage but the first, mu and logvar; ``eps`` [N, C] draws c."""
        mu, logvar = self.ca_net(sentence)
        h = self.h_net1(torch.cat([drawn_around(mu, logvar, eps), z], 1))
        hidden, attention = [h], []
        for k in range(2, self.stages + 1):
            h, found = getattr(self, f"h_net{k}")(h, words, mask)
            hidden.append(h)
            attention.append(found)
        if self.single:
            return [self.img_net(h)], attention, mu, logvar
        images = [getattr(self, f"img_net{k + 1}")(h) for k, h in enumerate(hidden)]
        return images, attention, mu, logvar


class Attentional(Reads, Recipe):
    """Base of a recipe whose generator attends to the words that a DAMSM reads, which it holds as ``damsm``.

    ``paper`` begins its messages.
    """

    paper: str
    config: Sizes

    def __init__(self, config: Schedule, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        self._check_sizes(about)
        self.dim: int = self.hold("damsm", needs, self.paper).embedding_dim

    def _check_sizes(self, about: About) -> None:
        sizes, crop = self.config.sizes, self.config.crop
        steps = [(a, b) for a, b in zip(sizes, sizes[1:], strict=False) if b != 2 * a]
        if not sizes or sizes[0] < 8 or sizes[0] & (sizes[0] - 1) or steps:
            raise RedrawError(
                f"{self.paper}, sizes: {list(sizes)}: from a power of 2 that is 8 or more, each must be twice the one before"
            )
        channels, height, width = about.image_shape
        if not sizes[-1] <= crop <= min(height, width) or channels != 3:
            raise RedrawError(
                f"{self.paper}, crop: {crop} of {channels} x {height} x {width}: it must be the last size {sizes[-1]} or more, "
                "lie inside the prepared image, and that be in colour"
            )

    @property
    def sizes(self) -> Sequence[int]:
        """Of the images that are drawn."""
        return list(self.config.sizes)

    @property
    def drawing(self) -> StagedGenerator:
        """The generator that samples are drawn by."""
        raise NotImplementedError

    def levels(self, image: Tensor, train: bool) -> list[Tensor]:
        """Real images at each size, of prepared ones: the middle, or with ``train`` a random square, flipped or not."""
        return pyramid(cut(image, self.config.crop, train), self.sizes)

    def view(self, image: Tensor) -> Tensor:
        """Real images [N, 3, S, S] of the last size."""
        return self.levels(image, train=False)[-1]

    def draw(
        self, network: StagedGenerator, tokens: Tensor, z: Tensor, eps: Tensor
    ) -> tuple[list[Tensor], list[Tensor], Tensor, Tensor, tuple[Tensor, Tensor, Tensor]]:
        """What ``network`` makes of captions [N, T], and what the DAMSM reads in these: words, sentence and mask."""
        with torch.no_grad():
            words, sentence, mask = self.held["damsm"].text(tokens)
        with self.autocast():
            images, attention, mu, logvar = network(z, eps, sentence, words, mask)
        return images, attention, mu.float(), logvar.float(), (words, sentence, mask)

    @torch.no_grad()
    def sample(self, conditions: Batch, seed: int) -> Tensor:
        """Images [N, 3, S, S] of the last size, of ``tokens`` [N, T]."""
        return self._sampled(conditions, seed)[0][-1].float()

    @torch.no_grad()
    def attention(self, conditions: Batch, seed: int) -> dict[str, Tensor]:
        """{"attention.<side>": [N, T, side, side]}: how much each place heeds each word, in what ``sample`` draws."""
        return {f"attention.{found.shape[-1]}": found.float() for found in self._sampled(conditions, seed)[1]}

    def _sampled(self, conditions: Batch, seed: int) -> tuple[list[Tensor], list[Tensor]]:
        if "tokens_to" in conditions:
            raise RedrawError(
                f"{self.paper}: it attends to words, and there are none between two captions: give single ones"
            )
        tokens, config = conditions["tokens"], self.config
        z = noise_of(conditions, len(tokens), config.nz, seed).to(tokens.device)
        eps = noise_of(conditions, len(tokens), config.condition_dim, seed + SECOND_STREAM).to(tokens.device)
        return self.draw(self.drawing, tokens, z, eps)[:2]
