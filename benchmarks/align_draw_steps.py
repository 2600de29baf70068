"""Steps per second of alignDRAW's training against a plain loop, in turns in one run, on the same batches and noise.

    python benchmarks/align_draw_steps.py [--steps 5] [--repeats 3] [--out benchmarks/align_draw_steps.json]

The plain loop is the equations as they stand, as the published PyTorch port has them: words as one-hot vectors times a
matrix, each projection of h^gen and of the words where it is needed, each window by itself, an LSTM's gates one by one. Its
first losses must be those of the recipe. Seconds of the processor, one thread, the least of the repeats.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

from redraw.core import PROCESS_SETTINGS, write_json

os.environ.update(PROCESS_SETTINGS)  # before torch is loaded

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from torch import Tensor  # noqa: E402

from redraw import engine  # noqa: E402
from redraw.blocks.captions import draw_captions  # noqa: E402
from redraw.blocks.windows import window  # noqa: E402
from redraw.papers.align_draw import AlignDRAW  # noqa: E402
from redraw.papers.align_draw.config import Config  # noqa: E402
from redraw.recipe import About, Step, make_config  # noqa: E402
from redraw.sheets import PAPERS, read_yaml  # noqa: E402

WORDS = {"embedded": 600, "paper": 25323}


def config(scale: str) -> tuple[Config, About, int]:
    """The sheet's values; at paper 4 images instead of 100 and 8 of the 32 time steps, so that it fits a CPU."""
    sheet = read_yaml(PAPERS / "align_draw.yaml")
    values = {**sheet["config"]["AlignDRAW"], "as_released": ()}
    if scale == "embedded":
        small = sheet["scales"]["embedded"]["AlignDRAW"]
        values |= {name: v["value"] if isinstance(v, dict) else v for name, v in small.items()}
    else:
        values |= {"batch_size": 4, "time_steps": 8}
    words = tuple(f"word{k}" for k in range(WORDS[scale]))
    return make_config(Config, values, "benchmark"), About((3, 32, 32), 1, words), values["batch_size"]


def cell(x: list[tuple[Tensor, Tensor]], bias: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
    gates = sum(values @ weight.T for values, weight in x) + bias
    i, f, g, o = gates.chunk(4, 1)
    new = f.sigmoid() * before + i.sigmoid() * g.tanh()
    return o.sigmoid() * new.tanh(), new


def plain_words(model: AlignDRAW, tokens: Tensor) -> Tensor:
    """h^lang [N, T, 2 U] of captions of one length."""
    language, found = model.text.language, []
    directions = (
        (language.forward_words, language.forward_state, tokens),
        (language.backward_words, language.backward_state, tokens.flip(1)),
    )
    for words, state, read in directions:
        h = language.start.expand(len(tokens), -1)
        c, states = torch.zeros_like(h), []
        for token in read.unbind(1):
            one_hot = F.one_hot(token, words.num_embeddings).float()
            h, c = cell([(one_hot, words.weight.T), (h, state.weight)], state.bias, c)
            states.append(h)
        found.append(torch.stack(states, 1))
    return torch.cat([found[0], found[1].flip(1)], 2)


def plain_loss(model: AlignDRAW, batch: dict[str, Tensor]) -> Tensor:
    """As ``losses`` of the recipe, which draws caption and noise in the same order."""
    net, text, config = model.image, model.text, model.config
    image, tokens = (batch["image"] + 1) / 2, draw_captions(batch["captions"], 1)[:, 0]
    n, side = len(image), image.shape[2:]
    eps = torch.randn(config.time_steps, n, config.latents)
    features = plain_words(model, tokens)
    h_gen, h_infer, canvas = net.h0_gen.expand(n, -1), net.h0_infer.expand(n, -1), net.c0.expand(n, -1, -1, -1)
    c_gen, c_infer = torch.zeros_like(h_gen), torch.zeros_like(h_infer)
    mu_p = log_p = torch.zeros(n, config.latents)
    kl = 0.0
    for noise in eps.unbind(0):
        seen = window(net.read_window(h_gen), config.window, *side)
        r = torch.cat([seen.read(image), seen.read(image - canvas.sigmoid())], 1).flatten(1)
        h_infer, c_infer = cell(
            [(torch.cat([r, h_gen], 1), net.infer_input.weight), (h_infer, net.infer_state.weight)],
            net.infer_state.bias,
            c_infer,
        )
        mu, log_sigma = net.mu(h_infer), 0.5 * net.log_variance(h_infer)
        z = mu + log_sigma.exp() * noise
        kl = kl + 0.5 * (
            ((mu - mu_p) ** 2 + (2 * log_sigma).exp()) / (2 * log_p).exp() - 1 - 2 * log_sigma + 2 * log_p
        ).sum(1)
        scores = torch.tanh(text.words(features) + net.question(h_gen)[:, None]) @ text.v
        s = (scores.softmax(1)[:, :, None] * features).sum(1)
        h_gen, c_gen = cell(
            [(z, net.gen_z.weight), (s, net.gen_s.weight), (h_gen, net.gen_state.weight)], net.gen_state.bias, c_gen
        )
        mu_p, log_p = net.prior(h_gen).tanh().chunk(2, 1)
        stroke = window(net.write_window(h_gen), config.window, *side)
        canvas = canvas + stroke.write(net.patch(h_gen).view(n, -1, config.window, config.window))
    return (F.binary_cross_entropy(canvas.sigmoid(), image, reduction="none").flatten(1).sum(1) + kl).mean()


class Plain(AlignDRAW):
    """The recipe with the plain loop in place of its own."""

    def losses(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        return {"loss": plain_loss(self, batch)}


def measure(scale: str, steps: int, repeats: int) -> dict:
    settings, about, n = config(scale)
    generator = torch.Generator().manual_seed(0)
    batch = {
        "image": torch.rand(n, *about.image_shape, generator=generator) * 2 - 1,
        "captions": torch.randint(1, len(about.vocabulary), (n, 1, 12), generator=generator),
    }
    models, first, least = {}, {}, {}
    for name, kind in (("ours", AlignDRAW), ("plain", Plain)):
        torch.manual_seed(0)
        models[name] = kind(settings, about, {})
        engine.seed_everything(0, 0)
        first[name] = float(models[name].train_step(batch, Step(0, 1, 0.0))["loss"])
    for repeat in range(repeats):
        for name, model in models.items():
            start = time.process_time()
            for step in range(steps):
                engine.seed_everything(0, 1 + repeat * steps + step)
                model.train_step(batch, Step(step, 1, 0.0))
            least[name] = min(least.get(name, float("inf")), (time.process_time() - start) / steps)
    apart = abs(first["ours"] / first["plain"] - 1)
    if apart > 1e-5:
        raise SystemExit(f"{scale}: first losses {first} are not the same: this compares two models")
    return {
        "scale": scale, "batch": n, "time_steps": settings.time_steps, "words": len(about.vocabulary),
        "steps_per_second": {name: round(1 / seconds, 2) for name, seconds in least.items()},
        "gain": round(least["plain"] / least["ours"], 2), "first_losses_apart": float(f"{apart:.1e}"),
    }  # fmt: skip


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--steps", type=int, default=5)
    p.add_argument("--repeats", type=int, default=3)
    p.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"))
    a = p.parse_args()
    torch.set_num_threads(1)
    results = [measure(scale, a.steps, a.repeats) for scale in WORDS]
    write_json(a.out, {"torch": torch.__version__, "cases": results})
    print(results)


if __name__ == "__main__":
    main()
