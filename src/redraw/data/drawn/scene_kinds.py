"""What drawn scenes are made of: COCO's categories, in which sizes and colours they are drawn, and where they are found."""

from __future__ import annotations

from dataclasses import dataclass

BRIGHT = ("red", "orange", "yellow", "green", "blue", "purple", "pink")
PAINT = ("red", "yellow", "green", "blue", "black", "white", "orange")
CLOTHES = (*BRIGHT, "black", "white", "grey", "brown")


@dataclass(frozen=True)
class Kind:
    """A category with COCO's ``id`` and ``group`` (its supercategory).

    ``size``: the larger of width and height of a near one, as a share of the picture's side; ``wide`` and ``tall``: both
    as shares of the larger. ``herd``: the most that stand together. No ``colours``: it has one look without a colour's name.
    """

    id: int
    group: str
    size: float
    wide: float
    tall: float
    herd: int
    colours: tuple[str, ...] = ()


KINDS = {
    "person": Kind(1, "person", 0.6, 0.42, 1.0, 4, CLOTHES),
    "bicycle": Kind(2, "vehicle", 0.5, 1.0, 0.62, 2, ("red", "yellow", "green", "blue", "black", "white", "pink")),
    "car": Kind(3, "vehicle", 0.62, 1.0, 0.46, 3, (*PAINT, "grey")),
    "motorcycle": Kind(4, "vehicle", 0.5, 1.0, 0.62, 2, ("red", "black", "blue", "green", "orange")),
    "airplane": Kind(5, "vehicle", 0.66, 1.0, 0.42, 2, ("white", "blue", "red", "yellow", "grey")),
    "bus": Kind(6, "vehicle", 0.84, 1.0, 0.56, 2, ("red", "yellow", "blue", "green", "white", "orange")),
    "train": Kind(7, "vehicle", 1.15, 1.0, 0.36, 1, ("red", "blue", "green", "yellow", "orange", "black")),
    "truck": Kind(8, "vehicle", 0.78, 1.0, 0.52, 2, PAINT),
    "boat": Kind(9, "vehicle", 0.58, 0.8, 1.0, 3, ("red", "blue", "white", "brown", "green", "yellow")),
    "traffic light": Kind(10, "outdoor", 0.62, 0.24, 1.0, 2),
    "fire hydrant": Kind(11, "outdoor", 0.32, 0.56, 1.0, 1, ("red", "yellow", "blue", "orange", "white")),
    "stop sign": Kind(13, "outdoor", 0.58, 0.42, 1.0, 1, ("red",)),
    "bench": Kind(15, "outdoor", 0.52, 1.0, 0.5, 2, ("brown", "green", "blue", "red", "white")),
    "bird": Kind(16, "animal", 0.26, 1.0, 0.78, 4, ("black", "white", "grey", "blue", "red", "yellow", "brown")),
    "cat": Kind(17, "animal", 0.34, 1.0, 0.84, 3, ("orange", "black", "grey", "white", "brown")),
    "dog": Kind(18, "animal", 0.42, 1.0, 0.8, 3, ("brown", "black", "white", "grey")),
    "horse": Kind(19, "animal", 0.56, 1.0, 0.98, 3, ("brown", "black", "white", "grey")),
    "sheep": Kind(20, "animal", 0.42, 1.0, 0.72, 4, ("white", "black", "brown")),
    "cow": Kind(21, "animal", 0.54, 1.0, 0.72, 4, ("brown", "black", "white")),
    "elephant": Kind(22, "animal", 0.64, 1.0, 0.86, 3, ("grey",)),
    "bear": Kind(23, "animal", 0.52, 1.0, 0.74, 2, ("brown", "black", "white")),
    "zebra": Kind(24, "animal", 0.54, 1.0, 0.98, 4),
    "giraffe": Kind(25, "animal", 0.78, 0.62, 1.0, 3),
    "umbrella": Kind(28, "accessory", 0.44, 1.0, 0.98, 2, BRIGHT),
    "sports ball": Kind(37, "sports", 0.18, 1.0, 1.0, 1, ("red", "yellow", "blue", "orange", "white", "green")),
    "kite": Kind(38, "sports", 0.3, 0.7, 1.0, 4, BRIGHT),
    "skateboard": Kind(41, "sports", 0.34, 1.0, 0.24, 1, ("red", "blue", "green", "black", "yellow")),
    "surfboard": Kind(42, "sports", 0.56, 0.28, 1.0, 2, ("white", "yellow", "red", "blue", "orange", "pink")),
    "bottle": Kind(44, "kitchen", 0.46, 0.32, 1.0, 3, ("green", "brown", "blue", "red", "white")),
    "cup": Kind(47, "kitchen", 0.26, 1.0, 0.84, 3, ("white", "red", "blue", "yellow", "green", "black", "orange")),
    "bowl": Kind(51, "kitchen", 0.4, 1.0, 0.5, 2, ("white", "blue", "red", "green", "yellow", "black")),
    "banana": Kind(52, "food", 0.36, 1.0, 0.5, 3, ("yellow", "green")),
    "apple": Kind(53, "food", 0.2, 0.92, 1.0, 4, ("red", "green", "yellow")),
    "pizza": Kind(59, "food", 0.58, 1.0, 0.46, 1),
    "cake": Kind(61, "food", 0.48, 1.0, 0.76, 1, ("pink", "brown", "white", "yellow")),
    "chair": Kind(62, "furniture", 0.44, 0.56, 1.0, 3, ("brown", "red", "blue", "white", "green", "black")),
    "couch": Kind(63, "furniture", 0.76, 1.0, 0.5, 1, ("red", "blue", "brown", "green", "grey", "purple", "black")),
    "potted plant": Kind(64, "furniture", 0.44, 0.6, 1.0, 2, ("brown", "white", "blue", "red", "yellow")),
    "clock": Kind(85, "indoor", 0.24, 1.0, 1.0, 1, ("black", "white", "red", "blue", "brown")),
    "vase": Kind(86, "indoor", 0.46, 0.54, 1.0, 2, ("blue", "white", "green", "red", "purple", "black")),
    "teddy bear": Kind(88, "indoor", 0.36, 0.82, 1.0, 2, ("brown", "white", "pink")),
}
CATEGORIES = [{"supercategory": kind.group, "id": kind.id, "name": name} for name, kind in KINDS.items()]
"""COCO's list of categories, those that are drawn, with COCO's ids."""

