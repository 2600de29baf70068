"""Any text as LaTeX that every engine sets as it reads: ASCII alone, no command of the text's own survives."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

_PLAIN = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\ensuremath{<}", ">": r"\ensuremath{>}", "|": r"\ensuremath{|}",
    '"': r"\char34{}", "`": r"\textasciigrave{}",
    "[": "{[}", "]": "{]}", "*": "{*}",  # after the end of a row they would be its option
    "\u00a0": "~", "\u2011": "-", "–": "--", "—": "---", "‘": r"\textquoteleft{}", "’": r"\textquoteright{}",
    "“": r"\textquotedblleft{}", "”": r"\textquotedblright{}", "…": r"\ldots{}",
    "•": r"\textbullet{}", "§": r"\S{}", "¶": r"\P{}",
    "ß": r"\ss{}", "æ": r"\ae{}", "Æ": r"\AE{}", "œ": r"\oe{}", "Œ": r"\OE{}", "ø": r"\o{}", "Ø": r"\O{}", "ł": r"\l{}",
    "Ł": r"\L{}", "ı": r"\i{}", "∕": "/", "·": r"\textperiodcentered{}",
}  # fmt: skip
_MATHS = {
    "±": r"\pm", "−": "-", "×": r"\times", "÷": r"\div", "≥": r"\geq", "≤": r"\leq", "≈": r"\approx", "≠": r"\neq",
    "∞": r"\infty", "→": r"\rightarrow", "←": r"\leftarrow", "↑": r"\uparrow", "↓": r"\downarrow", "↔": r"\leftrightarrow",
    "°": r"^{\circ}", "◦": r"\circ", "†": r"\dagger", "‡": r"\ddagger", "′": r"{}'", "″": r"{}''", "√": r"\surd", "∑": r"\sum",
    "∏": r"\prod", "∂": r"\partial", "∇": r"\nabla", "∈": r"\in", "∝": r"\propto", "≡": r"\equiv", "≪": r"\ll", "≫": r"\gg",
    "ϕ": r"\phi", "ϵ": r"\epsilon", "ς": r"\varsigma", "ο": "o",
}  # fmt: skip
_GREEK = "alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho varsigma sigma tau"
for _at, _name in enumerate(f"{_GREEK} upsilon varphi chi psi omega".split()):
    _MATHS.setdefault(chr(0x3B1 + _at), f"\\{_name}")
for _name in ("Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega"):
    _MATHS[unicodedata.lookup(f"GREEK CAPITAL LETTER {_name.upper().replace('LAMBDA', 'LAMDA')}")] = f"\\{_name}"
_PLAIN |= {sign: rf"\ensuremath{{{command}}}" for sign, command in _MATHS.items()}
_ACCENTS = dict(
    zip("\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030b\u030c\u0327", "`'^~=u.\"rHvc", strict=True)
)
_SAFE = re.compile(r"[A-Za-z0-9 .,;:!?()/=+@'-]")
_PIECE = re.compile(rf"{_SAFE.pattern}+|.", re.S)
_LIGATURE = re.compile(r"(?<=[-',])(?=[-',])")  # "--" would be a dash, "''" a quotation mark

GLYPH = r"""\ifdefined\redrawglyph\else
  % a character that not every engine has a sign for: as it is where the font has it, else by its number
  \protected\def\redrawglyph#1{\allowbreak
    \ifdefined\Umathcode\iffontchar\font"#1 \char"#1 \else\texttt{[U+#1]}\fi\else\texttt{[U+#1]}\fi}
\fi
"""


def tex(value: Any) -> str:
    """A text on one line as LaTeX for text mode, ASCII alone; needs `GLYPH` where it may hold any character."""
    line = re.sub(r"[^\S\u00a0]+", " ", unicodedata.normalize("NFC", str(value))).strip(" ")
    return "".join(_LIGATURE.sub("{}", piece) if _SAFE.match(piece) else _sign(piece) for piece in _PIECE.findall(line))


def _sign(char: str) -> str:
    """One character that LaTeX would not set as it is."""
    if char in _PLAIN:
        return _PLAIN[char]
    base, *marks = unicodedata.normalize("NFD", char)
    if marks and base.isascii() and base.isalpha() and all(m in _ACCENTS for m in marks):
        for mark in marks:
            base = f"\\{_ACCENTS[mark]}{{{base}}}"
        return base
    kind, _, rest = unicodedata.decomposition(char).partition("> ")
    plain = "".join(chr(int(code, 16)) for code in rest.split())
    if plain.isascii() and plain.isalnum() and kind in ("<super", "<sub"):
        return rf"\text{'super' if kind == '<super' else 'sub'}script{{{plain}}}"
    return rf"\redrawglyph{{{ord(char):04X}}}"
