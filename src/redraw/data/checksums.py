"""CRC-32C (Castagnoli), the checksum of TensorFlow's files, of many bytes at a time."""

from __future__ import annotations

import functools

import numpy as np

POLYNOMIAL = 0x82F63B78  # bits reversed
LANES = 4096  # pieces of the data that are gone through side by side
SHORTEST = 3  # power of two: bytes of a piece from which on that is faster than one after another
MASK = 0xA282EAD8


def crc32c(data: bytes | memoryview) -> int:
    """The checksum of ``data``; agrees with the check value of RFC 3720, 0xE3069283 for b"123456789"."""
    values = np.frombuffer(data, np.uint8)
    state, at = 0xFFFFFFFF, 0
    while (power := ((len(values) - at) // LANES).bit_length() - 1) >= SHORTEST:
        end = at + (LANES << power)
        state, at = _side_by_side(values[at:end].reshape(LANES, -1), power, state), end
    table = _table().tolist()
    for byte in values[at:].tolist():
        state = table[(state ^ byte) & 0xFF] ^ (state >> 8)
    return state ^ 0xFFFFFFFF


def masked_crc32c(data: bytes | memoryview) -> int:
    """As LevelDB and TensorFlow store it: turned by 15 bits, and a constant added."""
    found = crc32c(data)
    return ((found >> 15 | found << 17) + MASK) & 0xFFFFFFFF


# --- inside ------------------------------------------------------------------------------------------------------


def _side_by_side(lanes: np.ndarray, power: int, state: int) -> int:
    """The state behind ``lanes`` [LANES, 2 ** power], one after another, where it was ``state`` before."""
    table = _table()
    states = np.zeros(LANES, np.uint32)
    states[0] = state
    for column in lanes.T.copy():
        states = table[(states ^ column) & 0xFF] ^ (states >> 8)
    while len(states) > 1:  # the first of a pair goes on over the length of the second, both are then one
        states = _apply(_zeros(power), states[::2]) ^ states[1::2]
        power += 1
    return int(states[0])


@functools.cache
def _table() -> np.ndarray:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, table >> 1 ^ np.uint32(POLYNOMIAL), table >> 1)
    return table


@functools.cache
def _zeros(power: int) -> np.ndarray:
    """What 2 ** ``power`` bytes of zero do to a state, a linear map over its bits: columns [32]."""
    if power:
        half = _zeros(power - 1)
        return _apply(half, half)
    bits = np.uint32(1) << np.arange(32, dtype=np.uint32)
    return _table()[bits & 0xFF] ^ (bits >> 8)


def _apply(columns: np.ndarray, states: np.ndarray) -> np.ndarray:
    """The linear map whose ``columns`` [32] are the images of the bits, of states [L]."""
    found = np.zeros_like(states)
    for bit in range(32):
        found ^= np.where(states >> np.uint32(bit) & 1, columns[bit], np.uint32(0))
    return found
