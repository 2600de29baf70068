"""Who is drawn and how they look in one picture, and which of CelebA's and LFW's attributes are true of that."""

from __future__ import annotations

from dataclasses import dataclass

from .canvas import Colour
from .dice import Dice

SKINS: dict[str, Colour] = {
    "pale": (252, 231, 219), "fair": (243, 208, 183), "light": (231, 186, 152), "tan": (207, 155, 115),
    "brown": (160, 108, 76), "dark": (112, 74, 54),
}  # fmt: skip
HAIRS: dict[str, Colour] = {
    "black": (38, 33, 36), "brown": (98, 62, 40), "blond": (224, 186, 112), "red": (172, 82, 44), "gray": (188, 188, 192),
}  # fmt: skip
EYES: dict[str, Colour] = {
    "brown": (92, 56, 34), "blue": (72, 122, 176), "green": (84, 132, 86), "gray": (116, 128, 138),
}  # fmt: skip
CROPPED = ("bald", "crop", "parted", "quiff", "curls")
"""Styles of hair that leave the ears free, beside a bun; the others are a bob, long hair and an afro."""

CELEBA_LINE = (
    "5_o_Clock_Shadow Arched_Eyebrows Attractive Bags_Under_Eyes Bald Bangs Big_Lips Big_Nose Black_Hair Blond_Hair Blurry "
    "Brown_Hair Bushy_Eyebrows Chubby Double_Chin Eyeglasses Goatee Gray_Hair Heavy_Makeup High_Cheekbones Male "
    "Mouth_Slightly_Open Mustache Narrow_Eyes No_Beard Oval_Face Pale_Skin Pointy_Nose Receding_Hairline Rosy_Cheeks "
    "Sideburns Smiling Straight_Hair Wavy_Hair Wearing_Earrings Wearing_Hat Wearing_Lipstick Wearing_Necklace "
    "Wearing_Necktie Young"
)
CELEBA = tuple(CELEBA_LINE.split())
"""CelebA's 40 in their order. ``Attractive`` is -1 throughout: no drawing is judged."""


@dataclass(frozen=True)
class Person:
    """What stays from picture to picture of one identity."""

    male: bool
    skin: str
    age: str  # young, middle, old
    shape: str
    chubby: bool
    double_chin: bool
    hair: str
    style: str
    wavy: bool
    receding: bool
    bangs: bool
    part: float
    sideburns: bool
    eyes: str
    narrow: bool
    brows: str  # thin, arched, straight, bushy
    nose: str  # small, big, pointy
    big_lips: bool
    cheekbones: bool
    bags: bool
    beard: str  # none, stubble, mustache, goatee, full
    glasses: bool
    jewels: float
    build: tuple[float, float, float, float]  # spreads of eyes, nose, mouth and chin, about 0


@dataclass(frozen=True)
class Look:
    """What changes from picture to picture of one identity."""

    smiling: bool
    open_mouth: bool
    beard: str
    eyewear: str  # none, glasses, sunglasses
    hat: str  # none, beanie, cap, brim
    lipstick: bool
    makeup: bool
    rosy: bool
    earrings: bool
    necklace: bool
    clothes: str  # suit, tie, round, open, sweater
    ground: str  # studio, garden, evening, street, stage
    yaw: float
    tilt: float
    light: int
    blurry: bool


