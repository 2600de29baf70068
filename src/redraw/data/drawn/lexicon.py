"""Words about birds and what they name, in CUB-200-2011's attribute names."""

from __future__ import annotations

COLOURS = {
    **{c: c for c in ("blue", "brown", "purple", "grey", "yellow", "olive", "green", "pink", "orange", "black", "white",
                      "red", "buff", "rufous", "iridescent")},
    "gray": "grey",
}  # fmt: skip
"""{word: CUB's colour}"""

NOUNS = {
    "bird": "bird", "birds": "bird",
    "body": "body", "plumage": "body",
    "back": "has_back_color", "upperparts": "has_upperparts_color", "upper parts": "has_upperparts_color",
    "wing": "has_wing_color", "wings": "has_wing_color",
    "belly": "has_belly_color", "abdomen": "has_belly_color", "stomach": "has_belly_color", "tummy": "has_belly_color",
    "breast": "has_breast_color", "chest": "has_breast_color",
    "underparts": "has_underparts_color", "underside": "has_underparts_color", "under parts": "has_underparts_color",
    "throat": "has_throat_color",
    "crown": "has_crown_color", "cap": "has_crown_color",
    "top of the head": "has_crown_color", "top of its head": "has_crown_color",
    "tail": "has_upper_tail_color", "tail feathers": "has_upper_tail_color",
    "leg": "has_leg_color", "legs": "has_leg_color", "feet": "has_leg_color",
    "tarsus": "has_leg_color", "tarsi": "has_leg_color",
    "bill": "has_bill_color", "beak": "has_bill_color",
    "wingbar": "bars", "wingbars": "bars", "wing bar": "bars", "wing bars": "bars",
    "bars": "marks", "stripes": "marks",
    "crest": "crest", "tuft": "crest", "eye": "other", "eyes": "other", "neck": "other", "head": "other",
}  # fmt: skip
"""{noun of up to four words: the attribute that a colour before it names, or what else it is}"""

COMPOUNDS = {
    "bellied": "has_belly_color", "breasted": "has_breast_color", "chested": "has_breast_color",
    "winged": "has_wing_color", "crowned": "has_crown_color", "capped": "has_crown_color",
    "backed": "has_back_color", "throated": "has_throat_color", "billed": "has_bill_color",
    "beaked": "has_bill_color", "legged": "has_leg_color", "tailed": "has_upper_tail_color",
}  # fmt: skip

BILL_LENGTHS = {
    "short": "shorter_than_head", "long": "longer_than_head", "medium length": "about_the_same_as_head",
    "medium sized": "about_the_same_as_head", "average length": "about_the_same_as_head",
}  # fmt: skip
SIZES = {
    "small": "small_(5_-_9_in)", "little": "small_(5_-_9_in)", "medium": "medium_(9_-_16_in)",
    "medium sized": "medium_(9_-_16_in)", "mid sized": "medium_(9_-_16_in)", "average sized": "medium_(9_-_16_in)",
    "large": "large_(16_-_32_in)", "big": "large_(16_-_32_in)", "tiny": "very_small_(3_-_5_in)",
    "very small": "very_small_(3_-_5_in)", "very large": "very_large_(32_-_72_in)", "huge": "very_large_(32_-_72_in)",
}  # fmt: skip
TAILS = {"pointed": "pointed_tail", "forked": "forked_tail", "square": "squared_tail", "squared": "squared_tail"}
LENGTHS = ("short", "long", "medium length", "average length")
SHADE_WORDS = {
    "dark": ("dark", "deep"), "light": ("light", "pale"), "bright": ("bright", "vivid", "brilliant", "intense"),
}  # fmt: skip
SHADE_NAMES = {
    ("blue", "dark"): ("navy",), ("blue", "bright"): ("royal", "cobalt"), ("blue", "light"): ("sky", "powder"),
    ("green", "bright"): ("emerald",), ("green", "dark"): ("forest", "bottle"), ("red", "bright"): ("scarlet", "fiery"),
    ("red", "dark"): ("crimson", "ruby"), ("grey", "dark"): ("slate",), ("grey", "light"): ("ash", "dove"),
    ("yellow", "bright"): ("lemon", "sunny"), ("brown", "dark"): ("chocolate", "chestnut"),
    ("orange", "bright"): ("flame",), ("black", ""): ("jet", "coal"), ("white", ""): ("snow", "pure", "snowy"),
}  # fmt: skip
"""{(colour, shade): words before the colour's name that say the shade too}"""

