"""Numbers as papers print them, held against each other: nothing is trained or drawn. The numbers are read from the sheets."""

from __future__ import annotations

import math
import statistics
from typing import Any

from ..core import Quantity
from ..report import identities
from ..report.arithmetic import gain_interval, possible
from ..report.printed import printed_cells
from ..sheets import PAPERS, read_yaml
from . import setting

FOLD, FOLDS = 3_000, 10
"""Images of each of ten folds of the 30,000 that R-precision is said to be of"""
EPOCHS = 600
"""Of each stage of StackGAN (recalled; released)"""


def printed(paper: str, metric: str, table: str = "") -> list[dict[str, Any]]:
    """The printed cells of a paper's columns of one metric, in the order of its tables."""
    cells = printed_cells(read_yaml(PAPERS / f"{paper}.yaml"))
    return [c for c in cells if c["metric"] == metric and table in ("", c["table"])]


def quantity(paper: str, metric: str, dataset: str, row: str) -> Quantity:
    """The first printed number of a row whose label ends with ``row``."""
    cells = [c for c in printed(paper, metric) if c["dataset"] == dataset and c["row"].endswith(row)]
    return next(q for c in cells if (q := Quantity.parse(c["printed"])))


def sums_of_ranks() -> dict[str, str]:
    """STACKGAN-1: the mean human ranks of each column, and what ranks of so many methods sum to."""
    return _human_ranks("stackgan", lambda terms: f"sum to {sum(t.value for t in terms):.2f}, ranks of {len(terms)} methods to "
                        f"{len(terms) * (len(terms) + 1) / 2:g}")  # fmt: skip


def spreads_of_two_ranks() -> dict[str, str]:
    """STACKGAN-2, STACKGAN-V2-5: the ± of two methods' ranks, of which one is three less the other."""
    found = {}
    for paper in ("stackgan", "stackgan_v2"):
        found |= _human_ranks(paper, lambda terms: f"± {' and '.join(f'{t.spread:.2f}' for t in terms)}", 2)
    return found


def _human_ranks(paper: str, told: Any, methods: int = 0) -> dict[str, str]:
    """A line for each column of ranks (of ``methods`` methods), with what the audit says of it where it says something."""
    cells, found = [c for c in printed(paper, "HR") if Quantity.parse(c["printed"])], {}
    for table, dataset in dict.fromkeys((c["table"], c["dataset"]) for c in cells):
        column = [c for c in cells if (c["table"], c["dataset"]) == (table, dataset)]
        terms = [Quantity.parse(c["printed"]) for c in column]
        if methods and len(terms) != methods:
            continue
        answer = possible(column[0], {}, column)
        shown = " + ".join(c["printed"] for c in column)
        found[f"{paper}, {dataset}: {shown}"] = f"{told(terms)}: {answer['verdict']}"
    return found


def gain_over_two_printings() -> dict[str, str]:
    """ATTNGAN-1: AttnGAN's gain on CUB over each of the two scores that are printed of StackGAN-v2."""
    new = quantity("attngan", "IS", "cub", "AttnGAN")
    here = quantity("attngan", "IS", "cub", "StackGAN-v2")
    own = next(
        q
        for c in printed("stackgan_v2", "IS")
        if c["dataset"] == "cub" and "v2" in c["row"] and (q := Quantity.parse(c["printed"]))
    )
    found = {
        f"{new.text} over {old.text}, as printed in {where}": _gain(new, old)
        for old, where in ((here, "AttnGAN's table"), (own, "StackGAN++"))
    }
    found["the two printings"] = (
        f"{identities.apart(here, own):.1f} of their joint ± apart, {identities.apart(here, own, FOLDS):.1f} if these are "
        f"deviations of {FOLDS} folds"
    )
    return found


def digits_of_a_gain() -> dict[str, str]:
    """ATTNGAN-2: what rounding and the printed ± leave of a gain with five digits."""
    new, old = quantity("attngan", "IS", "coco", "AttnGAN"), quantity("attngan", "IS", "coco", "PPGN")
    return {f"{new.text} over {old.text}": _gain(new, old)}


def _gain(new: Quantity, old: Quantity) -> str:
    point, low, high = gain_interval(new, old)
    error = identities.gain_error(new, old)
    return f"{point:.2f} %, rounding allows {low:.2f} to {high:.2f}, the printed ± leave {error:.1f} points either way"


