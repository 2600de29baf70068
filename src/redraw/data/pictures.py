"""Pictures of a raw tree: read as RGB, several at a time, with what is odd about them told."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..core import RedrawError
from .forms import Box, Form, Shaped
from .lists import GET_AGAIN
from .parallel import ordered
from .writer import PreparedWriter

KINDS = {"L": "grey", "1": "black and white"}


@dataclass(frozen=True)
class Item:
    """A picture to be read: its file, or its bytes and what to call them; and what lies on it, in its pixels.

    ``check`` gets its width and height and raises RedrawError where what is said of it contradicts them.
    """

    source: Path | tuple[str, bytes]
    box: Box | None = None
    keypoints: np.ndarray | None = None
    objects: np.ndarray | Sequence[Sequence[float]] | None = None
    check: Callable[[int, int], None] | None = None


class Pictures:
    """Reads the pictures of one data set and keeps what is odd about them, by kind.

    ``expected`` is their usual format, ``usual`` names Pillow's modes beside RGB that are nothing odd in this data set.
    """

    def __init__(self, expected: str = "JPEG", usual: Collection[str] = ()) -> None:
        self._expected, self._usual = expected, usual
        self._odd: dict[str, list[str]] = {}

    def stream(self, items: Iterable[Item], form: Form) -> Iterator[Shaped]:
        """Each of ``items`` in its form, in their order; several are decoded at a time, a few wait in memory."""

        def shaped(item: Item) -> tuple[Item, Shaped, list[str]]:
            image, odd = _read(item.source, self._expected, self._usual)
            if item.check is not None:
                item.check(image.shape[1], image.shape[0])
            return item, form.apply(image, item.box, item.keypoints, item.objects), odd

        for item, found, odd in ordered(shaped, items):
            self._keep(item.source, odd)
            yield found

    def tell(self, writer: PreparedWriter) -> None:
        """Note what was odd: a line for each kind, with the first ten files."""
        for what, names in self._odd.items():
            more = f" and {len(names) - 10} more" if len(names) > 10 else ""
            pictures = "1 picture is" if len(names) == 1 else f"{len(names)} pictures are"
            writer.note(f"{pictures} {what}: {', '.join(names[:10])}{more}")

    def _keep(self, source: Path | tuple[str, bytes], odd: Iterable[str]) -> None:
        for what in odd:
            self._odd.setdefault(what, []).append(source.name if isinstance(source, Path) else source[0])


def _read(source: Path | tuple[str, bytes], expected: str, usual: Collection[str]) -> tuple[np.ndarray, list[str]]:
    """[H, W, 3] uint8, and what is odd about the picture."""
    from PIL import Image

    path, size = (source, None) if isinstance(source, Path) else (source[0], len(source[1]))
    try:
        with Image.open(path if isinstance(source, Path) else io.BytesIO(source[1])) as picture:
            picture.load()
            mode, kind = picture.mode, picture.format
            image = np.asarray(picture.convert("RGB"))
    except FileNotFoundError:
        raise RedrawError(f"{path}: missing: {GET_AGAIN}") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as e:
        what = f"truncated or damaged (Pillow says: {str(e).splitlines()[0]})"
        if isinstance(e, Image.UnidentifiedImageError):
            what = "no picture that Pillow can read"
        n = source.stat().st_size if isinstance(source, Path) else size
        raise RedrawError(f"{path}: {what}, {n} bytes: {GET_AGAIN}") from None
    odd = []
    if mode != "RGB" and mode not in usual:
        copied = f"{KINDS.get(mode)}, the channel is copied to red, green and blue"
        odd.append(copied if mode in KINDS else f"{mode}, converted to RGB by Pillow")
    if kind != expected:
        odd.append(f"{kind} and not {expected} as the name says, read as what it is")
    return image, odd
