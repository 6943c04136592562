"""Where things are: the published tables and everything written at run time."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[1]


def in_checkout() -> bool:
    """Whether this code lies in a checkout, with its tables beside it, and not where pip has installed it."""
    return (_ROOT / "pyproject.toml").is_file()


def data_directory() -> Path:
    """Folder of the published tables: `SOFTMODE_DATA`, else data/parquet of the checkout."""
    return Path(os.environ.get("SOFTMODE_DATA") or _ROOT / "data" / "parquet")


def frames_directory() -> Path:
    """Folder of the sets of reference frames: `SOFTMODE_FRAMES`, else data/frames of the checkout."""
    return Path(os.environ.get("SOFTMODE_FRAMES") or _ROOT / "data" / "frames")


def costs_file() -> Path:
    """What force calls cost: `SOFTMODE_COSTS`, else benchmarks/results/costs.json of the checkout."""
    return Path(os.environ.get("SOFTMODE_COSTS") or _ROOT / "benchmarks" / "results" / "costs.json")


def var_directory() -> Path:
    """Folder of everything written at run time: `SOFTMODE_VAR`, else var of the checkout, else one of the user's."""
    if chosen := os.environ.get("SOFTMODE_VAR"):
        return Path(chosen)
    if in_checkout():
        return _ROOT / "var"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "softmode"


def local_directory() -> Path:
    """Folder of results of this machine that the site shows beside the published ones: `SOFTMODE_LOCAL`, else `local`
    in the folder of `var_directory`."""
    return Path(os.environ.get("SOFTMODE_LOCAL") or var_directory() / "local")


def environments_directory() -> Path:
    """Folder of the interpreters of families that need their own: `SOFTMODE_ENVIRONMENTS`, else beside this one."""
    return Path(os.environ.get("SOFTMODE_ENVIRONMENTS") or Path(sys.prefix) / "softmode-environments")


def mace_backend() -> str:
    """How MACE models are carried out: `SOFTMODE_MACE_BACKEND`, else sparse; all are exact."""
    return os.environ.get("SOFTMODE_MACE_BACKEND") or "sparse"
