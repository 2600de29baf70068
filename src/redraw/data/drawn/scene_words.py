"""Words for what drawn scenes show."""

from __future__ import annotations

NOUNS: dict[str, tuple[tuple[str, str], ...]] = {
    "bicycle": (("bicycle", "bicycles"), ("bike", "bikes")), "car": (("car", "cars"), ("automobile", "automobiles"),
        ("sedan", "sedans")),
    "motorcycle": (("motorcycle", "motorcycles"), ("motorbike", "motorbikes")),
    "airplane": (("airplane", "airplanes"), ("plane", "planes"), ("jet", "jets"), ("aircraft", "aircraft")),
    "bus": (("bus", "buses"), ("city bus", "city buses")), "train": (("train", "trains"), ("passenger train",
        "passenger trains")),
    "truck": (("truck", "trucks"), ("delivery truck", "delivery trucks")),
    "boat": (("boat", "boats"), ("sailboat", "sailboats"), ("sail boat", "sail boats")),
    "traffic light": (("traffic light", "traffic lights"), ("stoplight", "stoplights"), ("traffic signal",
        "traffic signals")),
    "fire hydrant": (("fire hydrant", "fire hydrants"), ("hydrant", "hydrants")), "stop sign": (("stop sign",
        "stop signs"),),
    "bench": (("bench", "benches"), ("wooden bench", "wooden benches")), "bird": (("bird", "birds"),),
    "cat": (("cat", "cats"), ("kitten", "kittens"), ("kitty", "kitties")), "dog": (("dog", "dogs"), ("puppy",
        "puppies")),
    "horse": (("horse", "horses"), ("pony", "ponies")), "sheep": (("sheep", "sheep"),), "cow": (("cow", "cows"),),
    "elephant": (("elephant", "elephants"),), "bear": (("bear", "bears"),), "zebra": (("zebra", "zebras"),),
    "giraffe": (("giraffe", "giraffes"),), "umbrella": (("umbrella", "umbrellas"), ("parasol", "parasols")),
    "sports ball": (("ball", "balls"),), "kite": (("kite", "kites"),), "skateboard": (("skateboard", "skateboards"),
        ("skate board", "skate boards")),
    "surfboard": (("surfboard", "surfboards"), ("surf board", "surf boards")), "bottle": (("bottle", "bottles"),
        ("glass bottle", "glass bottles")),
    "cup": (("cup", "cups"), ("mug", "mugs"), ("coffee cup", "coffee cups"), ("coffee mug", "coffee mugs")),
    "bowl": (("bowl", "bowls"), ("soup bowl", "soup bowls")), "banana": (("banana", "bananas"),), "apple": (("apple",
        "apples"),),
    "pizza": (("pizza", "pizzas"), ("pepperoni pizza", "pepperoni pizzas")), "cake": (("cake", "cakes"),
        ("birthday cake", "birthday cakes")),
    "chair": (("chair", "chairs"), ("wooden chair", "wooden chairs")), "couch": (("couch", "couches"), ("sofa",
        "sofas")),
    "potted plant": (("potted plant", "potted plants"), ("house plant", "house plants")),
    "clock": (("clock", "clocks"), ("wall clock", "wall clocks")), "vase": (("vase", "vases"), ("flower vase",
        "flower vases")),
    "teddy bear": (("teddy bear", "teddy bears"), ("stuffed bear", "stuffed bears"), ("stuffed animal",
        "stuffed animals")),
}  # fmt: skip
"""{category: (singular, plural) of each of its names, the usual one first}; people's are in PEOPLE"""

PEOPLE: dict[str, tuple[tuple[str, str], ...]] = {
    "man": (("man", "men"), ("guy", "guys")), "woman": (("woman", "women"), ("lady", "ladies"),
        ("female", "females")),
    "boy": (("boy", "boys"), ("young boy", "young boys"), ("little boy", "little boys")),
    "girl": (("girl", "girls"), ("young girl", "young girls"), ("little girl", "little girls")),
    "child": (("child", "children"), ("kid", "kids")), "adult": (("person", "people"), ("adult", "adults")),
    "bicycle": (("cyclist", "cyclists"), ("bicyclist", "bicyclists")), "motorcycle": (("biker", "bikers"),
        ("motorcyclist", "motorcyclists")),
    "skateboard": (("skateboarder", "skateboarders"), ("skater", "skaters")), "surfboard": (("surfer", "surfers"),),
        "horse": (("rider", "riders"),),
}  # fmt: skip
"""The same of people, by who they are or by what they ride"""

