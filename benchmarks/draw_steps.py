"""CPU time of DRAW's training step, against a loop that computes every map by itself at every step; both in one run.

    python benchmarks/draw_steps.py [CASE ...] [--quick] [--repeats 5] [--out benchmarks/draw_steps.json]

One thread, seconds of the processor, medians of turns taken one after the other. ``difference``: of the two losses, relative;
``gradients``: of the worst tensor. The loop holds the same weights, so that both must come to the same.
"""

from __future__ import annotations

import os

from redraw.core import PROCESS_SETTINGS

os.environ.update(PROCESS_SETTINGS)  # before numpy is loaded

import plain_loop  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from torch import Tensor, nn  # noqa: E402

from redraw.papers.draw import DRAW, Config, Painter, divergence, log_likelihood  # noqa: E402
from redraw.recipe import About, make_config  # noqa: E402
from redraw.sheets import PAPERS, read_yaml  # noqa: E402

CASES = {
    "embedded, attention": ("embedded", {}),
    "embedded, no attention": ("embedded", {"read_side": None, "write_side": None}),
    "paper, attention": ("paper", {}),
    "paper, no attention": ("paper", {"read_side": None, "write_side": None}),
}


def filterbank(numbers: Tensor, n: int, side: int) -> tuple[Tensor, Tensor, Tensor]:
    """F_Y, F_X and gamma of a square image, as the paper has them: an axis at a time."""
    g_x, g_y, log_sigma2, log_delta, log_gamma = numbers.chunk(5, 1)
    delta, found = (side - 1) / (n - 1) * log_delta.exp(), []
    for g in (g_y, g_x):
        mean = (side + 1) / 2 * (g + 1) + (torch.arange(1, n + 1) - n / 2 - 0.5) * delta
        f = (-(torch.arange(1, side + 1) - mean[:, :, None]).square() / (2 * log_sigma2.exp()[:, :, None])).exp()
        found.append(f / (f.sum(2, keepdim=True) + 1e-4))
    return found[0], found[1], log_gamma.exp()[:, :, None]


class Cell(nn.Module):
    """An LSTM's step whose inputs are joined, gate by gate."""

    def forward(self, parts: list[Tensor], maps: list[nn.Linear], h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        weight = torch.cat([m.weight for m in maps], 1)
        bias = next(m.bias for m in maps if m.bias is not None)
        i, f, o, g = F.linear(torch.cat(parts, 1), weight, bias).chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c


def plain(painter: Painter, x: Tensor, eps: Tensor) -> Tensor:
    """The loss of images x [N, 1, S, S], step by step as eq. 3 to 12 are written."""
    config, n, side, cell = painter.config, len(x), x.shape[2], Cell()
    x = x[:, 0]
    c = painter.canvas.expand(n, -1, -1, -1)[:, 0]
    h_enc, h_dec = painter.h_enc.expand(n, -1), painter.h_dec.expand(n, -1)
    c_enc = c_dec = torch.zeros(n, config.hidden)
    kl = torch.zeros(n)
    for t in range(config.time_steps):
        x_hat = x - torch.sigmoid(c)
        if config.read_side:
            f_y, f_x, gamma = filterbank(painter.read_window(h_dec), config.read_side, side)
            r = [(gamma * (f_y @ image @ f_x.transpose(1, 2))).flatten(1) for image in (x, x_hat)]
        else:
            r = [x.flatten(1), x_hat.flatten(1)]
        maps = [painter.enc_of_read, painter.enc_of_dec, painter.enc_of_enc]
        h_enc, c_enc = cell([torch.cat(r, 1), h_dec, h_enc], maps, h_enc, c_enc)
        mu, log_sigma = painter.latent(h_enc).chunk(2, 1)
        z = mu + log_sigma.exp() * eps[t]
        kl = kl + divergence(mu, log_sigma).sum(1)
        h_dec, c_dec = cell([z, h_dec], [painter.dec_of_z, painter.dec_of_dec], h_dec, c_dec)
        patch = painter.patch(h_dec)
        if config.write_side:
            f_y, f_x, gamma = filterbank(painter.write_window(h_dec), config.write_side, side)
            c = c + f_y.transpose(1, 2) @ patch.view(n, config.write_side, -1) @ f_x / gamma
        else:
            c = c + patch.view_as(x)
    return (kl - log_likelihood(c[:, None], x[:, None])).mean()


def hoisted(painter: Painter, x: Tensor, eps: Tensor) -> Tensor:
    drawn = painter(x, eps)
    return divergence(drawn.mu, drawn.log_sigma).sum((0, 2)).mean() - log_likelihood(drawn.canvas, x).mean()


def measure(name: str, repeats: int, changed: dict) -> dict:
    """One case; ``changed``: fields of the configuration beside the case's own."""
    scale, own = CASES[name]
    sheet = read_yaml(PAPERS / "draw.yaml")
    values = sheet["config"]["DRAW"] | sheet.get("scales", {}).get(scale, {}).get("DRAW", {}) | own | changed
    values = {k: v["value"] if isinstance(v, dict) else v for k, v in values.items()}
    config = make_config(Config, values | {"as_released": ()}, name)
    torch.manual_seed(0)
    painter = DRAW(config, About((1, 28, 28), 1), {}).painter
    x = (torch.rand(config.batch_size, 1, 28, 28) > 0.8).float()
    eps = torch.randn(config.time_steps, config.batch_size, config.latent)
    found = plain_loop.beside(painter, repeats, hoisted, plain, x, eps)
    return {"case": name, "batch": config.batch_size, "steps": config.time_steps, **found}


def main(argv: list[str] | None = None) -> None:
    tiny = {"batch_size": 3, "time_steps": 2, "hidden": 5, "latent": 2}
    plain_loop.main(argv, __doc__, __file__, CASES, measure, tiny)


if __name__ == "__main__":
    main()