def person(seed: int, number: int) -> Person:
    """Identity ``number`` (from 0) of a seed."""
    dice = Dice(seed, "face person", number)
    male = dice.chance(0.47)
    age = dice.weighted({"young": 6.5, "middle": 2.3, "old": 1.2})
    skin = dice.weighted({"pale": 1.2, "fair": 3, "light": 2.4, "tan": 1.8, "brown": 1.4, "dark": 1.2})
    dark = {"tan": 0.75, "brown": 0.9, "dark": 0.95}.get(skin, 0.22)
    hair = "black" if dice.chance(dark) else dice.weighted({"brown": 4, "blond": 2.6, "red": 0.8, "black": 0.4})
    if age == "old" and dice.chance(0.75) or age == "middle" and dice.chance(0.12):
        hair = "gray"
    older = age != "young"
    if male:
        style = dice.weighted({"bald": 1.2 if older else 0.25, "crop": 2, "parted": 2.4, "quiff": 1.3, "curls": 1, "long": 0.4,
                               "afro": 0.3})  # fmt: skip
    else:
        style = dice.weighted({"long": 4.4, "bob": 1.8, "bun": 1.3, "crop": 0.5, "curls": 0.5, "afro": 0.7})
    cropped = style in CROPPED
    brown_eyes = skin in ("tan", "brown", "dark") or dice.chance(0.35)
    big = dice.chance(0.12)
    return Person(
        male=male, skin=skin, age=age, hair=hair, style=style,
        shape=dice.weighted({"oval": 3, "round": 1.6, "square": 1.8 if male else 0.6, "long": 1, "heart": 0.6 if male else 1.6}),
        chubby=big, double_chin=big and dice.chance(0.7),
        wavy=style in ("curls", "afro") or dice.chance(0.45),
        receding=male and cropped and style != "bald" and dice.chance(0.35 if older else 0.06),
        bangs=style in ("long", "bob", "crop") and dice.chance(0.3),
        part=dice.pick((-0.32, 0.0, 0.32)),
        sideburns=male and cropped and style != "bald" and dice.chance(0.2),
        eyes="brown" if brown_eyes else dice.weighted({"blue": 3, "green": 2, "gray": 1}),
        narrow=dice.chance(0.16),
        brows=dice.weighted({"bushy": 3, "straight": 3, "thin": 1} if male else {"arched": 4, "thin": 2, "straight": 2}),
        nose=dice.weighted({"small": 5, "big": 3 if male else 1, "pointy": 3}), big_lips=dice.chance(0.22),
        cheekbones=dice.chance(0.35), bags=older and dice.chance(0.6) or dice.chance(0.07),
        beard=dice.weighted({"none": 5, "stubble": 2, "mustache": 0.8, "goatee": 1, "full": 1.6}) if male else "none",
        glasses=dice.chance(0.3 if older else 0.12), jewels=0.06 if male else dice.uniform(0.2, 0.7),
        build=(dice.normal(0.5), dice.normal(0.5), dice.normal(0.5), dice.normal(0.5)),
    )  # fmt: skip


def look(own: Person, dice: Dice) -> Look:
    """How a person looks in one picture."""
    smiling = dice.chance(0.5)
    paints = not own.male and dice.chance(0.6)
    worn = _clothes(own, dice)
    return Look(
        smiling=smiling, open_mouth=dice.chance(0.62 if smiling else 0.16),
        beard=own.beard if dice.chance(0.75) else dice.pick(("none", "stubble")) if own.beard != "none" else "none",
        eyewear="glasses" if own.glasses and dice.chance(0.7) else "sunglasses" if dice.chance(0.035) else "none",
        hat=dice.pick(("beanie", "cap", "brim")) if dice.chance(0.08) and own.style != "afro" else "none",
        lipstick=paints, makeup=paints and dice.chance(0.65), rosy=dice.chance(0.08 if own.male else 0.22),
        earrings=dice.chance(own.jewels), necklace=worn in ("open", "round") and dice.chance(own.jewels * 0.6),
        clothes=worn, ground=dice.pick(("studio", "garden", "evening", "street", "stage")),
        yaw=dice.normal(0.1), tilt=dice.normal(0.035), light=1 if dice.chance(0.5) else -1, blurry=dice.chance(0.05),
    )  # fmt: skip


def _clothes(own: Person, dice: Dice) -> str:
    if own.male:
        return dice.weighted({"tie": 2, "suit": 2, "round": 2, "sweater": 1.5})
    return dice.weighted({"open": 3, "round": 2, "suit": 1, "sweater": 1.5})


def hair_shows(own: Person, now: Look) -> bool:
    """A hat over short hair leaves too little of it to tell its colour or curls."""
    return own.style != "bald" and not (now.hat != "none" and own.style in (*CROPPED, "bun"))


