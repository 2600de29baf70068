"""The networks that PPGN plugs in: CaffeNet and the captioner on top of it.

    ImageNet Classification with Deep Convolutional Neural Networks (Krizhevsky, Sutskever, Hinton; NIPS 2012), in the variant of
    BVLC's reference CaffeNet: pooling before normalisation.
    Long-term Recurrent Convolutional Networks for Visual Recognition and Description (Donahue, Hendricks, Rohrbach, Venugopalan,
    Guadarrama, Saenko, Darrell; CVPR 2015): scores of a CaffeNet, words, two recurrent layers, the image at the second.

Glossary
    x       image in the networks' units: blue, green, red; grey levels less their means, over ``pixel_unit``   [N, 3, S, S]
    h       code: the rectified units of fc6                                                     [N, D]
    f       scores of fc8, of an image, which the captioner reads                                [N, F]
    y       caption: <start>, words, <end>, padding 0                                            tokens [N, T]

Layers, sizes and order of weights were read in Evolving-AI-Lab/ppgn@f0dbbad (nets/) and BVLC/caffe@04a2c44: parameters
60,965,224 (CaffeNet) and 37,618,801 (words, recurrent layers and predictions), together in one file with the captioner's own
CaffeNet. Gates are in Caffe's order: input, forget, output, candidate.

Ours, since neither training is part of PPGN's release: below scale paper CaffeNet learns which categories are on a picture, each
an even share of one softmax; the captioner begins with the encoder's weights, and all of it is trained together; both by Adam and
without dropout; initialisation. The released ones, of ImageNet and COCO, come in as Caffe's files (runs of stage import).

The released vocabulary numbers words from 1; 0 begins and ends a caption. With ``words_bytes`` the captioner has those numbers,
and every word of this data set that the released list lacks is its <unk>.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..blocks.adversarial import descended
from ..blocks.crops import check_crop, cut, reduced
from ..blocks.frozen import Reads
from ..core import RedrawError
from ..data.tables import END, PAD, START, UNK
from ..recipe import About, Batch, Recipe, Schedule, Step

MEANS = (104.007, 116.669, 122.679)  # grey levels of ImageNet's training images: blue, green, red (recalled)


@dataclasses.dataclass(frozen=True, kw_only=True)
class EncoderConfig(Schedule):
    """Types and meanings; the values stand in ppgn.yaml."""

    crop: int  # pixels of a prepared image that are seen
    image_size: int  # they are reduced to so many, which a generator draws
    seen: int  # of which the networks see the middle
    pixel_unit: float  # grey levels in one unit of the networks' images
    widths: tuple[int, ...]  # channels of conv1 to conv5
    first_kernel: int  # of conv1
    first_stride: int
    groups: int  # of conv2, conv4 and conv5
    norm_alpha: float  # of the normalisation over five channels; 0: none
    hidden: int  # units of fc6, which are the code, and of fc7
    outputs: int | None  # units of fc8; None: as many as the data set has attributes
    learning_rate: float  # Adam's step size


class CaffeNet(nn.Module):
    """Five convolutions, three of them before a maximum, and three layers of units."""

    def __init__(self, config: EncoderConfig, outputs: int) -> None:
        super().__init__()
        w, groups, self.norm_alpha = config.widths, config.groups, config.norm_alpha
        side = side_of_pool5(config)
        self.conv1 = nn.Conv2d(3, w[0], config.first_kernel, config.first_stride)
        self.conv2 = nn.Conv2d(w[0], w[1], 5, padding=2, groups=groups)
        self.conv3 = nn.Conv2d(w[1], w[2], 3, padding=1)
        self.conv4 = nn.Conv2d(w[2], w[3], 3, padding=1, groups=groups)
        self.conv5 = nn.Conv2d(w[3], w[4], 3, padding=1, groups=groups)
        self.fc6 = nn.Linear(w[4] * side * side, config.hidden)
        self.fc7 = nn.Linear(config.hidden, config.hidden)
        self.fc8 = nn.Linear(config.hidden, outputs)

    def pool5(self, x: Tensor) -> Tensor:
        """What the convolutions find in images [N, 3, S, S]: [N, C, P, P]."""
        x = self.normalised(F.relu(shrunk(self.conv1(x))))  # the same as the maximum of what is rectified, and cheaper
        x = self.normalised(F.relu(shrunk(self.conv2(x))))
        x = F.relu(self.conv4(F.relu(self.conv3(x))))
        return F.relu(shrunk(self.conv5(x)))

    def normalised(self, x: Tensor) -> Tensor:
        return F.local_response_norm(x, 5, self.norm_alpha, 0.75, 1.0) if self.norm_alpha else x

    def code(self, found: Tensor) -> Tensor:
        """h [N, D] of what pool5 gave."""
        return F.relu(self.fc6(found.flatten(1)))

    def scores(self, h: Tensor) -> Tensor:
        """f [N, F] of codes."""
        return self.fc8(F.relu(self.fc7(h)))

    def forward(self, x: Tensor) -> Tensor:
        return self.scores(self.code(self.pool5(x)))


def shrunk(x: Tensor) -> Tensor:
    return F.max_pool2d(x, 3, 2, ceil_mode=True)


def pooled(side: int) -> int:
    """Pixels a side after ``shrunk``; 0 where there are too few."""
    return -(-(side - 3) // 2) + 1 if side >= 3 else 0


def side_of_pool5(config: EncoderConfig) -> int:
    return pooled(pooled(pooled((config.seen - config.first_kernel) // config.first_stride + 1)))


class LSTM(nn.Module):
    """Caffe's recurrent layer; ``static`` inputs are the same at all steps."""

    def __init__(self, inputs: int, hidden: int, static: int = 0) -> None:
        super().__init__()
        self.x = nn.Linear(inputs, 4 * hidden)  # in the order of Caffe's blobs
        if static:
            self.static = nn.Linear(static, 4 * hidden, bias=False)
        self.h = nn.Linear(hidden, 4 * hidden, bias=False)

    def forward(self, inputs: Tensor, static: Tensor | None = None, own_step_only: bool = False) -> Tensor:
        """States [N, T, H] of ``self.x``'s outputs [N, T, 4 H], ``static`` being [N, 4 H] of ``self.static``.

        ``own_step_only``: no gradient goes from a step to those before it.
        """
        h = c = None
        found = []
        for gates in inputs.unbind(1):
            if static is not None:
                gates = gates + static
            if h is not None:
                gates = gates + self.h(h.detach() if own_step_only else h)
            opened, candidate = gates.split((3 * gates.shape[1] // 4, gates.shape[1] // 4), 1)
            i, f, o = torch.sigmoid(opened).chunk(3, 1)
            kept = 0 if c is None else f * (c.detach() if own_step_only else c)
            c = kept + i * torch.tanh(candidate)
            h = o * torch.tanh(c)
            found.append(h)
        return torch.stack(found, 1)


class LRCN(CaffeNet):
    """p(y | x): a CaffeNet, whose scores the second recurrent layer reads, and the words so far, which the first one reads."""

    def __init__(self, config: EncoderConfig, outputs: int, words: int, units: int) -> None:
        super().__init__(config, outputs)
        self.embedding = nn.Embedding(words, units)
        self.lstm1 = LSTM(units, units)
        self.lstm2 = LSTM(units, units, static=outputs)
        self.predict = nn.Linear(units, words)

    def heard(self, words: Tensor) -> Tensor:
        """What the second layer takes from words [N, T]: [N, T, 4 H]. No image is in it."""
        return self.lstm2.x(self.lstm1(self.lstm1.x(self.embedding(words))))

    def log_probabilities(self, f: Tensor, heard: Tensor, next_words: Tensor, own_step_only: bool = False) -> Tensor:
        """log p of each of ``next_words`` [N, T], in nats."""
        states = self.lstm2(heard, self.lstm2.static(f), own_step_only)
        logits = self.predict(states)
        return logits.gather(2, next_words[:, :, None])[:, :, 0] - logits.logsumexp(2)


class Words(nn.Module):
    """The list of words that a released captioner was trained with, as its file's bytes: part of the weights."""

    def __init__(self, length: int | None) -> None:
        super().__init__()
        if length is not None:
            self.register_buffer("letters", torch.zeros(length, dtype=torch.uint8))

    def lines(self) -> list[str]:
        return bytes(self.letters.tolist()).decode().splitlines()


class Caption(NamedTuple):
    """Captions, read once: what the second recurrent layer takes of their words, and what it is to say."""

    heard: Tensor  # [N, T, 4 H]
    next_words: Tensor  # [N, T]
    there: Tensor  # [N, T] bool: none of the padding

    def of(self, rows: slice) -> Caption:
        return Caption(*(part[rows] for part in self))


def initialise(network: CaffeNet) -> None:
    """Every map as one before rectifiers; only the static one, whose scores may be large, is the library's, smaller."""
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear) and not name.endswith("static"):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)


