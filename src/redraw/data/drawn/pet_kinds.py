"""What drawn dogs and cats are like: breeds by ImageNet's wnids, and what one picture shows of them."""

from __future__ import annotations

from dataclasses import dataclass

from .canvas import Colour
from .dice import Dice

COATS: dict[str, Colour] = {
    "black": (52, 50, 54), "chocolate": (98, 64, 44), "red": (172, 92, 48), "tan": (192, 138, 84), "gold": (218, 170, 104),
    "cream": (236, 216, 180), "white": (244, 241, 235), "grey": (150, 150, 154), "slate": (104, 112, 126),
    "fawn": (214, 180, 138), "silver": (192, 190, 184),
}  # fmt: skip
COAT_LENGTHS = {"short": 0.0, "medium": 0.016, "long": 0.036, "curly": 0.022}
"""How far tufts stand out, in shares of the body's length."""


@dataclass(frozen=True)
class Breed:
    """``muzzle`` short | medium | long; ``build`` slim | middle | stocky | low (short legs); ``pattern``, see ``pets``."""

    wnid: str
    name: str
    coat: str
    second: str
    pattern: str
    ear: str
    muzzle: str
    length: str
    build: str
    tail: str = "whip"
    cat: bool = False
    iris: Colour = (84, 52, 30)


DOGS = (
    Breed("n02085620", "Chihuahua", "fawn", "cream", "plain", "bat", "short", "short", "slim"),
    Breed("n02085936", "Maltese dog", "white", "white", "plain", "drop", "short", "long", "low", "plume"),
    Breed("n02086240", "Shih-Tzu", "white", "gold", "patches", "drop", "short", "long", "low", "plume"),
    Breed("n02088094", "Afghan hound", "gold", "cream", "mask", "long", "long", "long", "slim", "curl"),
    Breed("n02088238", "basset", "white", "red", "saddle", "long", "long", "short", "low"),
    Breed("n02088364", "beagle", "white", "red", "saddle", "drop", "medium", "short", "middle"),
    Breed("n02091032", "Italian greyhound", "slate", "white", "blaze", "fold", "long", "short", "slim"),
    Breed("n02094433", "Yorkshire terrier", "slate", "tan", "points", "prick", "short", "long", "low", "docked"),
    Breed("n02097298", "Scotch terrier", "black", "black", "plain", "prick", "long", "medium", "low", "docked"),
    Breed("n02098286", "West Highland white terrier", "white", "white", "plain", "prick", "short", "medium", "low", "docked"),
    Breed("n02099601", "golden retriever", "gold", "cream", "plain", "drop", "medium", "medium", "middle", "plume"),
    Breed("n02099712", "Labrador retriever", "chocolate", "chocolate", "plain", "drop", "medium", "short", "stocky"),
    Breed("n02100877", "Irish setter", "red", "red", "plain", "long", "long", "medium", "middle", "plume"),
    Breed("n02105855", "Shetland sheepdog", "tan", "white", "blaze", "fold", "long", "long", "middle", "plume"),
    Breed("n02106166", "Border collie", "black", "white", "blaze", "fold", "medium", "medium", "middle", "plume"),
    Breed("n02106550", "Rottweiler", "black", "tan", "points", "drop", "medium", "short", "stocky", "docked"),
    Breed("n02106662", "German shepherd", "tan", "black", "saddle", "prick", "long", "medium", "middle", "plume"),
    Breed("n02108089", "boxer", "red", "black", "mask", "drop", "short", "short", "middle", "docked"),
    Breed("n02108915", "French bulldog", "grey", "white", "blaze", "bat", "short", "short", "stocky", "docked"),
    Breed("n02110185", "Siberian husky", "slate", "white", "husky", "prick", "medium", "medium", "middle", "curl",
          iris=(110, 170, 220)),
    Breed("n02110341", "dalmatian", "white", "black", "spots", "drop", "medium", "short", "middle"),
    Breed("n02110958", "pug", "fawn", "black", "mask", "fold", "short", "short", "stocky", "curl"),
    Breed("n02111889", "Samoyed", "white", "white", "plain", "prick", "medium", "long", "stocky", "curl"),
    Breed("n02113799", "standard poodle", "black", "black", "plain", "long", "long", "curly", "slim", "docked"),
)  # fmt: skip
CATS = (
    Breed("n02123045", "tabby", "grey", "black", "tabby", "prick", "short", "short", "middle", cat=True, iris=(150, 176, 70)),
    Breed("n02123159", "tiger cat", "gold", "red", "tabby", "prick", "short", "medium", "middle", cat=True,
          iris=(206, 160, 50)),
    Breed("n02123394", "Persian cat", "cream", "white", "plain", "prick", "short", "long", "stocky", "plume", cat=True,
          iris=(220, 130, 40)),
    Breed("n02123597", "Siamese cat", "cream", "chocolate", "siamese", "bat", "medium", "short", "slim", cat=True,
          iris=(84, 150, 222)),
    Breed("n02124075", "Egyptian cat", "silver", "slate", "cheetah", "bat", "medium", "short", "slim", cat=True,
          iris=(150, 196, 90)),
)  # fmt: skip
BREEDS = {"dog": DOGS, "cat": CATS}
"""Dogs: 24 of the 118 that StackGAN-v2 reads (n02085620 to n02113978; which breed has which wnid is recalled)."""
VARIANTS = {
    "Labrador retriever": ("chocolate", "black", "cream"), "Persian cat": ("cream", "white", "grey", "black"),
    "standard poodle": ("black", "white", "chocolate"), "tabby": ("grey", "tan", "silver"), "Chihuahua": ("fawn",
                                                                                                          "cream", "black"),
    "French bulldog": ("grey", "fawn", "black"), "Siberian husky": ("slate", "black", "grey"),
}  # fmt: skip
"""Colours that a breed comes in, where there are several."""

POSES = {"portrait": 4, "sitting": 4, "standing": 3, "lying": 3}
GROUNDS = {
    "dog": {"grass": 4, "garden": 3, "floor": 2, "sofa": 2},
    "cat": {"sofa": 4, "floor": 3, "garden": 2, "grass": 1},
}


@dataclass(frozen=True)
class Sight:
    """What one picture shows: ``pose`` portrait | sitting | standing | lying; ``coat`` is this animal's colour."""

    pose: str
    ground: str
    facing: str
    coat: str
    tongue: bool
    collar: str | None


def sight(species: str, breed: Breed, dice: Dice) -> Sight:
    """Pose, ground, side and what else differs between pictures of a breed (``species``: dog or cat)."""
    tongue = not breed.cat and dice.chance(0.4)
    collar = dice.pick(("red", "blue", "green", "yellow", "purple")) if dice.chance(0.3) else None
    coat = dice.pick(VARIANTS.get(breed.name, (breed.coat,)))
    return Sight(
        dice.weighted(POSES), dice.weighted(GROUNDS[species]), dice.pick(("left", "right")), coat, tongue, collar
    )