def folds_behind_a_spread() -> dict[str, str]:
    """ATTNGAN-8: of how many images the folds are whose R-precision spreads as printed."""
    found, seen = {}, set()
    for cell in printed("attngan", "R-precision"):
        q = Quantity.parse(cell["printed"])
        if q is None or not q.spread or q.text in seen:
            continue
        seen.add(q.text)
        share, spread = q.value / 100, q.spread / 100
        low, high = identities.implied_folds(share, spread, FOLDS)
        found[f"{cell['row']}, {cell['dataset']}: {q.text}"] = (
            f"folds of about {identities.implied_fold(share, spread):,.0f} images ({low:,.0f} to {high:,.0f}, if they are "
            f"{FOLDS}); folds of {FOLD:,} leave ± {100 * identities.fold_spread(share, FOLD):.2f}"
        )
    return found


def rows_of_chance() -> dict[str, str]:
    """ALIGN-1: among how many images guessing would print each number of the autoencoders' rows."""
    cells = [c for metric in ("R@1", "R@5", "R@10", "R@50", "median_rank") for c in printed("align_draw", metric)]
    found = {}
    for row in dict.fromkeys(c["row"] for c in cells):
        told = []
        for cell in (c for c in cells if c["row"] == row):
            q = Quantity.parse(cell["printed"])
            if q is not None:
                low, high = identities.implied_gallery(cell["metric"], q)
                told.append(f"{cell['metric'].replace('_', ' ')} {q.text}: {low:.0f} to {high:.0f}")
        if told:
            found[f"{row}, chance among"] = "; ".join(told)
    return found


def gaps_of_similarity() -> tuple[float, float]:
    """The least and the largest distance of two SSI printed in alignDRAW's table, LAPGAN's left out."""
    values = [
        Quantity.parse(c["printed"]).value
        for c in printed("align_draw", "SSI", "coco-retrieval")
        if c["row"] != "LAPGAN"
    ]
    gaps = [round(abs(a - b), 4) for k, a in enumerate(values) for b in values[:k] if a != b]
    return min(gaps), max(gaps)


def halved_step_sizes() -> dict[str, str]:
    """STACKGAN-7: Stage-I's step size in its last epoch, and the sum of all, halved after 100 and after 50 epochs."""
    size, decay = setting("stackgan", "StageI", "learning_rate"), setting("stackgan", "StageI", "decay")
    found = {}
    for name, field in (("as written (recalled)", "decay_epochs"), ("as released", "released_decay_epochs")):
        every = setting("stackgan", "StageI", field)
        sizes = [size * decay ** (epoch // every) for epoch in range(EPOCHS)]
        found[f"halved after {every} epochs, {name}"] = (
            f"{sizes[-1]:.1e} in epoch {EPOCHS}; {sum(sizes) / size:.0f} epochs' worth of the first"
        )
    return found


def judgements_behind_a_spread() -> dict[str, str]:
    """STACKGAN-13: how many independent judgements leave the ± of each two methods' ranks, if it is a standard error."""
    found = {}
    cells = [c for c in printed("stackgan", "HR") if Quantity.parse(c["printed"])]
    for dataset in dict.fromkeys(c["dataset"] for c in cells):
        terms = [Quantity.parse(c["printed"]) for c in cells if c["dataset"] == dataset]
        told = [f"{identities.implied_judgements(q.value, len(terms), q.spread):,.0f}" for q in terms if q.spread]
        shown = " + ".join(q.text for q in terms)
        found[f"{dataset}: {shown}"] = f"{', '.join(told)} judgements{'' if len(terms) == 2 else ' at most'}"
    return found


def perplexities_from_nll() -> dict[str, str]:
    """DVAE-1: the lengths that printed pairs of NLL and perplexity imply together, and the pairs that do not agree with them."""
    found = {}
    for data, table in read_yaml(PAPERS / "dilated_vae.yaml")["tables"].items():
        pairs = {}
        for row in table["rows"]:
            cells = (row["cells"]["nll"], row["cells"]["ppl"])
            pairs[row["label"]] = tuple(float(c["printed"] if isinstance(c, dict) else c) for c in cells)
        length = statistics.median(nll / math.log(ppl) for nll, ppl in pairs.values())
        found[data] = f"{length:.2f} words a document, the median of {len(pairs)} rows"
        for label, (nll, ppl) in pairs.items():
            implied = math.exp(nll / length)
            if abs(implied - ppl) > 0.1:
                found[f"{data}, {label}"] = f"NLL {nll} gives {implied:.2f}, printed {ppl}"
    return found
