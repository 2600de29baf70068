"""The deep attentional multimodal similarity model of AttnGAN (Xu et al.; CVPR 2018, section 3.2): do picture and caption match?

A recurrent network reads a caption in both directions: its states are the words' features, its two last states the sentence's.
An image encoder finds features of regions and of the whole. Words attend to regions; how well each word's feature agrees with
the regions that it attends to, taken together over the words, is the score of image and caption. Trained so that in a batch
each caption finds its own image and each image its own caption, by words and by sentences. AttnGAN's generator is trained
with the same losses, the encoders being kept as they are.

Glossary
    e      words' features                                         words [N, D, T]
    ē      the sentence's                                          sentence [N, D]
    mask   True where there is no word                             [N, T]
    v, v̄   features of regions, of the whole image                 regions [M, D, R], code [M, D]
    s̄      softmax over words of eᵀv, region by region             [M, N, T, R]
    alpha  softmax over regions of gamma_1 s̄                       [M, N, T, R]
    c      regions' features, weighted by alpha                    [M, N, T, D]
    R(Q,D) log of (sum over words of exp(gamma_2 cos(c, e))) to the power 1 / gamma_2    [M, N]

As written (read on the survey slides; what is recalled says so)
    * R(Q, D) has the exponent 1 / gamma_2; the sum is over all words (M2). gamma_1 is 5 (recalled).
    * All other captions of a batch are negatives.

Differences of the released code (taoxugit/AttnGAN@0d000e6), numbered as in the sheet; those of the generator are in attngan.py
    D2  The exponent is left out: the scores are gamma_2 times as large.
    D3  gamma_1 is 4.
    D6  Pairs of one class are no negatives, in either direction (CUB; COCO's images have no classes).
    D8  Adam is made anew at every epoch: its moments are forgotten.
    D9  Inception's normalisations are in training mode: its weights stay, their running statistics drift to the data.
    D10 Images are enlarged to 299 pixels with the corners aligned, as the PyTorch of that time did unless told otherwise.
    D11 Of a caption that is too long a random part is kept, not its beginning: an entry of the sheet's tokens.

Silences filled from the released code: one layer, dropout of word embeddings, initialisation, Adam with moments of 0.5, a step
size that falls by 2 % an epoch until it is at most a tenth, gradients of the text encoder clipped.

The image encoder is Inception-v3 with ImageNet's weights, which stay, below two trained maps. At sizes below the paper's a few
convolutions stand in for it, trained with the rest: no weights need to be fetched.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from ..blocks.captions import draw_captions
from ..blocks.crops import cut
from ..blocks.pretrained import RELEASED, take
from ..blocks.pyramid import pyramid
from ..core import RedrawError
from ..recipe import About, Batch, Recipe, Schedule, Step

INCEPTION = "inception_v3_google-0cc3c7bd.pth"
RECURRENT = {"lstm": nn.LSTM, "gru": nn.GRU}
ENCODERS = ("inception_v3", "small")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Schedule):
    """Types and meanings; the values stand in attngan.yaml."""

    image_encoder: str  # inception_v3 | small
    pretrained: str | None  # inception_v3: a file of its weights below work/released; null: random ones, for tests
    crop: int  # pixels of a prepared image that are seen, at random while training
    image_size: int  # pixels that the image encoder sees; 299 for inception_v3
    widths: tuple[int, ...]  # small: channels after each halving; the regions are those before the last one
    word_dim: int  # of the word embeddings
    word_dropout: float
    recurrent: str  # lstm | gru
    dim: int  # D
    init_uniform: float  # word embeddings and the maps behind inception_v3 start uniform between minus and plus this
    gamma1: float
    gamma2: float
    gamma3: float
    learning_rate: float  # Adam's step size
    beta1: float
    beta2: float
    decay: float  # of the step size, every epoch,
    least_learning_rate: float  # until it is at most this
    clip: float  # largest norm of the text encoder's gradient
    released_gamma1: float  # D3


# --- encoders --------------------------------------------------------------------------------------------------------


class TextEncoder(nn.Module):
    """tokens [N, T], 0 behind the last word -> words [N, D, T], 0 behind the last word, sentence [N, D], mask [N, T]."""

    def __init__(self, config: Config, vocabulary: int) -> None:
        super().__init__()
        self.encoder = nn.Embedding(vocabulary, config.word_dim)
        self.drop = nn.Dropout(config.word_dropout)
        self.rnn = RECURRENT[config.recurrent](config.word_dim, config.dim // 2, batch_first=True, bidirectional=True)
        nn.init.uniform_(self.encoder.weight, -config.init_uniform, config.init_uniform)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        # A caption none of whose words is known reads as one word, the padding.
        lengths = (tokens != 0).sum(1).clamp(min=1)
        inputs = pack_padded_sequence(self.drop(self.encoder(tokens)), lengths.cpu(), True, enforce_sorted=False)
        states, last = self.rnn(inputs)
        words, _ = pad_packed_sequence(states, True, total_length=tokens.shape[1])
        last = last[0] if isinstance(last, tuple) else last  # an LSTM has cells besides
        mask = torch.arange(tokens.shape[1], device=tokens.device) >= lengths[:, None]
        return words.transpose(1, 2), last.transpose(0, 1).flatten(1), mask


class ImageEncoder(nn.Module):
    """Images [N, 3, H, W] of any size -> regions [N, D, R] and the whole's code [N, D], by two maps behind a trunk."""

    def __init__(self, size: int, corners: bool, regions: int, whole: int, dim: int) -> None:
        super().__init__()
        self.size, self.corners = size, corners
        self.emb_features = nn.Conv2d(regions, dim, 1, bias=False)
        self.emb_cnn_code = nn.Linear(whole, dim)

    def trunk(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Maps [N, regions, h, w] and [N, whole, h', w']."""
        raise NotImplementedError

    def resized(self, image: Tensor) -> Tensor:
        if image.shape[2:] == (self.size, self.size):
            return image
        return F.interpolate(image, (self.size, self.size), mode="bilinear", align_corners=self.corners)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        regions, whole = self.trunk(self.resized(image))
        return self.emb_features(regions).flatten(2), self.emb_cnn_code(whole.mean((2, 3)))


class SmallEncoder(ImageEncoder):
    """Trained from scratch; a convolution for every halving."""

    def __init__(self, config: Config, corners: bool) -> None:
        *_, regions, whole = config.widths
        super().__init__(config.image_size, corners, regions, whole, config.dim)
        self.stages = nn.ModuleList()
        for before, after in zip((3, *config.widths), config.widths, strict=False):
            convolution = nn.Conv2d(before, after, 4, 2, 1, bias=False)
            self.stages.append(nn.Sequential(convolution, nn.BatchNorm2d(after), nn.LeakyReLU(0.2)))

    def trunk(self, image: Tensor) -> tuple[Tensor, Tensor]:
        for stage in self.stages[:-1]:
            image = stage(image)
        return image, self.stages[-1](image)


class InceptionEncoder(ImageEncoder):
    """torchvision's Inception-v3, its weights as they are, below the two maps; names as released."""

    REGIONS = (
        "Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "maxpool1", "Conv2d_3b_1x1", "Conv2d_4a_3x3", "maxpool2",
        *(f"Mixed_{n}" for n in ("5b", "5c", "5d", "6a", "6b", "6c", "6d", "6e")),
    )  # fmt: skip
    WHOLE = ("Mixed_7a", "Mixed_7b", "Mixed_7c")

    def __init__(self, config: Config, corners: bool, drifting: bool) -> None:
        from torchvision.models import inception_v3

        super().__init__(config.image_size, corners, 768, 2048, config.dim)
        self.drifting = drifting
        found = inception_v3(weights=None, init_weights=False, transform_input=False)
        for name in (*self.REGIONS, *self.WHOLE):
            setattr(self, name, getattr(found, name).requires_grad_(False))
        for weight in (self.emb_features.weight, self.emb_cnn_code.weight):
            nn.init.uniform_(weight, -config.init_uniform, config.init_uniform)

    def trunk(self, image: Tensor) -> tuple[Tensor, Tensor]:
        for name in self.REGIONS:
            image = getattr(self, name)(image)
        regions = image
        for name in self.WHOLE:
            image = getattr(self, name)(image)
        return regions, image

    def train(self, mode: bool = True) -> InceptionEncoder:
        super().train(mode)
        if not self.drifting:
            for name in (*self.REGIONS, *self.WHOLE):
                getattr(self, name).eval()
        return self

    def read(self, path: Path) -> None:
        """Take the trunk's weights from torchvision's file. Raises RedrawError where it is missing or another network's."""
        trunk = [key for key in self.state_dict() if not key.startswith("emb_")]
        take(self, trunk, path, INCEPTION, "inception_v3", "damsm")


# --- losses ----------------------------------------------------------------------------------------------------------


def region_attention(raw: Tensor, mask: Tensor, gamma1: float) -> Tensor:
    """alpha [M, N, T, R] of eᵀv [M, N, T, R] and the captions' mask [N, T]: words share a region, then regions a word."""
    shared = raw.masked_fill(mask[:, :, None], -torch.inf).softmax(2)
    return (gamma1 * shared).softmax(3)


def word_scores(
    regions: Tensor, words: Tensor, mask: Tensor, gamma1: float, gamma2: float, exponent: bool
) -> tuple[Tensor, Tensor]:
    """R(Q, D) [M, N] of each of M images with each of N captions, and alpha [M, N, T, R].

    All pairs at once: two products of matrices, where the released code goes caption by caption.
    """
    (images, dim, places), (captions, _, length) = regions.shape, words.shape
    flat = words.transpose(1, 2).reshape(captions * length, dim)
    raw = (flat @ regions).view(images, captions, length, places)
    alpha = region_attention(raw, mask, gamma1)
    context = alpha.view(images, captions * length, places) @ regions.transpose(1, 2)  # c
    lengths = context.norm(dim=2).view(images, captions, length) * words.norm(dim=1)
    cosine = (alpha * raw).sum(3) / lengths.clamp(min=1e-8)  # cᵀe is the weighted sum of eᵀv
    score = (gamma2 * cosine).masked_fill(mask, -torch.inf).logsumexp(2)
    return (score / gamma2 if exponent else score), alpha


def sentence_scores(code: Tensor, sentence: Tensor) -> Tensor:
    """Cosines [M, N] of images' codes [M, D] and captions' [N, D]."""
    lengths = code.norm(dim=1)[:, None] * sentence.norm(dim=1)
    return code @ sentence.T / lengths.clamp(min=1e-8)


def pairing_losses(scores: Tensor, class_id: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """-log P(own caption | image) and -log P(own image | caption), means over a batch whose pairs are the diagonal.

    ``class_id`` [N]: other pairs of one class are left out (D6).
    """
    own = torch.arange(len(scores), device=scores.device)
    if class_id is not None:
        same = (class_id[:, None] == class_id) & (own[:, None] != own)
        scores = scores.masked_fill(same, -torch.inf)
    return F.cross_entropy(scores, own), F.cross_entropy(scores.T, own)


# --- recipe ----------------------------------------------------------------------------------------------------------


class DAMSM(Recipe):
    """Both encoders, and the losses that they and AttnGAN's generator are trained with."""

    Config = Config
    reads = ("image", "class_id", "captions")

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        self._check(config, about)
        taken = config.as_released
        self.exponent, self.gamma1 = "D2" not in taken, config.released_gamma1 if "D3" in taken else config.gamma1
        self.by_class, self.forgets = "D6" in taken, "D8" in taken
        self.text_encoder = TextEncoder(config, len(about.vocabulary))
        if config.image_encoder == "small":
            self.image_encoder: ImageEncoder = SmallEncoder(config, "D10" in taken)
            self.image_encoder.to(memory_format=torch.channels_last)  # faster on the CPU, where Inception is slower so
        else:
            self.image_encoder = InceptionEncoder(config, "D10" in taken, "D9" in taken)
        trained = [p for p in self.parameters() if p.requires_grad]
        self.optimizers = {
            "adam": torch.optim.Adam(trained, config.learning_rate, (config.beta1, config.beta2), fused=True)
        }

    @staticmethod
    def _check(config: Config, about: About) -> None:
        if len(about.vocabulary) < 2 or all(len(word) == 1 for word in about.vocabulary[1:]):
            raise RedrawError("damsm: its captions must be words: give its tokens tokenizer: regexp_ascii")
        if config.image_encoder not in ENCODERS:
            raise RedrawError(f"damsm, image_encoder: {config.image_encoder!r}: use one of {', '.join(ENCODERS)}")
        if config.recurrent not in RECURRENT:
            raise RedrawError(f"damsm, recurrent: {config.recurrent!r}: use one of {', '.join(RECURRENT)}")
        if config.dim % 2:
            raise RedrawError(f"damsm, dim: {config.dim}: half of it is for each direction: use an even number")
        if config.image_encoder == "inception_v3" and config.image_size != 299:
            raise RedrawError(f"damsm, image_size: {config.image_size}: inception_v3 sees 299 pixels")
        if config.image_encoder == "small" and not 2 <= len(config.widths) <= config.image_size.bit_length() - 2:
            raise RedrawError(
                f"damsm, widths: {len(config.widths)} halvings of {config.image_size} pixels: use 2 to "
                f"{config.image_size.bit_length() - 2}"
            )
        channels, height, width = about.image_shape
        if not config.image_size <= config.crop <= min(height, width) or channels != 3:
            raise RedrawError(
                f"damsm, crop: {config.crop} of {channels} x {height} x {width}: it must be image_size {config.image_size} or "
                "more, lie inside the prepared image, and that be in colour"
            )

    @property
    def embedding_dim(self) -> int:
        """D."""
        return self.config.dim

    def view(self, image: Tensor, train: bool = False) -> Tensor:
        """Real images [N, 3, S, S] of prepared ones: the middle, or with ``train`` a random square, flipped or not."""
        return pyramid(cut(image, self.config.crop, train), [self.config.image_size])[0]

    def text(self, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """words [N, D, T], sentence [N, D] and mask [N, T], True where there is no word, of tokens [N, T]."""
        with self.autocast():
            words, sentence, mask = self.text_encoder(tokens)
        return words.float(), sentence.float(), mask

    def image(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """regions [N, D, R] and code [N, D] of images [N, 3, H, W] of any size."""
        with self.autocast():
            regions, code = self.image_encoder(image)
        return regions.float(), code.float()

    def matching_losses(
        self, image: Tensor, words: Tensor, sentence: Tensor, mask: Tensor, class_id: Tensor
    ) -> dict[str, Tensor]:
        """``words_1``, ``words_2``, ``sentence_1``, ``sentence_2``: own image given the caption is 1, the reverse 2.

        ``image`` [N, 3, H, W] goes with row by row with what ``text`` gave.
        """
        regions, code = self.image(image)
        return self.losses_of(regions, code, words, sentence, mask, class_id)

    def losses_of(
        self, regions: Tensor, code: Tensor, words: Tensor, sentence: Tensor, mask: Tensor, class_id: Tensor
    ) -> dict[str, Tensor]:
        """The same of what the image encoder found."""
        config, classes = self.config, class_id if self.by_class else None
        by_words, _ = word_scores(regions, words, mask, self.gamma1, config.gamma2, self.exponent)
        found = {}
        for name, scores in (("words", by_words), ("sentence", sentence_scores(code, sentence))):
            found[f"{name}_2"], found[f"{name}_1"] = pairing_losses(config.gamma3 * scores, classes)
        return found

    def losses(self, batch: Batch, train: bool) -> dict[str, Tensor]:
        """The four losses and their sum ``matching``, each image with one of its captions."""
        words, sentence, mask = self.text(draw_captions(batch["captions"], 1)[:, 0])
        image = self.view(batch["image"], train)
        found = self.matching_losses(image, words, sentence, mask, batch["class_id"])
        return found | {"matching": torch.stack(list(found.values())).sum()}

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        config, optimizer = self.config, self.optimizers["adam"]
        if at.index == 0 and config.pretrained and isinstance(self.image_encoder, InceptionEncoder):
            self.image_encoder.read(RELEASED / config.pretrained)  # here, not where it is built: later it has its own
        # Epoch by epoch it falls until it is no longer above the least one.
        falls = max(0, math.ceil(math.log(config.least_learning_rate / config.learning_rate, config.decay)))
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * config.decay ** min(int(at.epoch), falls)
        before = at.epoch * max(at.index - 1, 0) / max(at.index, 1)
        if self.forgets and int(at.epoch + 1e-9) > int(before + 1e-9):
            optimizer.state.clear()
        losses = self.losses(batch, train=True)
        optimizer.zero_grad()
        losses["matching"].backward()
        nn.utils.clip_grad_norm_(self.text_encoder.parameters(), config.clip)
        optimizer.step()
        return {name: loss.detach() for name, loss in losses.items()}

    @torch.no_grad()
    def validate(self, batch: Batch) -> dict[str, Tensor]:
        """Means over parts of ``batch_size`` images, since a loss depends on how many others there are.

        Images of a split lie class by class: a part takes every so-manieth, or it would hold few classes.
        """
        total = len(batch["image"])
        every = -(-total // self.config.batch_size)
        sums: dict[str, Tensor] = {}
        for first in range(min(every, total)):
            part = {name: field[first::every] for name, field in batch.items()}
            for name, loss in self.losses(part, train=False).items():
                sums[name] = sums.get(name, 0) + loss * len(part["image"]) / total
        return sums

    @torch.no_grad()
    def encode(self, batch: Batch) -> dict[str, Tensor]:
        """``text_embedding`` [N, D] where there are tokens, ``image_embedding`` [N, D] where there are images."""
        found = {}
        if "tokens" in batch:
            found["text_embedding"] = self.text(batch["tokens"])[1]
        if "image" in batch:
            found["image_embedding"] = self.image(batch["image"])[1]
        return found
