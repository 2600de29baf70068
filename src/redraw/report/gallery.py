"""Contact sheets: what a data set looks like, and what stands in for those that no table needs yet."""

from __future__ import annotations

import base64
import io
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from .. import names
from ..data.base import Prepared

WIDTH, HEIGHT = 456, 304  # pixels of a contact sheet, or a little less
WORDS = 60  # of a document

Json = dict[str, Any]


def contact_sheet(opened: Prepared, dataset: str) -> Json:
    """Images spread evenly over a prepared data set, as one picture, with what it is; of documents, two.

    Of test images, where there are enough. {"text", "example"} and for images {"src": data URI, "alt"}.
    """
    test = opened.splits["test"]
    real, title = names.stands_for(dataset), names.title(dataset)
    text = title[0].upper() + title[1:] + (f", for {names.title(real)}" if real else "")
    if not opened.manifest["image"]["width"][1]:
        return {"text": text, "example": [_short(c) for i in test[:2] for c in opened.captions(i)[:1]]}
    channels, height, width = opened.image_shape
    columns = max(3, WIDTH // width)
    rows = max(2, round(HEIGHT / height))
    among = test if len(test) >= columns * rows else np.arange(len(opened))
    rows = max(1, min(rows, len(among) // columns))  # small sets fill fewer rows
    chosen = among[np.linspace(0, len(among) - 1, min(columns * rows, len(among))).round().astype(int)]
    shown = [opened.image(i) for i in chosen]
    columns = min(columns, len(shown))
    sheet = np.concatenate([np.concatenate(shown[k * columns : (k + 1) * columns], 1) for k in range(rows)], 0)
    return {
        "src": data_uri(np.moveaxis(sheet, -1, 0), "jpeg" if channels == 3 else "png"),
        "alt": f"{columns * rows} images of {title}",
        "text": text,
        "example": opened.captions(chosen[0])[:1],
    }


def stand_ins(wanted: Iterable[str]) -> list[Json]:
    """Contact sheets of the stand-ins of these names: drawn, read and prepared in a folder that goes."""
    from .. import data

    found = []
    for name in wanted:
        with tempfile.TemporaryDirectory() as folder:
            raw, prepared = Path(folder, "raw"), Path(folder, "prepared")
            data.fetch(name, raw)
            body = data.prepare(name, raw, prepared)
            opened = Prepared(prepared, body, None)
            found.append({"name": name, "items": body["images"], **contact_sheet(opened, name)})
            del opened  # closes its maps before the folder goes
    return found


def data_uri(image: np.ndarray, kind: str = "png") -> str:
    """A uint8 image [C, H, W] as a PNG, or as a JPEG of a fifth of the size, inside a data URI."""
    from PIL import Image

    picture = Image.fromarray(image[0] if len(image) == 1 else np.moveaxis(image, 0, -1))
    held = io.BytesIO()
    picture.save(held, kind, **({"optimize": True} if kind == "png" else {"quality": 88, "subsampling": 0}))
    return f"data:image/{kind};base64," + base64.b64encode(held.getvalue()).decode()


def _short(text: str) -> str:
    words = text.split()
    return " ".join(words[:WORDS]) + (" …" if len(words) > WORDS else "")