# --- recipes ---------------------------------------------------------------------------------------------------------


class Encoder(Recipe):
    """CaffeNet as E: image -> code, and how images become what the networks see."""

    Config = EncoderConfig
    reads = ("image", "attributes")

    def __init__(self, config: EncoderConfig, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        self._check(config, about)
        self.outputs = config.outputs or len(about.attributes)
        self.network = CaffeNet(config, self.outputs)
        self.register_buffer("means", torch.tensor(MEANS).view(3, 1, 1), persistent=False)
        initialise(self.network)
        self.network.to(memory_format=torch.channels_last)  # cheaper on the CPU
        self.optimizers = {"adam": torch.optim.Adam(self.network.parameters(), config.learning_rate, fused=True)}

    @staticmethod
    def _check(config: EncoderConfig, about: About) -> None:
        check_crop("lrcn", config.crop, config.image_size, about.image_shape)
        if not 0 < config.seen <= config.image_size:
            raise RedrawError(f"lrcn, seen: {config.seen}: use 1 to {config.image_size} (image_size)")
        if side_of_pool5(config) < 1:
            raise RedrawError(f"lrcn, seen: {config.seen} pixels are too few for three maxima: raise it")
        if len(config.widths) != 5 or any(w % config.groups for w in config.widths):
            raise RedrawError(
                f"lrcn, widths: {list(config.widths)}: give five, each divisible by groups {config.groups}"
            )
        if not config.outputs and not about.attributes:
            raise RedrawError("lrcn, outputs: null, but this data set has no attributes: give a number, or COCO")

    def view(self, image: Tensor, train: bool = False) -> Tensor:
        """Real images [N, 3, seen, seen] as the networks see them, of prepared ones: the middle of ``whole``.

        With ``train`` any part of it, and flipped with probability 1/2.
        """
        image = self.whole(image, train)
        return (
            cut(image, self.config.seen, True) if train and self.config.seen < image.shape[-1] else self.middle(image)
        )

    def whole(self, image: Tensor, train: bool = False) -> Tensor:
        """Real images [N, 3, S, S] of the size that a generator draws: cut out of prepared ones and reduced by area.

        With ``train`` cut at a place of each one's own and flipped with probability 1/2.
        """
        return reduced(image, self.config.crop, self.config.image_size, train)

    def middle(self, image: Tensor) -> Tensor:
        """[N, 3, S, S] -> what the networks see of it, [N, 3, seen, seen]."""
        return cut(image, self.config.seen, train=False)

    def units(self, image: Tensor) -> Tensor:
        """x of images in [-1, 1]."""
        return ((image.flip(1) + 1) * 127.5 - self.means) / self.config.pixel_unit

    def image(self, x: Tensor) -> Tensor:
        """The images in [-1, 1] of x."""
        return ((x * self.config.pixel_unit + self.means) / 127.5 - 1).clamp(-1, 1).flip(1)

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        losses = self.losses(batch, train=True)
        return descended(self.optimizers["adam"], losses, "cross_entropy")

    def losses(self, batch: Batch, train: bool) -> dict[str, Tensor]:
        """``cross_entropy``: between the scores' softmax and an even share for each category that is there, in nats.

        ``error``: the percentage of images whose largest score is of none of these.
        """
        with self.autocast():
            logits = self.network(self.units(self.view(batch["image"], train)))
        there = (batch["attributes"] == 1).float()
        share = there / there.sum(1, keepdim=True).clamp(min=1)
        wrong = there.gather(1, logits.argmax(1, keepdim=True)) == 0
        return {"cross_entropy": F.cross_entropy(logits.float(), share), "error": 100 * wrong.float().mean()}

    @torch.no_grad()
    def validate(self, batch: Batch) -> dict[str, Tensor]:
        return self.losses(batch, train=False)


@dataclasses.dataclass(frozen=True, kw_only=True)
class CaptionerConfig(Schedule):
    """Types and meanings; the values stand in ppgn.yaml."""

    words_bytes: (
        int | None
    )  # length of the released list of words, one a line; None: the words are those of this data set
    released_words: int | None  # how many it has, with 0 for the ends of a caption
    units: int  # of the words' vectors and of both recurrent layers
    learning_rate: float  # Adam's step size


class Captioner(Reads, Recipe):
    """LRCN; its CaffeNet begins with the weights of the ``encoder``, which also says how images are seen."""

    Config = CaptionerConfig
    reads = ("image", "tokens")

    def __init__(self, config: CaptionerConfig, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        for word in (START, END, UNK):
            if word not in about.vocabulary:
                raise RedrawError(f"lrcn: no {word} in the vocabulary: give the run tokens in words with framed: true")
        if bool(config.words_bytes) != bool(config.released_words):
            raise RedrawError("lrcn, words_bytes, released_words: give both, or null for both")
        encoder = self.hold("encoder", needs, "lrcn")
        self.vocabulary = about.vocabulary
        words = config.released_words or len(about.vocabulary)
        self.network = LRCN(encoder.config, encoder.outputs, words, config.units)
        initialise(self.network)
        self.network.to(memory_format=torch.channels_last)
        self.network.load_state_dict(encoder.network.state_dict(), strict=False)
        self.words = Words(config.words_bytes)
        self.optimizers = {"adam": torch.optim.Adam(self.network.parameters(), config.learning_rate, fused=True)}

    def view(self, image: Tensor, train: bool = False) -> Tensor:
        """As the encoder sees real images."""
        return self.held["encoder"].view(image, train)

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        losses = self.losses(batch, train=True)
        return descended(self.optimizers["adam"], losses, "nats_per_word")

    def losses(self, batch: Batch, train: bool) -> dict[str, Tensor]:
        """``nats_per_word``: the cross-entropy of the captions' words and ends."""
        x = self.held["encoder"].units(self.view(batch["image"], train))
        with self.autocast():
            found = self.word_log_probabilities(x, self.read(batch["tokens"]))
        return {"nats_per_word": -found.sum() / (batch["tokens"][:, 1:] != 0).sum()}

    @torch.no_grad()
    def validate(self, batch: Batch) -> dict[str, Tensor]:
        return self.losses(batch, train=False)

    def read(self, tokens: Tensor) -> Caption:
        """Captions [N, T], as the recurrent layers hear them, once for any number of images."""
        words = self.numbers(tokens)
        return Caption(self.network.heard(words[:, :-1]), words[:, 1:], tokens[:, 1:] != 0)

    def numbers(self, tokens: Tensor) -> Tensor:
        """This data set's word ids as the network's. Raises RedrawError where the released list is another one."""
        if self.config.words_bytes is None:
            return tokens
        lines = self.words.lines()
        if UNK not in lines or len(lines) + 1 != self.config.released_words:
            raise RedrawError(
                f"lrcn: {len(lines)} released words, expected {self.config.released_words - 1} with {UNK} among them: import the "
                "list that belongs to the weights"
            )
        known = {word: k for k, word in enumerate(lines, 1)} | dict.fromkeys((PAD, START, END), 0)
        return torch.tensor([known.get(word, known[UNK]) for word in self.vocabulary], device=tokens.device)[tokens]

    def word_log_probabilities(self, x: Tensor, caption: Caption, own_step_only: bool = False) -> Tensor:
        """log p(word | words before it, x) [N, T - 1] in nats, 0 behind a caption's end."""
        network = self.network
        found = network.log_probabilities(network(x), caption.heard, caption.next_words, own_step_only)
        return torch.where(caption.there, found, 0.0)
