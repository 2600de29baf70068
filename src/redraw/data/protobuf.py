"""The wire format of protocol buffers (version 3): fields of a message, by number, without a schema."""

from __future__ import annotations

from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
WIDTHS = {FIXED64: 8, FIXED32: 4}


def varint(data: memoryview, at: int) -> tuple[int, int]:
    """(number, place behind it). Raises ValueError where it has no end, or more than 64 bits."""
    value = 0
    for k in range(10):
        if at + k >= len(data):
            raise ValueError("a number goes on behind the end")
        byte = data[at + k]
        value |= (byte & 0x7F) << (7 * k)
        if byte < 0x80:
            if value >> 64:
                break
            return value, at + k + 1
    raise ValueError("a number of more than 64 bits")


def signed(value: int) -> int:
    """A varint as int64 and int32 are stored: negative numbers with 64 bits."""
    return value - (1 << 64) if value >> 63 else value


def fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """(number, content) in the order of the message: varints as int, all else as its bytes.

    Raises ValueError for groups, which nobody writes any more, for the number 0, and for what goes on behind the end.
    """
    at = 0
    while at < len(message):
        tag, at = varint(message, at)
        number, kind = tag >> 3, tag & 7
        if not number or kind not in (VARINT, BYTES, *WIDTHS):
            raise ValueError(f"field {number} of an unknown kind {kind}")
        if kind == VARINT:
            value, at = varint(message, at)
            yield number, value
            continue
        if kind == BYTES:
            size, at = varint(message, at)
        else:
            size = WIDTHS[kind]
        if size > len(message) - at:
            raise ValueError(f"{size} bytes announced where {len(message) - at} are left")
        yield number, message[at : at + size]
        at += size


def varints(packed: memoryview) -> Iterator[int]:
    """The numbers of a packed field of varints. Raises ValueError as ``varint``."""
    at = 0
    while at < len(packed):
        value, at = varint(packed, at)
        yield value


def as_bytes(value: int | memoryview, what: str) -> memoryview:
    """``value`` where it is bytes. Raises ValueError, which names ``what``, where it is a number."""
    if isinstance(value, int):
        raise ValueError(f"{what} is a number")
    return value


def as_number(value: int | memoryview, what: str) -> int:
    """``value`` where it is a number. Raises ValueError, which names ``what``, where it is bytes."""
    if not isinstance(value, int):
        raise ValueError(f"{what} is no number")
    return value


def as_text(value: int | memoryview, what: str) -> str:
    """``value`` as text. Raises ValueError where it is no UTF-8, or not to be printed on one line."""
    text = bytes(as_bytes(value, what)).decode("utf-8")
    if not text.isprintable():
        raise ValueError(f"{what} is {ascii(text[:40])}")
    return text
