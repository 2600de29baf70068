"""The raw folders of drawn faces: CelebA's files and LFW's, in their names and forms."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .dice import Dice
from .face_kinds import CELEBA, CELEBA_LINE, celeba, lfw
from .face_names import names
from .faces import Face, picture
from .trees import write_jpeg, write_lines

PARTS = (0.75, 0.125, 0.125)  # of the identities train, validate, test
LANDMARKS = "lefteye_x lefteye_y righteye_x righteye_y nose_x nose_y leftmouth_x leftmouth_y rightmouth_x rightmouth_y"
SEVERAL = 0.35  # of the people in LFW's layout have more than one picture


@dataclass(frozen=True)
class Album:
    """One edition: ``layout`` celeba or lfw, ``people`` identities and ``each`` pictures of one (on the average, for lfw).

    For lfw ``pairs`` of one kind in each of the ``folds`` of pairs.txt (the real list: 300 in 10).
    """

    seed: int
    layout: str
    people: int
    each: float
    pairs: int = 0
    folds: int = 10


def write_faces(folder: Path, album: Album) -> None:
    """Draw all pictures of an edition and write the tree below ``folder``."""
    (write_celeba if album.layout == "celeba" else write_lfw)(folder, album)


def partition(album: Album, number: int) -> int:
    """0 train, 1 validation, 2 test: as in CelebA no identity is in two of them."""
    share = (number + 0.5) / album.people
    return 0 if share < PARTS[0] else 1 if share < PARTS[0] + PARTS[1] else 2


def celeba_order(album: Album) -> list[tuple[int, int]]:
    """(identity, picture) of 000001.jpg, 000002.jpg, …: those that train first, the tests last, otherwise mixed."""
    every = [(number, index) for number in range(album.people) for index in range(round(album.each))]
    mixed = Dice(album.seed, "order", album.people, album.each).shuffled(every)
    return sorted(mixed, key=lambda pair: partition(album, pair[0]))


def write_celeba(folder: Path, album: Album) -> None:
    attributes, parts, landmarks, identities = [], [], [], []
    for i, (number, index) in enumerate(celeba_order(album), 1):
        file, face = f"{i:06d}.jpg", picture(album.seed, number, index)
        write_jpeg(folder / "img_align_celeba" / file, face.image)
        said = celeba(face.person, face.look)
        attributes.append(f"{file} " + " ".join(f"{1 if said[name] else -1:2d}" for name in CELEBA))
        parts.append(f"{file} {partition(album, number)}")
        landmarks.append(f"{file} " + " ".join(f"{round(v):4d}" for place in face.landmarks for v in place))
        identities.append(f"{file} {number + 1}")
    count = str(len(parts))
    write_lines(folder / "list_attr_celeba.txt", [count, CELEBA_LINE, *attributes])
    write_lines(folder / "list_eval_partition.txt", parts)
    write_lines(folder / "list_landmarks_align_celeba.txt", [count, LANDMARKS, *landmarks])
    write_lines(folder / "identity_CelebA.txt", identities)


def portraits(album: Album) -> list[int]:
    """How many pictures there are of each person in LFW's layout: of most one, of a few many; ``each`` on the average."""
    several = round(SEVERAL * album.people)
    dice = Dice(album.seed, "portraits", album.people)
    more = [1 + (i < several) for i in range(album.people)]
    for _ in range(round(album.people * album.each) - sum(more)):
        more[int(several * dice.random() ** 2)] += 1
    return dice.shuffled(more)


def write_lfw(folder: Path, album: Album) -> None:
    people, counts = names(album.seed, album.people), portraits(album)
    rows: dict[tuple[str, int], str] = {}
    header: list[str] = []
    for number, (person, count) in enumerate(zip(people, counts, strict=True)):
        for index in range(count):
            face = picture(album.seed, number, index, "lfw")
            write_jpeg(folder / "lfw" / person / f"{person}_{index + 1:04d}.jpg", face.image)
            header = list(lfw(face.person, face.look))
            values = "\t".join(f"{v:.6f}" for v in scores(album.seed, number, index, face))
            rows[person, index + 1] = f"{person.replace('_', ' ')}\t{index + 1}\t{values}"
    title = "# Drawn faces: attributes in the form of Kumar et al. (2009), as recalled"
    columns = "\t".join(["#", "person", "imagenum", *header])
    write_lines(folder / "lfw_attributes.txt", [title, columns, *(rows[key] for key in sorted(rows))])
    write_pairs(folder, album, dict(sorted(zip(people, counts, strict=True))))


def scores(seed: int, number: int, index: int, face: Face) -> list[float]:
    """A real value for each attribute of ``lfw``, as classifiers give them: above 0 where it is present."""
    dice = Dice(seed, "face scores", number, index)
    return [(1 if present else -1) * dice.uniform(0.1, 2.5) for present in lfw(face.person, face.look).values()]


def write_pairs(folder: Path, album: Album, counts: dict[str, int]) -> None:
    """pairs.txt and both development lists, with the people of each. No one is in two folds, nor in train and test.

    Forms recalled: a line with the number of pairs (for pairs.txt folds, a tab and pairs), then per fold those of one
    person, ``name n1 n2``, then those of two, ``name n1 other n2``, all with tabs.
    """
    dice = Dice(album.seed, "pairs", album.people)
    order = dice.shuffled(list(counts))
    several, single = [p for p in order if counts[p] > 1], [p for p in order if counts[p] == 1]
    cut, single_cut = round(0.7 * len(several)), round(0.7 * len(single))
    for part, people, count in (
        ("Train", several[:cut] + single[:single_cut], 3 * album.pairs),
        ("Test", several[cut:] + single[single_cut:], album.pairs),
    ):
        write_lines(folder / f"pairsDev{part}.txt", [str(count), *_pairs(dice, people, counts, count)])
        listed = [f"{person}\t{counts[person]}" for person in sorted(people)]
        write_lines(folder / f"peopleDev{part}.txt", [str(len(people)), *listed])
    folds = [several[k :: album.folds] + single[k :: album.folds] for k in range(album.folds)]
    lines = [line for people in folds for line in _pairs(dice, people, counts, album.pairs)]
    write_lines(folder / "pairs.txt", [f"{album.folds}\t{album.pairs}", *lines])


def _pairs(dice: Dice, people: list[str], counts: dict[str, int], count: int) -> list[str]:
    """``count`` of one person and as many of two. Pairs repeat only where the pictures do not make as many."""
    same = [f"{p}\t{a}\t{b}" for p in people for a in range(1, counts[p]) for b in range(a + 1, counts[p] + 1)]
    order = dice.shuffled(same)
    found = [order[k % len(order)] for k in range(count)]
    others: list[str] = []
    while len(others) < count:
        one, two = sorted(dice.some(people, 2))
        others.append(f"{one}\t{1 + int(dice.random() * counts[one])}\t{two}\t{1 + int(dice.random() * counts[two])}")
    return [*found, *others]