SKIES = ("clear", "cloudy", "overcast", "sunset", "night")
INDOORS = ("table", "room")


@dataclass(frozen=True)
class Place:
    """``main``, ``side`` and ``air``: {category: weight} of what is shown, what else, and what flies (or hangs)."""

    main: dict[str, int]
    side: dict[str, int]
    air: dict[str, int]
    skies: dict[str, int]
    horizon: tuple[float, float]


DAY = {"clear": 6, "cloudy": 4, "overcast": 2, "sunset": 2}
PLACES = {
    "field": Place(
        {"cow": 7, "sheep": 7, "horse": 4, "dog": 2, "person": 4, "bear": 3, "train": 5, "truck": 1},
        {"person": 4, "dog": 2, "horse": 2, "cow": 3, "bird": 1, "sheep": 3, "sports ball": 1},
        {"kite": 3, "bird": 2, "airplane": 1}, {**DAY, "night": 1}, (0.3, 0.56),
    ),
    "park": Place(
        {"person": 6, "dog": 4, "bench": 4, "bicycle": 3, "bird": 2, "cat": 2, "umbrella": 1},
        {"person": 3, "dog": 3, "bench": 3, "bicycle": 2, "bird": 2, "cat": 2, "sports ball": 2, "skateboard": 1},
        {"kite": 3, "bird": 1}, DAY, (0.32, 0.54),
    ),
    "street": Place(
        {"car": 6, "bus": 7, "truck": 4, "person": 4, "motorcycle": 4, "bicycle": 3, "stop sign": 4, "fire hydrant": 4,
         "traffic light": 3, "dog": 1},
        {"car": 3, "person": 4, "traffic light": 2, "stop sign": 2, "fire hydrant": 2, "bicycle": 2, "motorcycle": 1,
         "dog": 1, "bench": 1, "cat": 1},
        {"airplane": 1, "bird": 1}, {**DAY, "night": 3}, (0.4, 0.58),
    ),
    "beach": Place(
        {"person": 7, "dog": 3, "umbrella": 4, "surfboard": 3, "bird": 3, "chair": 2, "horse": 1, "sports ball": 1},
        {"person": 3, "umbrella": 3, "dog": 2, "surfboard": 2, "sports ball": 2, "chair": 2, "bird": 2},
        {"kite": 4, "bird": 1}, {"clear": 6, "cloudy": 3, "sunset": 3}, (0.36, 0.56),
    ),
    "sea": Place(
        {"boat": 8}, {"boat": 3, "bird": 2},
        {"bird": 3, "kite": 1, "airplane": 1}, {**DAY, "night": 1}, (0.3, 0.5),
    ),
    "snow": Place(
        {"person": 6, "dog": 3, "bear": 3, "horse": 2, "truck": 1, "car": 2, "bench": 1, "bird": 1},
        {"person": 3, "dog": 2, "bird": 2, "bench": 1, "horse": 1, "car": 1},
        {"bird": 1}, {"clear": 3, "overcast": 4, "cloudy": 2, "sunset": 1}, (0.3, 0.52),
    ),
    "savanna": Place(
        {"elephant": 5, "zebra": 5, "giraffe": 5, "bird": 1}, {"zebra": 3, "giraffe": 2, "elephant": 2, "bird": 2, "truck": 1},
        {"bird": 1}, {"clear": 5, "cloudy": 2, "sunset": 3}, (0.36, 0.58),
    ),
    "sky": Place(
        {}, {}, {"airplane": 6, "kite": 5, "bird": 3}, {"clear": 6, "cloudy": 4, "overcast": 1, "sunset": 3}, (0.84, 0.95),
    ),
    "table": Place(
        {"cup": 4, "bottle": 4, "bowl": 4, "apple": 4, "banana": 3, "pizza": 4, "cake": 4, "vase": 3, "cat": 1},
        {"cup": 4, "bottle": 4, "bowl": 3, "apple": 4, "banana": 3, "vase": 2}, {}, {"clear": 1}, (0.26, 0.42),
    ),
    "room": Place(
        {"couch": 4, "chair": 3, "cat": 4, "dog": 3, "teddy bear": 3, "potted plant": 2, "person": 3, "vase": 1},
        {"cat": 3, "dog": 2, "potted plant": 3, "chair": 3, "teddy bear": 2, "sports ball": 1, "couch": 2, "person": 1},
        {"clock": 1}, {"clear": 1}, (0.5, 0.64),
    ),
}  # fmt: skip
HOW_OFTEN = {"street": 18, "field": 17, "park": 12, "beach": 11, "sea": 7, "snow": 7, "savanna": 7, "sky": 6, "table": 9,
             "room": 8}  # fmt: skip