VAGUE = (
    "partly", "partially", "some", "slightly", "somewhat", "not", "no", "without", "never", "nearly", "barely", "tipped",
    "edged", "striped", "spotted", "speckled", "streaked", "mottled", "barred", "lined", "patterned", "flecked", "tinted",
    "tinged", "tan", "gold", "golden", "cream", "beige", "silver", "teal", "turquoise", "violet", "maroon", "amber",
    "multicolored", "checkered", "dotted", "cyan", "aqua", "magenta", "lavender", "rust", "ivory",
)  # fmt: skip
"""Words (and all in -ish) that make what a phrase says about colour or size a guess."""
PLAIN = (
    "very", "really", "quite", "rather", "fairly", "all", "almost", "mostly", "mainly", "primarily", "predominantly",
    "entirely", "completely", "overall", "solid", "colored", "coloured", "in color", "in colour", "in size",
    "pretty", "cute", "beautiful", "lovely", "handsome", "striking", "elegant", "colorful", "attractive", "gorgeous",
    "charming", "plump", "round", "rounded", "chubby", "stocky", "slim", "slender", "sleek", "thin", "thick", "sharp",
    "straight", "sturdy", "strong", "narrow", "wide", "broad", "smooth", "soft", "shiny", "glossy", "fluffy",
    "folded", "two", "spiky", "raised", "tall", "matching", "wild", "single", "distinctive", "neat", "tidy", "noticeable",
)  # fmt: skip
"""Words before a noun or after "is" that name nothing and leave what the others name as it is."""

DETERMINERS = ("a", "an", "the", "this", "that", "its", "his", "her", "their", "these")
AFTER_NOUN = (
    "and", "but", "while", "as", "that", "which", "who", "with", "has", "have", "having", "is", "are", "was", "in", "on",
    "of", "for", "at", "by", "from", "near", "under", "above", "over", "below", "it", "its", "the", "this", "perched",
    "sitting", "standing", "resting", "swimming", "floating", "flying", "gliding", "walking", "paddling", "whose",
    "there", "also", "seen", "shown", "pictured", "against", "along", "featuring", "or", "stands", "sits", "stand", "go",
    "goes", "to", "a", "an", "contrast", "set", "together", "where", "drifting", "wading", "soaring", "perching",
    "longer", "shorter", "about", "make", "makes", "catches", "when", "so", "plus", "displaying", "holding",
    "balancing", "posing", "looking", "drifting", "spreading", "caught", "across", "around", "among", "displays", "surrounded",
)  # fmt: skip
"""What may follow a noun of a part; any other word makes it part of something else ("wing tips", "crown patch")."""

COMPARED = {
    **{f"{how} its head": "longer_than_head" for how in ("longer than", "that is longer than", "is longer than")},
    **{f"{how} its head": "shorter_than_head" for how in ("shorter than", "that is shorter than", "is shorter than")},
    **{f"{how} its head": "about_the_same_as_head" for how in (
        "about as long as", "that is about as long as", "is about as long as", "the same length as",
        "that is the same length as", "is the same length as", "about the same length as")},
    **{f"of {how} length": "about_the_same_as_head" for how in ("medium", "average")},
}  # fmt: skip
"""{what stands behind "bill": the value of has_bill_length}"""
OF_SIZE = {f"of {how} size": "medium_(9_-_16_in)" for how in ("medium", "average")}
NEGATIONS = ("without", "no", "not", "lacks", "lacking")
JOINERS = (",", "and", "&", "/", "or")
PLACES = ("on", "below", "above", "around", "at", "under", "underneath", "along", "near", "from", "to", "across", "in")
