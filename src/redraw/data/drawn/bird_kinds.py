"""What drawn birds are like: species, what one picture shows of them, and both in CUB-200-2011's attribute names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from .dice import Dice

COLOURS = ("blue", "brown", "grey", "yellow", "green", "orange", "black", "white", "red")
BILL_COLOURS = ("grey", "yellow", "orange", "black", "red")
LEG_COLOURS = ("grey", "yellow", "orange", "black")
BILL_LENGTHS = {"medium": "about_the_same_as_head", "long": "longer_than_head", "short": "shorter_than_head"}
SIZES = {"large": "large_(16_-_32_in)", "small": "small_(5_-_9_in)", "medium": "medium_(9_-_16_in)"}
TAILS = {"forked": "forked_tail", "pointed": "pointed_tail", "square": "squared_tail"}
SHAPES = {"duck": "duck-like", "wader": "long-legged-like", "perching": "perching-like"}
SHADED = {  # shades that leave a colour what its name says
    "blue": ("dark", "light", "bright"), "green": ("dark", "bright"), "red": ("dark", "bright"),
    "grey": ("dark", "light"), "yellow": ("bright",), "brown": ("dark",), "orange": ("bright",),
}  # fmt: skip

PARTS = (
    "back", "beak", "belly", "breast", "crown", "forehead", "left eye", "left leg", "left wing", "nape", "right eye",
    "right leg", "right wing", "tail", "throat",
)  # fmt: skip
"""CUB's fifteen, in its order."""


@dataclass(frozen=True)
class Species:
    """Colours, shapes and habits that all birds of a kind share; ``plump`` and ``head`` are factors around 1."""

    name: str
    back: str
    wing: str
    belly: str
    crown: str
    bill: str
    legs: str
    bill_length: str
    size: str
    tail: str
    shape: str
    bars: bool
    crest: bool
    back_shade: str
    belly_shade: str
    plump: float
    head: float


@dataclass(frozen=True)
class Sight:
    """What one picture shows: ``pose`` perched | standing | swimming | flying; ``facing`` left | right."""

    pose: str
    background: str
    facing: str


def _independent(dice: Dice) -> dict[str, str | bool]:
    pick = dice.pick
    return {
        "back": pick(COLOURS), "wing": pick(COLOURS), "belly": pick(COLOURS), "crown": pick(COLOURS),
        "bill": pick(BILL_COLOURS), "legs": pick(LEG_COLOURS), "bill_length": pick(list(BILL_LENGTHS)),
        "size": pick(list(SIZES)), "tail": pick(list(TAILS)), "shape": pick(list(SHAPES)),
        "bars": dice.chance(0.5), "crest": dice.chance(0.5),
    }  # fmt: skip


def _natural(dice: Dice) -> dict[str, str | bool]:
    """Real birds' wings and crowns often have the back's colour, bills are dark, and most species perch."""
    own = _independent(dice)
    back = own["back"]
    for part, probability in (("wing", 0.4), ("crown", 0.45), ("belly", 0.15)):
        if dice.chance(probability):
            own[part] = back
    own["bill"] = dice.weighted({"black": 4, "grey": 2, "orange": 2, "yellow": 2, "red": 1})
    own["legs"] = dice.weighted({"black": 3, "grey": 2, "orange": 2, "yellow": 1})
    own["shape"] = dice.weighted({"perching": 6, "duck": 2, "wader": 2})
    own["bars"] = own["bars"] and dice.chance(0.6)
    own["crest"] = own["crest"] and dice.chance(0.5)
    return own


FAMILIES = {
    "perching": ("Finch", "Warbler", "Sparrow", "Wren", "Thrush", "Tanager", "Bunting", "Vireo", "Oriole",
                 "Flycatcher", "Jay", "Kingbird", "Grosbeak", "Swallow"),
    "duck": ("Duck", "Teal", "Grebe", "Gull", "Pochard", "Wigeon", "Scoter", "Auklet"),
    "wader": ("Heron", "Egret", "Crane", "Stilt", "Rail", "Bittern", "Curlew", "Stork"),
}  # fmt: skip
REGIONS = ("Northern", "Southern", "Eastern", "Western", "Coastal", "Mountain", "Island", "Prairie", "River", "Valley")


def _names(own: dict[str, str | bool], dice: Dice) -> Iterator[str]:
    """Names that fit, the more natural ones first; never ends."""
    words = {"belly": "bellied", "wing": "winged", "crown": "crowned", "bill": "billed", "legs": "legged"}
    compounds = [f"{own[part]}_{word}" for part, word in words.items() if own[part] != own["back"]]
    if own["crest"]:
        compounds.append("Crested")
    compounds = compounds or ["Plain"]
    epithets = [str(own["back"]).title(), {"small": "Little", "medium": "Common", "large": "Great"}[str(own["size"])]]
    families = dice.shuffled(FAMILIES[str(own["shape"])])
    for family in families:
        for compound in dice.shuffled(compounds):
            for epithet in epithets:
                yield f"{compound[0].upper()}{compound[1:]}_{epithet}_{family}"
    while True:
        compound = dice.pick(compounds)
        yield f"{dice.pick(REGIONS)}_{compound[0].upper()}{compound[1:]}_{dice.pick(epithets)}_{dice.pick(families)}"


