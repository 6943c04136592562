"""What an uploaded file holds, read at once in a process with bounded memory and time."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from importlib.util import find_spec

from compute import sandbox
from dashboard.server.rate_limit import HOUR, allowed

READER = "compute.structures.upload_process"
PER_HOUR = 60
"""Files that an address has read in an hour."""
_PATIENCE = 40.0
_turn = threading.Lock()


@dataclass(frozen=True)
class UploadedFile:
    """What a file is, in words, or why it is refused; neither where only a worker can tell."""

    described: str = ""
    error: str = ""


def read(text: str) -> UploadedFile:
    """What the CIF or POSCAR `text` holds; one file at a time."""
    if not (find_spec("ase") and find_spec("spglib")) or not allowed("upload", PER_HOUR, HOUR):
        return UploadedFile()
    with _turn:
        told = sandbox.answer(READER, text, _PATIENCE)
    found = {} if told is None else json.loads(told)
    if not found:
        return UploadedFile(error="The file takes more memory or time to read than a structure of this size can need.")
    return UploadedFile(found.get("described", ""), found.get("error", ""))
