"""What captions say beside attributes: what the bird does, where it is, and what the writer thinks of it.

None of it may read as an attribute: no colour before a part of the bird, no size before the word bird.
"""

from __future__ import annotations

from .bird_kinds import Sight
from .dice import Dice

ACTIONS = {
    "perched": {
        "": ("perched on a branch", "sitting on a branch", "perched on a thin branch", "resting on a twig", "sitting on a limb",
             "perched on a bare branch", "sitting still", "perched and looking around", "holding on to a branch",
             "sitting on a stick", "perched high in a tree", "balancing on a twig", "sitting in a tree"),
        "leaves": ("perched among the leaves", "sitting between green leaves", "resting in the foliage"),
        "woods": ("perched in the woods", "sitting in a quiet forest"),
        "sky": ("perched under the open sky", "sitting against a clear sky"),
    },
    "standing": {
        "": ("standing on the ground", "standing still", "walking on the ground", "standing and looking around",
             "standing upright", "posing for the camera"),
        "grass": ("standing in the grass", "walking through the grass", "standing in a meadow", "standing on a lawn",
                  "looking for food in a field"),
        "shore": ("standing on the sand", "walking along the shore", "standing on a beach", "standing near some pebbles",
                  "standing on a bank", "standing among stones"),
    },
    "swimming": {
        "water": ("swimming in the water", "floating on the water", "swimming on a lake", "floating on a pond",
                  "gliding on the calm water", "paddling in a river", "drifting on the surface", "swimming in the ocean",
                  "resting on the water", "swimming along the ripples"),
    },
    "flying": {
        "": ("flying", "in flight", "flying through the air", "gliding through the air", "spreading its feathers in flight",
             "soaring", "caught in the middle of a flight"),
        "sky": ("flying in the sky", "flying high in the clear sky", "soaring in the blue sky", "flying below the clouds"),
        "leaves": ("flying in front of trees", "flying past some bushes"),
        "water": ("flying over the water", "flying across a lake", "flying low over the sea"),
    },
}  # fmt: skip

SETTINGS = {
    "sky": ("against a bright sky", "in front of a cloudy sky", "under an open sky"),
    "leaves": ("in front of green leaves", "against a blurry green background", "among leafy twigs"),
    "woods": ("in front of a forest", "against a blurry brown background", "among tall trunks"),
    "grass": ("in a grassy field", "surrounded by grass", "in a sunny meadow"),
    "shore": ("on a sandy beach", "near the water's edge", "on a stony shore"),
    "water": ("near open water", "surrounded by waves", "in the middle of a lake"),
}  # fmt: skip

OPINIONS = (
    ", which makes it easy to recognize", ", and it looks calm", ", and it seems alert", ", and it looks quite young",
    ", so it stands out", ", as this photo shows", ", as far as one can see", ", and nothing else is visible",
    ", a very common sight", ", and it appears healthy", ", an unusual combination", ", seen from the side",
)  # fmt: skip

OPENINGS = (
    "the image shows", "in this picture there is", "this photograph is of", "one can see", "pictured here is",
    "this image depicts", "what we have here is", "someone photographed", "a close up of", "a side view of",
    "i can see", "you are looking at", "the subject of this photo is",
)  # fmt: skip

FRAMES = (
    ("the most noticeable features of this bird are", ""), ("this bird can be recognized by", ""),
    ("you can identify this bird by", ""), ("what stands out on this bird is", ""), ("notice", " in this bird"),
    ("this bird is known for", ""), ("it can be distinguished by", ""), ("the bird in the photo displays", ""),
    ("this species shows", ""), ("one sees", " on this animal"), ("the creature has", ""), ("this feathered animal has", ""),
    ("an animal that flies, with", ""), ("this one has", ""), ("both sexes of this species have", ""),
)  # fmt: skip


def action(dice: Dice, view: Sight) -> str:
    """What the bird does, such as "perched on a branch"; some phrases fit one background alone."""
    by_place = ACTIONS[view.pose]
    return dice.pick((*by_place.get("", ()), *by_place.get(view.background, ())))


def setting(dice: Dice, view: Sight) -> str:
    """Where the bird is."""
    return dice.pick(SETTINGS["water" if view.pose == "swimming" else view.background])
