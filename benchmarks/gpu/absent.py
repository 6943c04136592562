"""Stand-ins for packages that MACE and SevenNet import and no step of the kit uses: for training, plots and files."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
import types
from typing import Any

NAMES = ("h5py", "lmdb", "matplotlib", "pandas", "sklearn", "torchmetrics")


class Anything:
    """Has every attribute, can be called, and is no base of a class that names it as one."""

    def __getattr__(self, name: str) -> Anything:
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything()

    def __call__(self, *arguments: Any, **named: Any) -> Anything:
        return Anything()

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[Any, ...]:
        return ()


class _StandIn(types.ModuleType, Anything):
    pass


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        wanted = name.partition(".")[0] in NAMES
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if wanted else None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return _StandIn(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        pass


def stand_in() -> None:
    """From now on a package of `NAMES` that is not installed is imported all the same."""
    sys.meta_path.append(_Finder())
