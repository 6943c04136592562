"""The process that evaluates: started by path in the interpreter of a family, it answers batches until its pipe ends.

`python -I serve.py FOLDER` imports the module `evaluator` of FOLDER. Its function `load(checkpoint, device, dtype,
head)` returns a function of structures (`ase.Atoms`) and `stress` (whether it is wanted) that gives energy, forces and
stress of each, the stress None where it is not wanted; `ValueError` is its word for a structure that it cannot
describe, and the function may have a `note` for its user. Requests say what to load; what was loaded is kept.
"""

from __future__ import annotations

import importlib
import os
import select
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import wire

del sys.path[0]

Evaluate = Callable[..., Sequence[tuple[float, np.ndarray, np.ndarray | None]]]


def main(folder: str) -> None:
    """Answer the requests on standard input, in order, on what was standard output."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a package prints must not come between
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.path.append(folder)
    loaded: dict[str, Evaluate] = {}
    while True:
        header, arrays = wire.received(_exactly)
        try:
            answer, results = _answer(header, arrays, loaded)
        except ValueError as error:
            answer, results = {"refused": str(error) or "ValueError"}, {}
        except Exception as error:  # noqa: BLE001  the boundary of the process: its parent raises it again
            traceback.print_exc()
            answer, results = {"failed": f"{type(error).__name__}: {error}".splitlines()[0]}, {}
        answers.write(wire.packed(answer, results))
        answers.flush()


def _answer(
    header: dict[str, Any], arrays: wire.Arrays, loaded: dict[str, Evaluate]
) -> tuple[dict[str, Any], wire.Arrays]:
    checkpoint, device, dtype, head = header["load"]
    if device == "auto":
        device = _device()
    name = repr(header["load"])
    if name not in loaded:
        loaded[name] = importlib.import_module("evaluator").load(checkpoint, device, dtype, head)
    if "counts" not in arrays:
        return {"device": device, "note": getattr(loaded[name], "note", "")}, {}
    if header["threads"] and (torch := sys.modules.get("torch")):
        torch.set_num_threads(header["threads"])
    structures, start = _structures(arrays), time.perf_counter()
    results = loaded[name](structures, header["stress"])
    seconds = time.perf_counter() - start
    energies, forces, stresses = zip(*results, strict=True)
    found = {"energies": np.array(energies, float), "forces": np.concatenate(forces).astype(float)}
    return {"seconds": seconds}, {**found, "stresses": np.array(stresses, float)} if header["stress"] else found


def _structures(arrays: wire.Arrays) -> list[Any]:
    from ase import Atoms

    ends = arrays["counts"].cumsum()[:-1]
    numbers, positions = (np.split(arrays[name], ends) for name in ("numbers", "positions"))
    cells, periodic = arrays["cells"], arrays["periodic"]
    return [
        Atoms(numbers[i], positions=positions[i], cell=cells[i], pbc=periodic[i]) for i in range(len(arrays["counts"]))
    ]


def _device() -> str:
    if find_spec("torch") is None:
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _exactly(size: int) -> bytes:
    content = sys.stdin.buffer.read(size)
    if len(content) < size:
        os._exit(0)  # the pipe ended: nobody is there to answer
    return content


def _end_with_parent() -> None:
    """End the process, in the middle of a batch too, when the other end of standard input closes."""
    hung_up = select.poll()
    hung_up.register(0, 0)
    hung_up.poll()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
