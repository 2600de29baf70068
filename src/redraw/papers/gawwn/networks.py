"""The networks of the two models that draw images: generators, discriminators and what they are made of."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...blocks.chunks import BatchNorm2d
from ...blocks.crops import MIRRORED_PARTS
from .config import Config

PARTS = len(MIRRORED_PARTS)  # K


# --- parts of networks -----------------------------------------------------------------------------------------------


def grid_of(size: int) -> int:
    """M."""
    return 16 if size >= 64 else 8


def halvings(before: int, after: int) -> int:
    return before.bit_length() - after.bit_length()


def conv(before: int, after: int, kernel: int, stride: int = 1, padding: int = 0) -> list[nn.Module]:
    return [nn.Conv2d(before, after, kernel, stride, padding), BatchNorm2d(after)]


def grown(before: int, after: int, kernel: int = 4, stride: int = 2, padding: int = 1) -> list[nn.Module]:
    """A transposed convolution: by default twice the sides."""
    return [nn.ConvTranspose2d(before, after, kernel, stride, padding), BatchNorm2d(after)]


def chain(widths: list[int], activation: nn.Module) -> list[nn.Module]:
    """Convolutions of stride 2 from width to width."""
    return [
        m for a, b in zip(widths, widths[1:], strict=False) for m in (*conv(a, b, 4, 2, 1), activation)
    ]  # fmt: skip


class Residual(nn.Module):
    """A bottleneck of three convolutions beside the identity."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        first, second = [*conv(width, inner, 1), nn.ReLU()], [*conv(inner, inner, 3, 1, 1), nn.ReLU()]
        self.body = nn.Sequential(*first, *second, *conv(inner, width, 3, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.body(x))


def to_image(before: int, widths: list[int], doublings: int) -> list[nn.Module]:
    """``doublings`` stages, the last one to an image in [-1, 1]; of ``widths`` those nearest to it are left out."""
    layers: list[nn.Module] = []
    for width in widths[: doublings - 1]:
        layers += [*grown(before, width), nn.ReLU()]
        before = width
    return [*layers, nn.ConvTranspose2d(before, 3, 4, 2, 1), nn.Tanh()]


def tiled(vector: Tensor, side: int) -> Tensor:
    """[N, D] -> [N, D, side, side]."""
    return vector[:, :, None, None].expand(-1, -1, side, side)


def initialise(network: nn.Module) -> None:
    """Convolutions normal with deviation .02, normalisations around 1, both without bias; the rest is the library's."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.BatchNorm1d | nn.BatchNorm2d):
            normalisation = isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d)
            nn.init.normal_(module.weight, 1.0 if normalisation else 0.0, 0.02)
            nn.init.zeros_(module.bias)


def sampled(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """x [N, C, M, M] read at scale * p + shift [N, 2] (x, y) for p from corner to corner, -1 to 1."""
    theta = torch.cat([torch.diag_embed(scale), shift[:, :, None]], 2)  # [N, 2, 3]
    grid = F.affine_grid(theta.to(x.dtype), list(x.shape), align_corners=True)
    return F.grid_sample(x, grid, align_corners=True)


def cut_out(x: Tensor, box: Tensor) -> Tensor:
    """What lies in the box, made as large as the grid."""
    return sampled(x, box[:, 2:], 2 * box[:, :2] + box[:, 2:] - 1)


def put_in(x: Tensor, box: Tensor) -> Tensor:
    """What fills the grid, made as small as the box and laid there; 0 outside."""
    return sampled(x, 1 / box[:, 2:], (1 - 2 * box[:, :2] - box[:, 2:]) / box[:, 2:])


def maps_of(points: Tensor, side: int, threshold: float, by_rounding: bool = False) -> Tensor:
    """Points [N, K, 3] -> maps [N, K, side, side]: 1 at the cell of each point whose third number is above ``threshold``."""
    place = points[..., :2] * side
    cell = (place.round() - 1 if by_rounding else place.floor()).clamp(0, side - 1).long()
    found = points.new_zeros(*points.shape[:2], side * side)
    seen = (points[..., 2:] > threshold).to(found)
    return found.scatter(2, cell[..., 1:] * side + cell[..., :1], seen).unflatten(2, (side, side))


# --- generators: noise [N, Z], embeddings [N, E] and places -> images [N, 3, S, S] ------------------------------------


class BoxGenerator(nn.Module):
    def __init__(self, config: Config, embedding: int) -> None:
        super().__init__()
        n, self.grid = config.ngf, grid_of(config.image_size)
        down = halvings(self.grid, 4)
        widths = [8 * n, 4 * n, 2 * n][-down - 1 :]
        self.noise, self.text = nn.Linear(config.nz, 4 * n), nn.Linear(embedding, 4 * n)
        self.global_noise = nn.Linear(config.nz, 4 * n)
        self.global_text = nn.Sequential(
            *chain([4 * n] * (down + 1), nn.ReLU()), *conv(4 * n, 4 * n, 4), nn.ReLU(), nn.Flatten()
        )
        whole, part = [*grown(8 * n, widths[0], 4, 1, 0), nn.ReLU()], grown(8 * n, widths[0], 4, 1, 0)
        for before, after in zip(widths, widths[1:], strict=False):
            whole += [*grown(before, after), nn.ReLU()]
            part += [Residual(before, before // 4), *grown(before, after)]
        self.global_path, self.local_path = nn.Sequential(*whole), nn.Sequential(*part)
        self.joint = nn.Sequential(
            *grown(4 * n, 2 * n, 3, 1, 1), nn.ReLU(),
            *to_image(2 * n, [n, max(1, n // 4)], halvings(config.image_size, self.grid)),
        )  # fmt: skip

    def forward(self, z: Tensor, h: Tensor, box: Tensor) -> Tensor:
        text = self.text(h)
        seen = self.global_text(put_in(tiled(text, self.grid), box))
        whole = F.relu(torch.cat([self.global_noise(z), seen], 1))
        part = F.relu(torch.cat([self.noise(z), text], 1))
        whole, part = self.global_path(whole[:, :, None, None]), self.local_path(part[:, :, None, None])
        return self.joint(torch.cat([whole, F.relu(put_in(part, box))], 1))


class MapGenerator(nn.Module):
    def __init__(self, config: Config, embedding: int) -> None:
        super().__init__()
        n, self.grid = config.ngf, grid_of(config.image_size)
        widths = [4 * n, 2 * n, n][-halvings(self.grid, 4) - 1 :]
        self.noise, self.text = nn.Linear(config.nz, 4 * n), nn.Linear(embedding, 4 * n)
        self.local_vector, self.global_vector = (nn.Sequential(*dense(8 * n, 4 * n), nn.ReLU()) for _ in range(2))
        self.local_path = nn.Sequential(*grown(4 * n, 4 * n, 3, 1, 1), nn.ReLU())
        self.global_maps = nn.Sequential(
            *chain([PARTS, *widths[:0:-1]], nn.ReLU()), *conv(widths[1], 4 * n, 4), nn.ReLU(), nn.Flatten()
        )
        whole = [*grown(8 * n, widths[0], 4, 1, 0), nn.ReLU()]
        for before, after in zip(widths, widths[1:], strict=False):
            whole += [*grown(before, after), nn.ReLU()]
        self.global_path = nn.Sequential(*whole)
        self.joint = nn.Sequential(
            *grown(5 * n + PARTS, 4 * n, 3, 1, 1), nn.ReLU(), *grown(4 * n, 4 * n, 3, 1, 1), Residual(4 * n, n),
            *to_image(4 * n, [2 * n, n], halvings(config.image_size, self.grid)),
        )  # fmt: skip

    def forward(self, z: Tensor, h: Tensor, maps: Tensor) -> Tensor:
        vector = F.relu(torch.cat([self.noise(z), self.text(h)], 1))
        part = self.local_path(tiled(self.local_vector(vector), self.grid) * anywhere(maps))
        whole = torch.cat([self.global_vector(vector), self.global_maps(maps)], 1)
        return self.joint(torch.cat([self.global_path(whole[:, :, None, None]), part, maps], 1))


def anywhere(maps: Tensor) -> Tensor:
    """[N, 1, M, M]: 1 where there is any part."""
    return maps.sum(1, keepdim=True).clamp(0, 1)


def dense(before: int, after: int) -> list[nn.Module]:
    """A linear map and its normalisation, which takes several batches at once inside ``chunked``."""
    return [nn.Linear(before, after), nn.Unflatten(1, (after, 1, 1)), BatchNorm2d(after), nn.Flatten()]


# --- discriminators: images, embeddings and places -> logits [N] of being a right pair ---------------------------------


class Discriminator(nn.Module):
    """What both have in common. In two parts, since one image may meet several captions."""

    def __init__(self, config: Config, embedding: int, more_local: int, more_global: int) -> None:
        super().__init__()
        d, self.grid = config.ndf, grid_of(config.image_size)
        n = halvings(config.image_size, self.grid)
        widths = [d, d, 2 * d][-n:]
        trunk: list[nn.Module] = [nn.Conv2d(3, widths[0], 4, 2, 1), nn.LeakyReLU(0.2)]
        for k, (before, after) in enumerate(zip(widths, widths[1:], strict=False), 1):
            first = conv(before, after, 4, 2, 1)
            trunk += [*(first if k == n - 1 else first[:1]), nn.LeakyReLU(0.2)]
        self.trunk = nn.Sequential(*trunk, *conv(2 * d, 2 * d, 3, 1, 1), nn.LeakyReLU(0.2))
        self.text = nn.Sequential(nn.Linear(embedding, config.nt), nn.LeakyReLU(0.2))
        self.local_pair = nn.Sequential(*conv(2 * d + config.nt, 2 * d, 3, 1, 1), nn.LeakyReLU(0.2))
        self.local_path = nn.Sequential(
            *conv(2 * d + more_local, 2 * d, 1), nn.LeakyReLU(0.2), nn.Conv2d(2 * d, d, 1), nn.AdaptiveAvgPool2d(1),
            nn.LeakyReLU(0.2), nn.Flatten(),
        )  # fmt: skip
        down = halvings(self.grid, 4)
        self.global_path = nn.Sequential(*chain([2 * d, *[4 * d, 8 * d][-down:]], nn.LeakyReLU(0.2)))
        self.global_pair = nn.Sequential(
            *conv(8 * d + more_global, 4 * d, 1), nn.LeakyReLU(0.2), *conv(4 * d, d, 4), nn.LeakyReLU(0.2), nn.Flatten()
        )
        self.head = nn.Sequential(*dense(2 * d, d), nn.LeakyReLU(0.2), nn.Linear(d, 1), nn.Flatten(0))

    def judge(self, features: Tensor, h: Tensor, place: Tensor) -> Tensor:
        """Logits [N] of features [N, 2 ndf, M, M] that the trunk found."""
        text = self.text(h)
        pair = self.local_pair(torch.cat([features, tiled(text, self.grid)], 1))
        whole = torch.cat([self.global_path(features), self.global_text(text)], 1)
        return self.head(torch.cat([self.local_path(self.at_place(pair, place)), self.global_pair(whole)], 1))

    def forward(self, image: Tensor, h: Tensor, place: Tensor) -> Tensor:
        return self.judge(self.trunk(image), h, place)

    def at_place(self, pair: Tensor, place: Tensor) -> Tensor:
        raise NotImplementedError

    def global_text(self, text: Tensor) -> Tensor:
        """[N, more_global, 4, 4]"""
        raise NotImplementedError


class BoxDiscriminator(Discriminator):
    """The released global path has the text cut out by the box, too: of a tiled text that is the text (GAWWN-1)."""

    def __init__(self, config: Config, embedding: int) -> None:
        super().__init__(config, embedding, 0, config.ndf)
        widths = [4 * config.ndf, config.ndf][-halvings(self.grid, 4) :]
        self.text_path = nn.Sequential(*chain([config.nt, *widths], nn.ReLU()))

    def at_place(self, pair: Tensor, place: Tensor) -> Tensor:
        return cut_out(pair, place)

    def global_text(self, text: Tensor) -> Tensor:
        return self.text_path(tiled(text, self.grid))


class MapDiscriminator(Discriminator):
    def __init__(self, config: Config, embedding: int) -> None:
        super().__init__(config, embedding, PARTS, config.nt)

    def at_place(self, pair: Tensor, place: Tensor) -> Tensor:
        return torch.cat([pair * anywhere(place), place], 1)

    def global_text(self, text: Tensor) -> Tensor:
        return tiled(text, 4)
