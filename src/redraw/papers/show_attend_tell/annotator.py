"""What the captioner sees: annotations of an image, a vector for each place of a network's last map."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...blocks.adversarial import adam, descended, set_step_size
from ...blocks.crops import check_crop, cut, reduced
from ...blocks.pretrained import RELEASED, take
from ...core import RedrawError
from ...data.tables import SPECIALS
from ...recipe import About, Batch, Recipe, Schedule, Step

FILE = "vgg19-dcbb9e9d.pth"
NETWORKS = ("vgg19", "small")
RARE = -3.0  # logit of all words at the start: one in twenty is there
MEANS, DEVIATIONS = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's colours in [0, 1], torchvision's


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Schedule):
    """Types and meanings; the values stand in show_attend_tell.yaml."""

    network: str  # vgg19 | small
    pretrained: str | None  # vgg19: a file of its weights below work/released; null: random ones, for tests
    crop: int  # pixels of a prepared image that are seen
    image_size: int  # they are reduced to so many
    widths: tuple[int, ...]  # small: channels of the convolutions
    strides: tuple[int, ...]  # and how far apart each looks
    learning_rate: float  # Adam's step size
    last_learning_rate: float  # reached in a straight line at the last step
    beta1: float
    beta2: float


class Small(nn.Sequential):
    """Images [N, 3, S, S] in [-1, 1] -> [N, D, S / strides, S / strides]; trained from nothing."""

    def __init__(self, widths: tuple[int, ...], strides: tuple[int, ...]) -> None:
        layers: list[nn.Module] = []
        for before, after, stride in zip((3, *widths), widths, strides, strict=False):
            layers += [nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        super().__init__(*layers)


class VGG19(nn.Module):
    """torchvision's VGG-19 up to conv5_4, rectified, before the last maximum; its weights stay. Names as released."""

    def __init__(self) -> None:
        from torchvision.models.vgg import cfgs, make_layers

        super().__init__()
        self.features = make_layers(cfgs["E"])[:-1].requires_grad_(False)
        for name, values in (("means", MEANS), ("deviations", DEVIATIONS)):
            self.register_buffer(name, torch.tensor(values).view(3, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        return self.features(((image + 1) / 2 - self.means) / self.deviations)

    def read(self, path: Path) -> None:
        """Take the weights from torchvision's file. Raises RedrawError where it is missing or another network's."""
        take(self, self.state_dict().keys(), path, FILE, "vgg19", "show_attend_tell")


class Annotator(Recipe):
    """A network that says which words of its vocabulary any caption of an image has; what it finds at each place is kept.

    Each place says by itself which words it shows, and the largest of these logits counts: places learn to tell what is there.
    """

    Config = Config
    reads = ("image", "captions")

    def __init__(self, config: Config, about: About, needs: Mapping[str, Recipe]) -> None:
        super().__init__(config, about, needs)
        self._check(config, about)
        self.network = VGG19() if config.network == "vgg19" else Small(config.widths, config.strides)
        self.network.to(memory_format=torch.channels_last)  # cheaper on the CPU
        self.dim = 512 if config.network == "vgg19" else config.widths[-1]  # D
        self.side = config.image_size  # of the map; L is its square
        for stride in config.strides if config.network == "small" else (2,) * 4:
            self.side = -(-self.side // stride)
        self.words = nn.Linear(self.dim, len(about.vocabulary))
        nn.init.constant_(self.words.bias, RARE)
        said = torch.tensor([word not in SPECIALS for word in about.vocabulary])
        self.register_buffer("said", said, persistent=False)
        self.optimizers = {"adam": adam(self, config)}

    @staticmethod
    def _check(config: Config, about: About) -> None:
        check_crop("show_attend_tell", config.crop, config.image_size, about.image_shape)
        if config.network not in NETWORKS:
            raise RedrawError(f"show_attend_tell, network: {config.network!r}: use one of {', '.join(NETWORKS)}")
        if config.network == "vgg19" and config.image_size % 16:
            raise RedrawError(f"show_attend_tell, image_size: {config.image_size}: vgg19 halves it four times")
        if config.network == "small" and (len(config.widths) != len(config.strides) or not config.widths):
            raise RedrawError(
                f"show_attend_tell, strides: {len(config.strides)} for {len(config.widths)} widths: give one for each"
            )
        if not set(about.vocabulary) - {*SPECIALS}:
            raise RedrawError("show_attend_tell: a vocabulary without words: give the run tokens in words")

    def view(self, image: Tensor, train: bool = False) -> Tensor:
        """Real images [N, 3, S, S] of prepared ones: the middle, or with ``train`` any part of it, flipped or not."""
        crop, size = self.config.crop, self.config.image_size
        return cut(image, crop, train) if crop == size else reduced(image, crop, size, train)

    def annotate(self, image: Tensor) -> Tensor:
        """a [N, L, D] of images [N, 3, S, S] in [-1, 1], places row by row."""
        with self.autocast():
            return self.network(image).flatten(2).transpose(1, 2)

    def losses(self, batch: Batch, train: bool) -> dict[str, Tensor]:
        """``cross_entropy``: of all words that are there or not, nats per image · ``not_precise``: 100 less the average
        precision of the words, ranked for each image by their logits, in percent."""
        captions, said = batch["captions"], self.said
        a = self.annotate(self.view(batch["image"], train))
        with self.autocast():
            logits = self.words(a).float().amax(1)
        there = torch.zeros_like(logits).scatter_(1, captions.flatten(1), 1.0)[:, said]
        found = F.binary_cross_entropy_with_logits(logits[:, said], there, reduction="none").sum(1).mean()
        ranked = there.gather(1, logits[:, said].argsort(1, descending=True))
        precision = ranked.cumsum(1) / torch.arange(1, ranked.shape[1] + 1, device=ranked.device)
        average = (ranked * precision).sum(1) / ranked.sum(1).clamp(min=1)
        return {"cross_entropy": found, "not_precise": 100 * (1 - average.mean())}

    def train_step(self, batch: Batch, at: Step) -> dict[str, Tensor]:
        config, share = self.config, at.index / at.total
        if at.index == 0 and config.pretrained and isinstance(self.network, VGG19):
            self.network.read(RELEASED / config.pretrained)  # here, not where it is built: later it has its own
        set_step_size(self.optimizers, (1 - share) * config.learning_rate + share * config.last_learning_rate)
        return descended(self.optimizers["adam"], self.losses(batch, train=True), "cross_entropy")

    @torch.no_grad()
    def validate(self, batch: Batch) -> dict[str, Tensor]:
        return self.losses(batch, train=False)
