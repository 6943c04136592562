"""Packages of potentials without those of their modules that evaluate nothing.

MACE and CHGNet import their training, their own dynamics and readers of other codes with their networks, and with these
plots, metrics and the compiler of torch: most of the time that a process takes to start.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _Deferred(ModuleType):
    """Stands for a module while another is imported: what is taken from it then is None, later what the module has."""

    def __init__(self, name: str):
        super().__init__(name)
        self.taken: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            self.taken.append(name)
            return None
        return getattr(import_module(self.__name__), name)

    def given_back(self) -> None:
        """From now on the package takes its names from the module when it is first asked for one of them."""
        del sys.modules[self.__name__]
        package = vars(sys.modules.get(self.__name__.rpartition(".")[0], self))
        names = [name for name in self.taken if name in package]

        def later(name: str) -> Any:
            if name not in names:
                raise AttributeError(f"module {package['__name__']!r} has no attribute {name!r}")
            package.update({known: getattr(self, known) for known in names})
            return package[name]

        if names:
            for name in names:
                del package[name]
            package["__getattr__"] = later


def mace_modules() -> ModuleType:
    """`mace.modules`, which unpickles checkpoints of MACE; to be imported before e3nn, which cannot come first."""
    return imported("mace.modules", without=("mace.tools.train", "e3nn.io._spherical_tensor", "torch._dynamo"))


def chgnet_model() -> ModuleType:
    """`chgnet.model.model`, which has the network."""
    return imported("chgnet.model.model", without=("chgnet.model.dynamics", "chgnet.utils.vasp_utils"))


def imported(name: str, *, without: tuple[str, ...]) -> ModuleType:
    """The module `name`, for which the modules `without` are not imported before somebody uses them."""
    deferred = [] if name in sys.modules else [_Deferred(module) for module in without if module not in sys.modules]
    sys.modules.update({module.__name__: module for module in deferred})
    try:
        return import_module(name)
    finally:
        for module in deferred:
            module.given_back()
