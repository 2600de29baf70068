"""Stages with gated linear units that StackGAN-v2's and AttnGAN's generators are made of, and their discriminators' trunk.

Names of submodules are those of the released code (hanzhanggit/StackGAN-v2@6228e34, taoxugit/AttnGAN@0d000e6), so that
released weights load as they are. A model whose first stage is below 64 pixels has fewer doublings, and its discriminators
fewer halvings: the ones nearest to the image are left out.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from .chunks import BatchNorm2d


def conv3x3(before: int, after: int) -> nn.Conv2d:
    return nn.Conv2d(before, after, 3, 1, 1, bias=False)


def gated(before: int, after: int) -> list[nn.Module]:
    """Convolution to twice ``after`` channels, normalisation, gate: half of the channels open the other half."""
    return [conv3x3(before, 2 * after), nn.BatchNorm2d(2 * after), nn.GLU(1)]


def upsampled(before: int, after: int) -> nn.Sequential:
    """[N, before, S, S] -> [N, after, 2 S, 2 S]."""
    return nn.Sequential(nn.Upsample(scale_factor=2, mode="nearest"), *gated(before, after))


class Residual(nn.Module):
    """Two convolutions beside the identity; nothing behind the sum."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.block = nn.Sequential(*gated(width, width), conv3x3(width, width), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.block(x)


class FirstStage(nn.Module):
    """Vectors [N, inputs] -> hidden images [N, channels, side, side], from 4 x 4 pixels with twice the channels a halving."""

    def __init__(self, inputs: int, channels: int, side: int) -> None:
        super().__init__()
        self.doublings = doublings(side)
        width = channels << self.doublings
        self.fc = nn.Sequential(nn.Linear(inputs, 32 * width, bias=False), nn.BatchNorm1d(32 * width), nn.GLU(1))
        for k in range(self.doublings):
            setattr(self, f"upsample{k + 1}", upsampled(width >> k, width >> (k + 1)))

    def forward(self, x: Tensor) -> Tensor:
        x = self.fc(x)
        x = x.view(len(x), -1, 4, 4)
        for k in range(self.doublings):
            x = getattr(self, f"upsample{k + 1}")(x)
        return x


class ToImage(nn.Module):
    """Hidden images [N, channels, S, S] -> images [N, 3, S, S] in [-1, 1]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.img = nn.Sequential(conv3x3(channels, 3), nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        return self.img(x)


class ImageCode(nn.Module):
    """What a discriminator finds in images of one size: [N, 3, S, S] -> [N, 8 ndf, 4, 4]. Heads are the papers' own.

    Its normalisations take several batches at once inside ``chunked``.
    """

    def __init__(self, size: int, ndf: int) -> None:
        super().__init__()
        halvings = doublings(size)
        widths = [ndf << k for k in range(4)][-min(4, halvings) :]
        layers: list[nn.Module] = [nn.Conv2d(3, widths[0], 4, 2, 1, bias=False), nn.LeakyReLU(0.2)]
        for before, after in zip(widths, widths[1:], strict=False):
            layers += halved(before, after)
        self.img_code_s16 = nn.Sequential(*layers)
        self.stages = ["img_code_s16"]
        further = range(halvings - 4)
        for k in further:  # 128 pixels have one more halving, 256 two
            self._add(f"img_code_s{32 << k}", nn.Sequential(*halved(8 * ndf << k, 16 * ndf << k)))
        for k in further:  # and as many convolutions back to 8 ndf channels
            width = 8 * ndf << len(further) - k
            self._add(f"img_code_s{16 << len(further)}_{k + 1}", narrowed(width, width // 2))

    def _add(self, name: str, stage: nn.Module) -> None:
        setattr(self, name, stage)
        self.stages.append(name)

    def features(self, image: Tensor) -> Tensor:
        for name in self.stages:
            image = getattr(self, name)(image)
        return image


class PatchConv2d(nn.Conv2d):
    """A convolution without bias. Where many channels meet at few places the CPU is faster with one product of all patches."""

    MANY, FEW = 1 << 22, 8  # weights; places a side

    def __init__(self, before: int, after: int, kernel: int, stride: int) -> None:
        super().__init__(before, after, kernel, stride, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        if x.device.type != "cpu" or x.shape[-1] > self.FEW or self.weight.numel() < self.MANY:
            return super().forward(x)
        patches = F.unfold(x, self.kernel_size, padding=self.padding, stride=self.stride)  # [N, C k k, L]
        found = F.linear(patches.transpose(1, 2), self.weight.flatten(1)).transpose(1, 2)
        side = (x.shape[-1] + 2 * self.padding[0] - self.kernel_size[0]) // self.stride[0] + 1
        return found.unflatten(2, (-1, side))


def halved(before: int, after: int) -> list[nn.Module]:
    return [PatchConv2d(before, after, 4, 2), BatchNorm2d(after), nn.LeakyReLU(0.2)]


def narrowed(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(PatchConv2d(before, after, 3, 1), BatchNorm2d(after), nn.LeakyReLU(0.2))


def logits(width: int) -> nn.Sequential:
    """[N, width, 4, 4] -> [N, 1, 1, 1]: the released codes have a sigmoid behind it."""
    return nn.Sequential(nn.Conv2d(width, 1, 4, 4))


def tiled(vector: Tensor, like: Tensor) -> Tensor:
    """[N, D] -> [N, D, H, W], H and W those of ``like``."""
    return vector[:, :, None, None].expand(-1, -1, *like.shape[2:])


def doublings(side: int) -> int:
    """How often 4 pixels are doubled to ``side``."""
    return side.bit_length() - 3


def initialise_orthogonal(network: nn.Module) -> None:
    """Convolutions and linear maps orthogonal, normalisations around 1, biases 0; those of convolutions the library's."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.orthogonal_(module.weight, 1.0)
            if isinstance(module, nn.Linear) and module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
            nn.init.zeros_(module.bias)