TOPS = ("shirt", "top", "sweater", "jacket", "t-shirt", "coat", "sweatshirt")
BELOW = {"man": ("pants", "trousers", "jeans"), "boy": ("pants", "trousers"), "woman": ("skirt",), "girl": ("skirt",)}
HAIRSTYLE = {"woman": ("with long hair", "with long straight hair"), "girl": ("with long hair",), "man": (), "boy": ()}
GROUPS = {
    **dict.fromkeys(("cow", "elephant", "zebra", "horse", "giraffe"), ("group", "herd")), "sheep": ("group", "flock",
        "herd"),
    "bird": ("group", "flock"), "boat": ("group", "row", "fleet"), "car": ("row", "line"), "dog": ("group", "pack"),
    "person": ("group", "team"), "kite": ("group", "bunch"), "apple": ("group", "bunch"),
}  # fmt: skip
SMALL, LARGE = ("small", "little", "tiny"), ("large", "big", "huge")
COATS = ("fluffy", "furry", "cute", "adorable")

VERBS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "standing": (("standing", "stands", "stand"), ("standing still", "stands still", "stand still"),
                 ("standing around", "stands around", "stand around")),
    "posing": (("standing", "stands", "stand"), ("posing", "poses", "pose"), ("waiting", "waits", "wait"),
               ("smiling", "smiles", "smile")),
    "walking": (("walking", "walks", "walk"), ("wandering", "wanders", "wander"), ("strolling", "strolls", "stroll")),
    "running": (("running", "runs", "run"), ("racing", "races", "race"), ("rushing", "rushes", "rush")),
    "grazing": (("grazing", "grazes", "graze"), ("eating", "eats", "eat"), ("feeding", "feeds", "feed")),
    "flying": (("flying", "flies", "fly"), ("soaring", "soars", "soar"), ("gliding", "glides", "glide")),
    "resting": (("sitting", "sits", "sit"), ("standing", "stands", "stand"), ("placed", "sits", "sit")),
    "parked": (("parked", "stands", "stand"), ("driving", "drives", "drive"), ("traveling", "travels", "travel"),
        ("stopped", "waits", "wait")),
    "leaning": (("parked", "stands", "stand"), ("standing", "stands", "stand"), ("left alone", "stands", "stand")),
    "floating": (("sailing", "sails", "sail"), ("floating", "floats", "float"), ("drifting", "drifts", "drift")),
    "lying": (("lying", "lies", "lie"), ("laying", "lies", "lie"), ("sitting", "sits", "sit")),
    "upright": (("standing", "stands", "stand"), ("stuck upright", "stands", "stand")),
    "hanging": (("hanging", "hangs", "hang"), ("mounted", "hangs", "hang")),
}  # fmt: skip
"""{how something is: (participle, singular, plural) of each verb}"""

STILL = {
    **dict.fromkeys(("car", "bus", "truck"), "parked"), **dict.fromkeys(("bicycle", "motorcycle"), "leaning"),
        "train": "parked",
    "boat": "floating", "airplane": "flying", "kite": "flying", "clock": "hanging", "surfboard": "upright",
        "umbrella": "upright",
    **dict.fromkeys(("traffic light", "stop sign", "fire hydrant", "potted plant"), "upright"),
    **dict.fromkeys(("sports ball", "banana", "apple", "skateboard"), "lying"),
    **dict.fromkeys(("bench", "bottle", "cup", "bowl", "pizza", "cake", "chair", "couch", "vase", "teddy bear"),
        "resting"),
    "sheep": "standing",
}  # fmt: skip
"""{category without poses: how it is}"""

LINKED: dict[str, tuple[tuple[str, str, str], ...]] = {
    "riding": (("riding", "rides", "ride"), ("riding on", "rides on", "ride on")),
    "surfing": (("riding", "rides", "ride"), ("surfing on", "surfs on", "surf on"), ("balancing on", "balances on",
        "balance on"), ("standing on", "stands on", "stand on")),
    "sitting on": (("sitting on", "sits on", "sit on"), ("seated on", "sits on", "sit on"), ("resting on", "rests on",
        "rest on")),
    "standing on": (("standing on", "stands on", "stand on"), ("on top of", "stands on", "stand on")),
    "holding": (("holding", "holds", "hold"), ("carrying", "carries", "carry"), ("under", "stands under",
        "stand under")),
    "flying": (("flying", "flies", "fly"), ("holding the string of", "holds the string of", "hold the string of"),
        ("playing with", "plays with", "play with")),
    "playing with": (("playing with", "plays with", "play with"), ("chasing", "chases", "chase"), ("running after",
        "runs after", "run after")),
}  # fmt: skip

