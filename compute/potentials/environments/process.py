"""A potential in another interpreter, which looks like any other."""

from __future__ import annotations

import atexit
import os
import select
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from compute.potentials.environments import wire
from compute.potentials.environments.install import Environment
from compute.potentials.interface import Evaluation, EvaluationError, finite
from compute.potentials.store import LoadError

if TYPE_CHECKING:
    from ase import Atoms

_SERVE = Path(__file__).with_name("serve.py")


class EvaluatorError(EvaluationError):
    """The process of a potential ended twice at the same batch, gave no answer in time, or broke off with an error."""


@dataclass(frozen=True)
class ProcessTimeouts:
    """Seconds until a process that does not answer is ended: for a batch, per atom, and more where it starts."""

    start: float = 600.0
    batch: float = 120.0
    atom: float = 2.0


class Evaluator:
    """A process that serves the module `evaluator` in `folder` with the interpreter `python`.

    It starts at the first request and ends with this process. Where it ends by itself it is started once more and
    asked again.
    """

    def __init__(self, name: str, python: Path, folder: Path, patience: ProcessTimeouts = ProcessTimeouts()):
        self.name, self._python, self._folder, self._patience = name, python, folder, patience
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        atexit.register(self.close)

    @property
    def pid(self) -> int | None:
        """Number of the process; None where none runs."""
        return None if self._process is None or self._process.poll() is not None else self._process.pid

    def ask(self, header: dict[str, Any], arrays: wire.Arrays) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """The answer to a request. Raises `EvaluatorError`."""
        message = wire.packed(header, arrays)
        atoms = int(arrays["counts"].sum()) if "counts" in arrays else 0
        with self._lock:
            for attempt in range(2):
                seconds = self._patience.batch + self._patience.atom * atoms
                if "counts" not in arrays or self.pid is None or self._owner != os.getpid():
                    seconds += self._patience.start
                if self.pid is None or self._owner != os.getpid():
                    self._start()
                try:
                    return self._exchange(message, time.monotonic() + seconds)
                except TimeoutError as error:
                    self.close()
                    raise EvaluatorError(f"{self.name} gave no answer within {seconds:.0f} s") from error
                except (EOFError, OSError) as error:
                    reason = self._end()
                    if attempt:
                        raise EvaluatorError(f"the process of {self.name} ended twice: {reason}") from error
        raise AssertionError("unreachable")

    def close(self) -> None:
        """End the process."""
        if self._process is None or self._owner != os.getpid():
            return
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._said):
            assert stream is not None, "the process is started with pipes"
            stream.close()
        self._process = None

    def _start(self) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  closed with the process
        self._process = subprocess.Popen(
            [self._python, "-I", _SERVE, self._folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            bufsize=0,
        )
        assert self._process.stdin is not None
        os.set_blocking(self._process.stdin.fileno(), False)
        self._owner = os.getpid()

    def _end(self) -> str:
        """End the process and say why it did: how, and the last line that it wrote."""
        assert self._process is not None
        try:
            status = self._process.wait(5)
        except subprocess.TimeoutExpired:
            status = 0
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").strip().splitlines()
        self.close()
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        return f"{how}, {lines[-1]}" if lines else how

    def _exchange(self, message: bytes, deadline: float) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        sink, source = self._process.stdin.fileno(), self._process.stdout.fileno()

        def ready(reading: list[int], writing: list[int]) -> None:
            if select.select(reading, writing, [], max(deadline - time.monotonic(), 0)) == ([], [], []):
                raise TimeoutError

        def read(size: int) -> bytes:
            parts = []
            while size:
                ready([source], [])
                part = os.read(source, size)
                if not part:
                    raise EOFError
                parts.append(part)
                size -= len(part)
            return b"".join(parts)

        left = memoryview(message)
        while left:
            ready([], [sink])
            left = left[os.write(sink, left) :]
        return wire.received(read)


class RemotePotential:
    """A checkpoint that a process of its family's environment evaluates; `seconds` counts what it takes there."""

    def __init__(
        self,
        evaluator: Evaluator,
        *,
        id: str,
        checkpoint: Path,
        checkpoint_sha256: str,
        dtype: str,
        device: str,
        head: str | None,
    ):
        self.id, self.checkpoint_sha256, self.dtype = id, checkpoint_sha256, dtype
        self.seconds = 0.0
        self._evaluator = evaluator
        self._load = [str(checkpoint), device, dtype, head]
        try:
            answer, _ = self._ask({}, {})
        except EvaluationError as error:
            raise LoadError(f"{id} cannot be loaded: {str(error).removeprefix(f'{id}: ')}") from error
        self.device = str(answer["device"])
        if answer["note"]:
            warnings.warn(f"{id}: {answer['note']}", stacklevel=2)

    def evaluate(self, structures: Sequence[Atoms], *, stress: bool = False) -> list[Evaluation]:
        """Energy, forces and, if asked, stress; see `Potential`."""
        if not structures:
            return []
        counts = np.array([len(structure) for structure in structures])
        if not counts.all():
            raise EvaluationError("a structure has no atoms")
        if stress and any(structure.cell.rank < 3 for structure in structures):
            raise EvaluationError("the stress of a structure without a cell is not defined: give a cell")
        arrays = {
            "counts": counts,
            "numbers": np.concatenate([structure.numbers for structure in structures]),
            "positions": np.concatenate([structure.positions for structure in structures]),
            "cells": np.array([structure.cell.array for structure in structures]),
            "periodic": np.array([structure.pbc for structure in structures]),
        }
        answer, results = self._ask({"stress": stress}, arrays)
        self.seconds += answer["seconds"]
        forces = np.split(results["forces"], counts.cumsum()[:-1])
        stresses = results["stresses"] if stress else [None] * len(structures)
        found = [Evaluation(*row) for row in zip(results["energies"].tolist(), forces, stresses, strict=True)]
        return [finite(self.id, structure, one) for structure, one in zip(structures, found, strict=True)]

    def _ask(self, header: dict[str, Any], arrays: wire.Arrays) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        torch = sys.modules.get("torch")
        request = {"load": self._load, "threads": torch.get_num_threads() if torch else None, **header}
        answer, results = self._evaluator.ask(request, arrays)
        if refused := answer.get("refused"):
            raise EvaluationError(f"{self.id}: {refused}")
        if failed := answer.get("failed"):
            raise EvaluatorError(f"{self.id} failed: {failed}")
        return answer, results


@cache
def evaluator(environment: Environment, folder: Path) -> Evaluator:
    """The process that serves `folder` with the interpreter of `environment`, one for all potentials of both."""
    return Evaluator(environment.name, environment.python, folder)
