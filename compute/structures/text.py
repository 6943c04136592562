"""Text of files as people have them: with a byte order mark, in UTF-8, UTF-16 or Latin-1, with any line ends."""

from __future__ import annotations

import codecs
from pathlib import Path

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


def text_of(path: Path) -> str:
    """The text of the file `path`. Raises `OSError`."""
    return decoded(path.read_bytes())
