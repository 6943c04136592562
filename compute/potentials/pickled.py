"""What loading a checkpoint runs: a pickle names classes and functions, which are called as it is read."""

from __future__ import annotations

import pickletools
import zipfile
from pathlib import Path
from pickle import UnpicklingError


def runs_at_load(path: Path) -> str:
    """One sentence about the file of PyTorch at `path`, found without loading it."""
    from torch.serialization import get_unsafe_globals_in_checkpoint

    try:
        named = get_unsafe_globals_in_checkpoint(str(path))
    except (ValueError, RuntimeError, UnpicklingError):
        return "Loading it runs a compiled program or code of its pickle, which cannot be listed beforehand."
    if not named:
        return "It holds weights alone: loading it runs no code of the file."
    packages = sorted({name.partition(".")[0] for name in named})
    own = " It brings program text of its own." if any(name.startswith("torch.fx.") for name in named) else ""
    return f"Loading it calls {len(named)} classes and functions that the file names, of {', '.join(packages)}.{own}"


def words(path: Path) -> frozenset[str]:
    """The texts in the pickle of the file of PyTorch at `path`, names of weights and settings among them, found without
    loading it; none where it is no such file."""
    try:
        with zipfile.ZipFile(path) as archive:
            pickles = [name for name in archive.namelist() if name.endswith("data.pkl")]
            found = [text for name in pickles for _, text, _ in pickletools.genops(archive.read(name))]
    except (zipfile.BadZipFile, ValueError):
        return frozenset()
    return frozenset(text for text in found if isinstance(text, str))
