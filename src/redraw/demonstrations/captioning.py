"""Show, Attend and Tell: its regulariser, its reward, its search and its optimiser as released, and how captions are scored."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..blocks.uncorrected import UncorrectedAdam
from ..metrics.bleu import bleu
from ..papers.show_attend_tell.beam import search
from ..papers.show_attend_tell.captioner import ShowAttendTell, doubly_stochastic
from ..papers.show_attend_tell.networks import Spoken, State


def doubly_stochastic_readings() -> dict[str, str]:
    """SAT-1: the doubly stochastic term of places looked at evenly, and how much it asks for another share of one of them."""
    captions, words, places = 64, 12, 196
    readings = {
        "as written": "paper",
        "arctic-captions": "arctic",
        "sgrvinod, AaronCCWong": "mean",
        "yunjey": "sixteenth",
    }
    found, slopes = {}, []
    for name, reading in readings.items():
        alpha = torch.full((captions, words, places), 1 / places, requires_grad=True)
        term = doubly_stochastic(alpha, reading)
        term.backward()
        slopes.append(float(alpha.grad[0, 0, 0]))
        found[f"alpha_c 1, {name}"] = (
            f"adds {float(term.detach()):.3g}; its slope is {slopes[-1] / slopes[0]:.3g} of eq. 14's"
        )
    return found


def turned_reward() -> dict[str, str]:
    """SAT-2: hard attention between two places, of which one makes the caption likelier, with both signs of the reward."""
    found = {}
    for name, sign in (("until 91638ca, the reward's gradient turned", -1.0), ("since", 1.0)):
        torch.manual_seed(0)
        config = SimpleNamespace(reward="caption", baseline_decay=0.9, lambda_r=1.0, lambda_e=0.0)
        learner = SimpleNamespace(config=config, taken=frozenset(), training=True, baseline=torch.tensor(-1.5))
        scores = torch.zeros(2, requires_grad=True)
        steps, all_of = torch.optim.SGD([scores], 0.5), torch.ones(16, 1, dtype=torch.bool)
        for _ in range(300):
            alpha = scores.softmax(0).expand(16, 1, 2)
            place = torch.multinomial(alpha[:, 0].detach(), 1)
            spoken = Spoken(*(alpha if field == "alpha" else F.one_hot(place, 2).float() for field in Spoken._fields))
            nats = 1.0 + place.float()  # of the caption: place 0 helps by one
            steps.zero_grad()
            (sign * ShowAttendTell.reinforced(learner, nats, all_of, spoken, all_of)[0]).backward()
            steps.step()
        share = float(scores.detach().softmax(0)[0])
        found[name] = f"the place that helps is looked at with {100 * share:.0f} % after 300 steps, with 50 % at first"
    return found


def borrowed_scores() -> dict[str, str]:
    """SAT-3: what a search with two hypotheses writes when a continuation takes the score of the wrong one."""
    start, end = 0, 1
    # words after "start", "a", "b"; a then b then the end is the likeliest caption
    table = torch.tensor(
        [[0.0, 0.02, 0.58, 0.40], [0.0, 1.0, 0.0, 0.0], [0.0, 0.05, 0.05, 0.90], [0.0, 0.55, 0.40, 0.05]]
    )
    log_p, words = table.clamp(min=1e-9).log(), ("", "end", "a", "b")

    def advance(last: Tensor, state: State) -> tuple[Tensor, State]:
        return log_p[last], state

    def faulty(beam: int, longest: int) -> list[int]:
        live, ended = [(0.0, [start])], []
        for _ in range(longest):
            scores = [[before + float(x) for x in log_p[caption[-1]]] for before, caption in live]
            flat = sorted(((s, k, w) for k, row in enumerate(scores) for w, s in enumerate(row)), reverse=True)[:beam]
            grown = []
            for _, k, word in flat:  # of the scores just sorted, that of its number before the step
                grown.append((flat[k][0], [*live[k][1], word]))
            ended += [found for found in grown if found[1][-1] == end]
            live = [found for found in grown if found[1][-1] != end]
            if not live:
                break
        return max(ended)[1]

    def told(ids: list[int]) -> str:
        total = sum(float(log_p[a, b]) for a, b in zip([start, *ids], ids, strict=False))
        return f'"{" ".join(words[i] for i in ids)}", of probability {float(torch.tensor(total).exp()):.3f}'

    state = State(*(torch.zeros(2, 1) for _ in State._fields))
    right = search(advance, state, 1, 2, start, end, 6)[0].tolist()
    return {
        "each continuation with its own score": told(right),
        "with the score at its place before the step": told(faulty(2, 6)[1:]),
    }


def brevity() -> dict[str, str]:
    """SAT-4: BLEU-4 of captions, and of the same cut short, with the brevity penalty and without."""
    found = {}
    for name, words in (("whole", None), ("their first nine words", 9), ("their first six words", 6)):
        items = _captions(words)
        without, with_penalty = (bleu(items, brevity_penalty=penalty)["value"] for penalty in (False, True))
        found[name] = (
            f"{without:.1f} without the penalty (paper, recalled), {with_penalty:.1f} with it (released metrics.py)"
        )
    return found


def raw_lines() -> dict[str, str]:
    """SAT-6: BLEU-4 of the same captions, cut into words as Karpathy's files are and read as raw lines with their full stops."""
    items = _captions(None)
    found = {}
    for name, tokenizer in (
        ("punctuation taken out, lower case", "karpathy"),
        ("raw lines cut at white space", "spaces"),
    ):
        found[name] = f"BLEU-4 {bleu(items, tokenizer=tokenizer)['value']:.1f}"
    return found


def uncorrected_steps() -> dict[str, str]:
    """SAT-5: how far the released Adam moves a weight at each step, in units of the usual Adam's."""
    sizes = {}
    for kind in ("usual", "released"):
        weights = torch.nn.Parameter(torch.zeros(1))
        optimizer = (
            torch.optim.Adam([weights], 2e-4) if kind == "usual" else UncorrectedAdam([weights], 2e-4, (0.9, 0.999))
        )
        moved = []
        for _ in range(2000):
            before = float(weights.detach())
            weights.grad = torch.ones(1)
            optimizer.step()
            moved.append(abs(float(weights.detach()) - before))
        sizes[kind] = moved
    times = {step: sizes["released"][step - 1] / sizes["usual"][step - 1] for step in (1, 10, 100, 2000)}
    return {
        f"step {step:,} along an even slope": f"{ratio:.2f} times the usual Adam's" for step, ratio in times.items()
    }


def _captions(words: int | None) -> dict[str, object]:
    """Ten images with three references each, and what was written of them, at most ``words`` words of it."""
    things = ("dog", "cat", "bus", "horse", "train", "kite", "boat", "bear", "child", "bird")
    references = np.array(
        [
            [
                f"A {thing} is standing near the side of a road.",
                f"The small {thing} stands on the side of a busy road.",
                f"A {thing} near a road, with a few people behind it.",
            ]
            for thing in things
        ]
    )
    written = [f"a {thing} is standing near the side of a busy street with many people around it" for thing in things]
    if words:
        written = [" ".join(text.split()[:words]) for text in written]
    return {"written": np.array(written), "references": references, "captions": references[:, 0]}