def celeba(own: Person, now: Look) -> dict[str, bool]:
    """Which of ``CELEBA`` are true, by these rules where a drawing leaves a choice:

    hair counts where it shows, and a red head has none of the four colours; stubble is a beard too for ``No_Beard``, and a
    full beard has ``Mustache`` and ``Sideburns`` but no ``Goatee``; sunglasses are ``Eyeglasses``, and behind them neither
    ``Narrow_Eyes`` nor ``Bags_Under_Eyes`` is seen; ``Attractive`` is never true.
    """
    hair, bare, open_eyes = hair_shows(own, now), now.hat == "none", now.eyewear != "sunglasses"
    return dict(zip(CELEBA, (
        now.beard == "stubble", own.brows == "arched", False, own.bags and open_eyes, 
        own.style == "bald" and bare, own.bangs and bare,
        own.big_lips, own.nose == "big", hair and own.hair == "black", hair and own.hair == "blond", now.blurry,
        hair and own.hair == "brown", own.brows == "bushy", own.chubby, own.double_chin, now.eyewear != "none",
        now.beard == "goatee", hair and own.hair == "gray", now.makeup, own.cheekbones, own.male, now.open_mouth,
        now.beard in ("mustache", "full"), own.narrow and open_eyes, now.beard == "none", own.shape == "oval", own.skin == "pale",
        own.nose == "pointy", own.receding and bare, now.rosy, own.sideburns or now.beard == "full", now.smiling,
        hair and not own.wavy, hair and own.wavy, now.earrings, not bare, now.lipstick, now.necklace, now.clothes == "tie",
        own.age == "young",
    ), strict=True))  # fmt: skip


def lfw(own: Person, now: Look) -> dict[str, bool]:
    """Those of the 73 attributes of Kumar et al. (2009) that a drawing shows; names and order recalled."""
    said = celeba(own, now)
    bare = now.hat == "none"
    return {
        "Male": own.male, "Youth": own.age == "young", "Middle Aged": own.age == "middle", "Senior": own.age == "old",
        "Black Hair": said["Black_Hair"], "Blond Hair": said["Blond_Hair"], "Brown Hair": said["Brown_Hair"],
        "Bald": said["Bald"], "No Eyewear": now.eyewear == "none", "Eyeglasses": now.eyewear == "glasses",
        "Sunglasses": now.eyewear == "sunglasses", "Mustache": said["Mustache"], "Smiling": now.smiling,
        "Chubby": own.chubby, "Blurry": now.blurry, "Outdoor": now.ground in ("garden", "street"),
        "Curly Hair": hair_shows(own, now) and own.style in ("curls", "afro"),
        "Wavy Hair": said["Wavy_Hair"], "Straight Hair": said["Straight_Hair"],
        "Receding Hairline": said["Receding_Hairline"], "Bangs": said["Bangs"], "Sideburns": said["Sideburns"],
        "Fully Visible Forehead": bare and not own.bangs, "Bushy Eyebrows": said["Bushy_Eyebrows"],
        "Arched Eyebrows": said["Arched_Eyebrows"], "Narrow Eyes": said["Narrow_Eyes"], "Big Nose": said["Big_Nose"],
        "Pointy Nose": said["Pointy_Nose"], "Big Lips": own.big_lips, "Mouth Closed": not now.open_mouth,
        "Mouth Slightly Open": now.open_mouth, "No Beard": said["No_Beard"], "Goatee": said["Goatee"],
        "Double Chin": own.double_chin, "Wearing Hat": not bare, "Oval Face": own.shape == "oval",
        "Square Face": own.shape == "square", "Round Face": own.shape == "round", "Gray Hair": said["Gray_Hair"],
        "Bags Under Eyes": said["Bags_Under_Eyes"], "Heavy Makeup": now.makeup, "Rosy Cheeks": now.rosy,
        "Pale Skin": said["Pale_Skin"],
        "5 o' Clock Shadow": said["5_o_Clock_Shadow"], "Wearing Lipstick": now.lipstick,
        "High Cheekbones": own.cheekbones, "Brown Eyes": own.eyes == "brown" and now.eyewear != "sunglasses",
        "Wearing Earrings": now.earrings, "Wearing Necktie": said["Wearing_Necktie"], "Wearing Necklace": now.necklace,
    }  # fmt: skip