@lru_cache(maxsize=16)
def _species(seed: int, n: int, independent: bool) -> tuple[Species, ...]:
    found: list[Species] = []
    colours: set[tuple] = set()
    names: set[str] = set()
    dice = Dice(seed, "bird species")
    while len(found) < n:
        own = _independent(dice) if independent else _natural(dice)
        shades = {
            f"{part}_shade": dice.pick(("", *SHADED.get(str(own[part]), ()))) if dice.chance(0.5) else ""
            for part in ("back", "belly")
        }
        build = {"plump": dice.uniform(0.88, 1.14), "head": dice.uniform(0.9, 1.12)}
        key = tuple(own[part] for part in ("back", "wing", "belly", "crown"))
        if key in colours:
            continue
        colours.add(key)
        name = next(name for name in _names(own, dice) if name not in names)
        names.add(name)
        found.append(Species(name=name, **own, **shades, **build))  # type: ignore[arg-type]
    return tuple(found)


def species(seed: int, n: int, independent: bool = False) -> tuple[Species, ...]:
    """The first ``n`` species of a seed: no two with the same colours of back, wing, belly and crown, or one name.

    A longer list begins with the shorter one. ``independent``: every attribute uniform by itself.
    """
    return _species(seed, n, independent)


def sight(kind: Species, dice: Dice) -> Sight:
    """Pose, background and side of one picture."""
    pose = dice.weighted(
        {
            "duck": {"swimming": 6.0, "standing": 2.0, "flying": 2.0},
            "wader": {"standing": 8.0, "flying": 2.0},
            "perching": {"perched": 6.0, "standing": 2.0, "flying": 2.0},
        }[kind.shape]
    )
    background = {
        "swimming": ("water",),
        "flying": ("sky", "sky", "leaves", "water"),
        "perched": ("leaves", "leaves", "sky", "woods"),
        "standing": ("grass", "shore") if kind.shape == "perching" else ("shore", "shore", "grass"),
    }[pose]
    return Sight(pose, dice.pick(background), dice.pick(("left", "right")))


VALUES: dict[str, tuple[str, ...]] = {
    "has_bill_length": tuple(BILL_LENGTHS.values()),
    "has_wing_color": COLOURS,
    "has_upperparts_color": COLOURS,
    "has_underparts_color": COLOURS,
    "has_back_color": COLOURS,
    "has_tail_shape": tuple(TAILS.values()),
    "has_upper_tail_color": COLOURS,
    "has_head_pattern": ("crested", "plain", "capped"),
    "has_breast_color": COLOURS,
    "has_throat_color": COLOURS,
    "has_size": tuple(SIZES.values()),
    "has_shape": tuple(SHAPES.values()),
    "has_belly_color": COLOURS,
    "has_primary_color": COLOURS,
    "has_leg_color": LEG_COLOURS,
    "has_bill_color": BILL_COLOURS,
    "has_crown_color": COLOURS,
    "has_wing_pattern": ("solid", "striped"),
}
"""{CUB's attribute: the values that drawn birds have}, in CUB's order of attributes."""


def attributes(kind: Species, seen: Sight) -> dict[str, str | None]:
    """{CUB's attribute: its value, or None where the picture does not show it}.

    Nearest values where CUB has no word: wing bars are ``striped``; a crown of another colour than the back is
    ``capped``; long neck and legs are ``long-legged-like``. CUB has no length of tails: long tails are pointed or
    forked here, short ones squared.
    """
    return {
        "has_bill_length": BILL_LENGTHS[kind.bill_length],
        "has_tail_shape": TAILS[kind.tail],
        "has_size": SIZES[kind.size],
        "has_shape": SHAPES[kind.shape],
        "has_head_pattern": "crested" if kind.crest else "plain" if kind.crown == kind.back else "capped",
        "has_wing_pattern": "striped" if kind.bars else "solid",
        "has_bill_color": kind.bill,
        "has_leg_color": kind.legs if seen.pose in ("perched", "standing") else None,
        "has_crown_color": kind.crown,
        **dict.fromkeys(("has_primary_color", "has_back_color", "has_upperparts_color"), kind.back),
        **dict.fromkeys(("has_wing_color", "has_upper_tail_color"), kind.wing),
        **dict.fromkeys(
            ("has_belly_color", "has_breast_color", "has_throat_color", "has_underparts_color"), kind.belly
        ),
    }
