"""Files that a reader meets whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path


def write_atomic(path: Path, content: bytes) -> None:
    """Write beside `path`, then rename over it: a reader or a crash never meets half a file, nor a power failure."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # else the name may reach the disk before the content
        os.replace(temporary, path)
        _sync(path.parent)  # else a file written later may outlive this one
    finally:
        temporary.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Names in `folder` as they are now stay after a power failure, where its file system can promise that."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)
