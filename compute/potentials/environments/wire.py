"""Messages over a pipe: a header and NumPy arrays, without pickle. Imported on both sides, so by NumPy alone.

A message is the length of its header (four bytes), the header as JSON, which lists type and shape of each array, and
the bytes of the arrays.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Arrays = Mapping[str, np.ndarray]
_LENGTH = struct.Struct("<I")
_TYPES = ("<f8", "<i8", "|b1")


def packed(header: Mapping[str, Any], arrays: Arrays) -> bytes:
    """The message of `header` and `arrays`, which are float64, int64 or bool."""
    kept = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    listed = [(name, array.dtype.str, array.shape) for name, array in kept.items()]
    head = json.dumps({**header, "arrays": listed}).encode()
    return b"".join([_LENGTH.pack(len(head)), head, *(array.tobytes() for array in kept.values())])


def received(read: Callable[[int], bytes]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The next message; `read` gives exactly as many bytes as it is asked for, or raises.

    Raises `ValueError` for what is not a message.
    """
    (length,) = _LENGTH.unpack(read(_LENGTH.size))
    header = json.loads(read(length))
    arrays = {}
    for name, kind, shape in header.pop("arrays"):
        if kind not in _TYPES:
            raise ValueError(f"an array of type {kind}")
        content = read(np.dtype(kind).itemsize * math.prod(shape))
        arrays[name] = np.frombuffer(content, kind).reshape(shape)
    return header, arrays
