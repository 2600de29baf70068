"""DM-GAN: Dynamic Memory Generative Adversarial Networks for Text-to-Image Synthesis (Zhu, Pan, Chen, Yang; CVPR 2019).

The generator alone. Its authors' readme says what their released weights score, by the same scorers that AttnGAN's tables need:
where ours read the same on images of these weights, they are the published ones. Nothing is trained here.

A first stage as AttnGAN's draws a small image. Each further stage writes a memory, one slot a word, from the words and from the
hidden image as it is; every place of the hidden image looks up in it what it is about, and takes over as much as a gate lets in.

Glossary
    w         words' features, of the DAMSM                                [N, D, T]
    r         hidden image; r̄ its mean over all places                     [N, G, S, S]; [N, G]
    g^w       writing gate, one number a word: sigmoid(A w + B r̄)          [N, 1, T]
    m         memory: M_w(w) g^w + M_r(r̄) (1 - g^w)                        [N, 2 G, T]
    key, value   maps of m: what a place is compared with, what it reads    [N, G, T]
    alpha     softmax over words of keyᵀr, place by place                  [N, T, S, S]
    o         response: values, weighted by alpha                          [N, G, S, S]
    g^r       response gate, one number a place: sigmoid(W [r, o] + b)     [N, 1, S, S]

As written (recalled, as all of the paper here: it was not read)
    * r becomes g^r o + (1 - g^r) r.
    * Each caption's own mask says which words there are.

Differences of the released code (MinfengZhu/DM-GAN@d515995), numbered as in the sheet
    D1  The mask is repeated in the wrong order, as AttnGAN's: row b Q + q of all places of all images has that of caption
        (b Q + q) mod B. Its authors draw batches of ten captions sorted by length; here they are of the size that the engine
        draws, in the order of the conditions.
    D2 and D3 concern scoring alone.

Silences filled from the released code: all but the above. M_w, M_r, key and value have a rectifier behind them; what the gate
lets through stands twice side by side before the residual blocks.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ..blocks.attentional import Attentional, StagedGenerator, attended
from ..blocks.glu import Residual, upsampled
from ..core import RedrawError
from ..recipe import About, Batch, Recipe, Schedule, Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Schedule):
    """Types and meanings; the values stand in dm_gan.yaml."""

    sizes: tuple[int, ...]  # of the images, each twice the one before
    crop: int  # pixels of a prepared image that are seen
    ngf: int  # G
    residuals: int  # residual blocks of a stage with memory
    nz: int
    condition_dim: int


class MemoryStage(nn.Module):
    """Hidden images [N, G, S, S] -> of twice the side, and alpha; names as released."""

    def __init__(self, channels: int, dim: int, residuals: int, mask_in_turn: bool) -> None:
        super().__init__()
        n = channels
        self.mask_in_turn = mask_in_turn
        self.A = nn.Linear(dim, 1, bias=False)
        self.B = nn.Linear(n, 1, bias=False)
        self.M_r, self.M_w = rectified(n, 2 * n), rectified(dim, 2 * n)
        self.key, self.value = rectified(2 * n, n), rectified(2 * n, n)
        self.response_gate = nn.Sequential(nn.Conv2d(2 * n, 1, 1), nn.Sigmoid())
        self.residual = nn.Sequential(*(Residual(2 * n) for _ in range(residuals)))
        self.upsample = upsampled(2 * n, n)

    def memory(self, h: Tensor, words: Tensor) -> Tensor:
        """m [N, 2 G, T]."""
        mean = h.mean((2, 3))  # r̄
        gate = torch.sigmoid(self.A(words.transpose(1, 2)) + self.B(mean)[:, None]).transpose(1, 2)
        return self.M_w(words) * gate + self.M_r(mean[:, :, None]) * (1 - gate)

    def response(self, h: Tensor, memory: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        """The hidden image with what it takes over [N, G, S, S], and alpha."""
        read, alpha = attended(h, self.key(memory), self.value(memory), mask, self.mask_in_turn)
        gate = self.response_gate(torch.cat([h, read], 1))
        return gate * read + (1 - gate) * h, alpha

    def forward(self, h: Tensor, words: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        h, alpha = self.response(h, self.memory(h, words), mask)
        return self.upsample(self.residual(torch.cat([h, h], 1))), alpha


def rectified(before: int, after: int) -> nn.Sequential:
    """[N, before, T] -> [N, after, T], each word by itself."""
    return nn.Sequential(nn.Conv1d(before, after, 1), nn.ReLU())


class Generator(StagedGenerator):
    """All stages; names as released."""

    def __init__(self, config: Config, dim: int, mask_in_turn: bool) -> None:
        super().__init__(config, dim, lambda: MemoryStage(config.ngf, dim, config.residuals, mask_in_turn))


class DMGAN(Attentional):
    """Images of the released generator."""

    Config = Config
    reads = ("image", "captions")
    paper = "dm_gan"

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        self.generator = Generator(config, self.dim, "D1" in config.as_released)
        self.optimizers = {}

    @property
    def drawing(self) -> StagedGenerator:
        return self.generator

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        raise RedrawError(
            "dm_gan: it is drawn from, not trained: give the run stage: import, and bring the authors' weights with "
            "`redraw import dm_gan/released_birds`"
        )
