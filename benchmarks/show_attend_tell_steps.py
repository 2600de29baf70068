"""CPU time of a captioner's training step, against a loop that computes every map by itself at every word; both in one run.

    python benchmarks/show_attend_tell_steps.py [CASE ...] [--quick] [--repeats 5] [--out benchmarks/show_attend_tell_steps.json]

One thread, seconds of the processor, medians of turns taken one after the other. ``difference``: of the two losses, relative;
``gradients``: of the worst tensor. The loop holds the same weights, so that both must come to the same. Annotations are given:
the network that finds them is no part of either. Dropout is off.
"""

from __future__ import annotations

import os

from redraw.core import PROCESS_SETTINGS

os.environ.update(PROCESS_SETTINGS)  # before numpy is loaded

import plain_loop  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from torch import Tensor  # noqa: E402

from redraw.papers.show_attend_tell.captioner import Config, doubly_stochastic  # noqa: E402
from redraw.papers.show_attend_tell.networks import ACTIVATIONS, Decoder  # noqa: E402
from redraw.recipe import make_config  # noqa: E402
from redraw.sheets import PAPERS, read_yaml  # noqa: E402

CASES = {  # scale, places, D, words of the vocabulary, ids of a caption
    "embedded": ("embedded", 64, 64, 600, 15),
    "paper": ("paper", 196, 512, 10000, 13),
}


def plain(decoder: Decoder, a: Tensor, tokens: Tensor, alpha_c: float) -> Tensor:
    """The loss of captions [N, T], word by word as eq. 1 to 7 are written."""
    config, attend = decoder.config, decoder.attend
    h = c = a.mean(1)
    if decoder.mean is not None:
        h = c = torch.relu(decoder.mean(h))
    h, c = torch.tanh(decoder.first_h(h)), torch.tanh(decoder.first_c(c))
    alphas, nats = [], []
    for before, word in zip(tokens.T[:-1], tokens.T[1:], strict=True):
        keys = attend.annotation(a)
        if attend.deeper is not None:
            keys = torch.tanh(attend.deeper(keys))
        scores = attend.score(ACTIVATIONS[config.attention_activation](keys + attend.state(h)[:, None]))
        alpha = torch.softmax(scores[:, :, 0], 1)
        z = (alpha[:, :, None] * a).sum(1)
        if decoder.gate is not None:
            z = torch.sigmoid(decoder.gate(h)) * z
        y = decoder.embedding(before)
        weight = torch.cat([m.weight for m in (decoder.of_word, decoder.of_state, decoder.of_z)], 1)
        i, f, o, g = F.linear(torch.cat([y, h, z], 1), weight, decoder.of_word.bias).chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        said = torch.tanh(decoder.out_h(h) + y + decoder.out_z(z)) if decoder.deep else h
        nats.append(F.cross_entropy(decoder.out(said), word, reduction="none"))
        alphas.append(alpha)
    return sum(nats).mean() + alpha_c * doubly_stochastic(torch.stack(alphas, 1), "paper")


def hoisted(decoder: Decoder, a: Tensor, tokens: Tensor, alpha_c: float) -> Tensor:
    spoken = decoder(decoder.begin(a), tokens, False)
    nats = F.cross_entropy(spoken.logits.transpose(1, 2), tokens[:, 1:], reduction="none")
    return nats.sum(1).mean() + alpha_c * doubly_stochastic(spoken.alpha, "paper")


def measure(name: str, repeats: int, changed: dict) -> dict:
    """One case; ``changed``: fields of the configuration beside the case's own."""
    scale, places, dim, vocabulary, length = CASES[name]
    sheet = read_yaml(PAPERS / "show_attend_tell.yaml")
    values = (
        sheet["config"]["ShowAttendTell"] | sheet["scales"].get(scale, {}).get("ShowAttendTell", {}) | {"dropout": 0}
    )
    values = {k: v["value"] if isinstance(v, dict) else v for k, v in values.items()} | changed
    config = make_config(Config, values | {"as_released": ()}, name)
    torch.manual_seed(0)
    decoder = Decoder(config, dim, vocabulary)
    a = torch.rand(config.batch_size, places, dim)
    tokens = torch.randint(4, vocabulary, (config.batch_size, length))
    found = plain_loop.beside(decoder, repeats, hoisted, plain, a, tokens, 1.0)
    return {"case": name, "batch": config.batch_size, "words": length - 1, **found}


def main(argv: list[str] | None = None) -> None:
    tiny = {"batch_size": 2, "hidden": 6, "word_dim": 5, "attention_units": 4, "init_std": 0.3}
    plain_loop.main(argv, __doc__, __file__, CASES, measure, tiny)


if __name__ == "__main__":
    main()