SAID = {
    "field": ("in a grassy field", "in a green pasture", "on the grass", "in a meadow", "in a large open field",
        "on a farm", "in the countryside", "on a lush green field"),
    "park": ("in a park", "at the park", "on the green grass", "in a grassy park", "on a lawn", "in a city park",
        "in a garden"),
    "street": ("on the street", "on a city street", "on the road", "in the street", "on the side of the road",
        "in a city", "downtown", "at an intersection"),
    "beach": ("on the beach", "on a sandy beach", "by the ocean", "on the sand", "at the seaside", "along the shore",
        "near the water"),
    "sea": ("on the sea", "in the water", "on the ocean", "out at sea", "on the open water", "on a lake",
        "in the waves"),
    "snow": ("in the snow", "on a snowy field", "on the snow", "in a snowy landscape", "on snow covered ground",
        "outside in winter"),
    "savanna": ("on the savanna", "in the wild", "on a dry grassy plain", "in tall dry grass", "in a dusty field",
        "on safari"),
    "sky": ("in the sky", "in the air", "high above the ground", "through the air", "high up in the air"),
    "table": ("on a table", "on a kitchen table", "on top of a table", "on the dining room table", "on a counter",
        "in a kitchen"),
    "room": ("in a living room", "in a room", "inside a house", "indoors", "on the floor of a room", "at home"),
}  # fmt: skip
VIEWS = {
    "field": ("a field", "a grassy field", "a green meadow", "a pasture"), "park": ("a park", "a park scene",
        "a quiet park"),
    "street": ("a street", "a city street", "a road", "a street scene"), "beach": ("a beach", "a sandy beach",
        "a beach scene"),
    "sea": ("the ocean", "a calm sea", "a view of the sea"), "snow": ("a snowy field", "a winter scene",
        "a snowy hill"),
    "savanna": ("a dry plain", "a grassland", "a dusty plain"), "sky": ("a sky", "the open sky"),
    "table": ("a table", "a kitchen table", "a dining table"), "room": ("a living room", "a room", "a cozy room"),
}  # fmt: skip
"""Places as subjects: "a street with two cars"."""

LIGHTS = {
    "clear": ("on a sunny day", "under a clear blue sky", "on a bright day", "in the sunshine", "on a clear day",
        "in the sun"),
    "cloudy": ("on a partly cloudy day", "under a cloudy sky", "under some white clouds", "on a day with clouds",
        "beneath fluffy clouds"),
    "overcast": ("on an overcast day", "on a gloomy day", "on a cloudy grey day", "under an overcast sky",
        "in dull weather"),
    "sunset": ("at sunset", "at dusk", "in the evening", "as the sun goes down", "during a colorful sunset",
        "in the evening light"),
    "night": ("at night", "in the dark", "after dark", "under a dark sky", "by moonlight", "late at night"),
}  # fmt: skip
BACKS = {
    "trees": ("trees", "a line of trees", "some tall trees"), "hills": ("rolling hills", "hills", "low hills"),
        "mountains": ("mountains", "high mountains", "snowy mountains"),
    "house": ("a house", "a farm house", "a small house"), "houses": ("houses", "a row of houses", "some buildings"),
        "bushes": ("bushes", "some bushes", "shrubs"),
    "buildings": ("tall buildings", "buildings", "apartment buildings"), "waves": ("the ocean", "waves", "the sea"),
        "palms": ("palm trees", "some palms"),
    "island": ("an island", "a small island", "land"), "pines": ("pine trees", "a forest", "evergreens"),
        "window": ("a window",), "curtains": ("curtains", "drapes"),
    "painting": ("a painting", "a picture on the wall"), "wall": ("a plain wall",), "": (),
}  # fmt: skip
BEHIND = ("in the background", "behind", "in the distance", "far behind")
RELATIONS = {
    "left": ("to the left of", "on the left side of", "left of"), "right": ("to the right of", "on the right side of",
        "right of"),
    "front": ("in front of",), "behind": ("behind", "in back of"), "near": ("next to", "beside", "near", "by",
        "close to", "alongside"),
    "far": ("not far from", "some way from", "a little way from"), "below": ("under", "below", "beneath", "underneath"),
        "above": ("above", "over", "high above"),
}  # fmt: skip
FRAMES = {
    "left": ("on the left", "on the left side", "at the left"),
    "right": ("on the right", "on the right side", "at the right"),
    "middle": ("in the middle", "in the center"),
}
SHOTS = ("a photo of", "a picture of", "an image of", "a view of", "a close up of", "a shot of", "this is")
NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "2": 2, "3": 3, "4": 4}
COLOURS = {**{c: c for c in ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white",
    "grey")},
           "gray": "grey", "violet": "purple"}  # fmt: skip
