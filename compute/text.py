"""Text of files as people have them: packed or not, with a byte order mark, in any encoding, with any line ends."""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import re
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

PACKED = (".gz", ".xz", ".bz2")
_OPENS = ((b"\x1f\x8b", gzip.open), (b"\xfd7zXZ\0", lzma.open), (b"BZh", bz2.open))
DAMAGED = (EOFError, OSError, lzma.LZMAError, zlib.error)
"""What reading a packed file raises that ends early or is none."""

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def encoding_of(head: bytes) -> str:
    """The encoding that the first bytes of a file tell: by its mark, else UTF-8, or Latin-1 where that fails."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    try:
        # A character may be cut in two at the end of `head`.
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def decoded(content: bytes) -> str:
    """`content` as text with \\n at the end of its lines and without a byte order mark."""
    return plain(content.decode(encoding_of(content), errors="replace"))


def plain(text: str) -> str:
    """`text` with \\n at the end of its lines and without a byte order mark."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def with_fortran_numbers(text: str) -> str:
    """`text` with the exponents of Fortran's double precision, 1.5D-03, as others write them."""
    return re.sub(r"(?<=[\d.])[dD](?=[+-]?\d)", "e", text)


def opened(path: Path) -> BinaryIO:
    """The file `path` to read from, unpacked on the way where gzip, xz or bzip2 packed it. Raises `OSError`."""
    with path.open("rb") as file:
        head = file.read(8)
    opens: Any = next((found for mark, found in _OPENS if head.startswith(mark)), Path.open)
    stream: BinaryIO = opens(path, "rb")
    return stream


def text_of(path: Path) -> str:
    """The text of the file `path`, which may be packed. Raises `OSError`."""
    with opened(path) as file:
        try:
            return decoded(file.read())
        except DAMAGED as error:
            raise OSError(f"{path.name} cannot be unpacked: {error}.") from error


def unpacked(path: Path) -> Path:
    """`path` with the name that the file has when it is not packed: FORCE_SETS for FORCE_SETS.xz."""
    return path.with_suffix("") if path.suffix in PACKED else path


def first_of(folder: Path, names: Iterable[str]) -> Path | None:
    """The first file of `names` that `folder` holds, packed or not, or None."""
    there = (folder / (name + ending) for name in names for ending in ("", *PACKED))
    return next((path for path in there if path.is_file()), None)
