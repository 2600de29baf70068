"""Invented people: first and last names in the form of LFW's folders, ``First_Last``."""

from __future__ import annotations

from .dice import Dice
from .face_kinds import person

FIRST_MALE = (
    "Adrel", "Bentor", "Cassim", "Doran", "Edvik", "Farlo", "Gorin", "Halmer", "Isko", "Jorven", "Kelman", "Lorik", "Marek",
    "Nilto", "Osmar", "Perrin", "Quilan", "Rovik", "Sandor", "Tibor", "Ulmer", "Varek", "Wendel", "Yorik", "Zoltar",
)  # fmt: skip
FIRST_FEMALE = (
    "Alvina", "Brisa", "Corella", "Delphine", "Elvara", "Fiorel", "Gesine", "Hadewin", "Ilvana", "Junara", "Kelmira", "Liora",
    "Maruska", "Nerissa", "Orlena", "Pernilla", "Quessa", "Rosmira", "Selvine", "Tamsela", "Ulrika", "Verona", "Wilmara",
    "Ysolde", "Zelinda",
)  # fmt: skip
LAST_BEGIN = ("Ald", "Bram", "Corv", "Dun", "Esk", "Fenn", "Gar", "Holm", "Ivar", "Jast", "Kern", "Lund", "Mor", "Nord", "Ost",
              "Pell", "Quar", "Rusk", "Sten", "Tarn", "Ulv", "Vand", "Wyn", "Yar", "Zand")  # fmt: skip
LAST_END = ("ak", "berry", "creed", "dahl", "ero", "field", "grove", "hurst", "ino", "kamp", "lund", "mere", "nov", "oya", "pool",
            "quist", "rath", "sett", "tov", "wick")  # fmt: skip
LASTS = len(LAST_BEGIN) * len(LAST_END)


def names(seed: int, people: int) -> list[str]:
    """One for each identity from 0 on, all different up to 500 x 25; a longer list begins with the shorter."""
    order = Dice(seed, "last names").shuffled(range(LASTS))
    found = []
    for number in range(people):
        begin, end = divmod(order[number % LASTS], len(LAST_END))
        first = FIRST_MALE if person(seed, number).male else FIRST_FEMALE
        given = first[(order[number % LASTS] + number // LASTS) % len(first)]
        found.append(f"{given}_{LAST_BEGIN[begin]}{LAST_END[end]}")
    return found
