"""A task in two parts, each of which can be kept: geometry with force constants, and then the row.

A task on reference frames is done in the first part.

`serve` runs the parts in a process of their own, which can be asked to stop between two force calls, and killed.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, Protocol

from compute.campaigns.task import Task, from_plain
from compute.potentials import store
from compute.potentials.interface import Evaluation, Potential, Stopwatch
from compute.protocols import HARMONIC_PROTOCOLS, HarmonicProtocol, SamplingProtocol
from compute.settings import frames_directory

if TYPE_CHECKING:
    from ase import Atoms

    from compute.structures.uploaded import Uploaded

Row = dict[str, Any]
Calculate = Callable[[str, Row, Row, "Watch", int | None], Row]
_EVERY = 0.4


class Stopped(BaseException):
    """The calculation was asked to stop. No `Exception`: that would become the row of a failure."""


class Listener(Protocol):
    """Where progress is sent to: a pipe, say."""

    def send(self, message: tuple[str, Any]) -> None:
        """Take a kind of message, which is `progress`, and its values."""


class Watch:
    """What a calculation tells, at most every 0.4 s, and whether it is to stop."""

    def __init__(self, connection: Listener, stopping: Callable[[], bool]):
        self._connection, self._stopping = connection, stopping
        self._told = 0.0
        self._first: tuple[float, int] | None = None

    def check(self) -> None:
        """Raise `Stopped` when it is to stop."""
        if self._stopping():
            raise Stopped

    def report(self, stage: str, done: int = 0, total: int | None = None, **values: float | None) -> None:
        """Tell how far `stage` is; what comes too soon after the last report is dropped."""
        self.check()
        if time.monotonic() - self._told >= _EVERY:
            self._told = time.monotonic()
            self._connection.send(("progress", {"stage": stage, "done": done, "total": total, **values}))

    def sampling(self, done: int, planned: int, sigma: float, error: float) -> None:
        """Progress as `sample` tells it, with the seconds left at the pace so far."""
        now = time.monotonic()
        start, before = self._first = self._first or (now, done)
        left = (now - start) / (done - before) * (planned - done) if done > before else None
        self.report("sampling", done, planned, sigma=_known(sigma), sigma_se=_known(error), seconds_left=left)


class Watched:
    """`potential`, stopping between calls when the watch says so; with `stage`, between structures, and telling it."""

    def __init__(self, potential: Potential, watch: Watch, stage: str | None = None):
        self._potential, self._watch, self._stage = potential, watch, stage
        self.id, self.checkpoint_sha256 = potential.id, potential.checkpoint_sha256
        self.dtype, self.device = potential.dtype, potential.device
        self._done = 0

    def evaluate(self, structures: Sequence[Atoms], *, stress: bool = False) -> list[Evaluation]:
        """As of the potential itself."""
        self._watch.check()
        if self._stage is None:
            return self._potential.evaluate(structures, stress=stress)
        results = []
        for structure in structures:
            self._watch.report(self._stage, self._done)
            results += self._potential.evaluate([structure], stress=stress)
            self._done += 1
        return results


def crystal(task: Task, watch: Watch, threads: int | None = None) -> Row:
    """Geometry and force constants of `task`: `crystal` as plain data and the times in s, or the row of a failure."""
    from compute.campaigns import run_task
    from compute.stages.crystal import harmonic_crystal, to_plain

    def calculate() -> Row:
        start = time.perf_counter()
        protocol = task.protocol.harmonic if isinstance(task.protocol, SamplingProtocol) else task.protocol
        subject = _subject(task)
        watch.report("loading the potential")
        potential = _potential(task, protocol.dtype, threads)
        watched = Stopwatch(Watched(potential, watch, "force constants"))
        found = harmonic_crystal(subject.compound, watched, protocol, subject.a, subject.x)
        return {
            "crystal": to_plain(found),
            "checkpoint_sha256": potential.checkpoint_sha256,
            "seconds": time.perf_counter() - start,
            "force_seconds": watched.seconds,
        }

    return run_task.outcome(calculate)


def row(task: Task, first: Row, watch: Watch, threads: int | None = None) -> Row:
    """The row of `task` from what `crystal` returned, or that of a failure."""
    from compute.campaigns import run_task
    from compute.stages.anharmonic import sampled
    from compute.stages.crystal import from_plain
    from compute.stages.harmonic import frequencies

    def calculate() -> Row:
        protocol, subject = task.protocol, _subject(task)
        compound = subject.compound
        watch.report("frequencies" if isinstance(protocol, HarmonicProtocol) else "sampling")
        potential = Watched(_potential(task, protocol.dtype, threads), watch)
        if isinstance(protocol, HarmonicProtocol):
            found = frequencies(from_plain(compound, protocol, first["crystal"]), potential, protocol)
            return _named(run_task.harmonic_row(found, protocol), task, subject)
        here = from_plain(compound, protocol.harmonic, first["crystal"])
        result = sampled(here, potential, protocol, seed=task.seed, progress=watch.sampling)
        return _named(run_task.sigma_row(result, protocol, task.seed), task, subject)

    found = run_task.outcome(calculate)
    times = {key: found[key] + first[key] for key in ("seconds", "force_seconds") if key in found}
    return found | times


def attribution(task: Task, watch: Watch, threads: int | None = None) -> Row:
    """The row of a task on reference frames, or that of a failure."""
    from compute.campaigns import run_task
    from compute.dft.results import attribution_row

    def calculate() -> Row:
        path = frames_directory() / f"{task.frames}.npz"
        if store.file_sha256(path) != task.frames_sha256:
            raise ValueError(f"this worker's reference frames {task.frames} differ from those asked for")
        protocol = task.protocol if isinstance(task.protocol, SamplingProtocol) else None
        watch.report("loading the potential")
        potential = _potential(task, HARMONIC_PROTOCOLS["reference-geometry"].dtype, threads)
        watched = Watched(potential, watch, "reference frames" if protocol is None else None)
        watch.report("reference frames")
        return attribution_row(path, watched, protocol, watch.sampling)

    return run_task.outcome(calculate)


def compute(part: str, payload: Row, first: Row, watch: Watch, threads: int | None = None) -> Row:
    """The part `crystal` or `row` of the task in `payload`."""
    task = from_plain(payload)
    if task.frames is not None:
        return attribution(task, watch, threads)
    return crystal(task, watch, threads) if part == "crystal" else row(task, first, watch, threads)


def serve(connection: Connection, calculate: Calculate, threads: int | None, nice: int) -> None:
    """Answer requests `(number, part, payload, first)` on `connection`; end this process when its other end is gone.

    An answer is `("done", row)`, or `("stopped", None)` after the number was sent alone, which asks to stop.
    """
    # Ctrl-C reaches the whole group; what becomes of the calculation is its parent's to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Who looks at a page goes before who waits for a result, where they share processors.
    os.nice(nice)
    requests: queue.Queue[tuple[int, str, Row, Row]] = queue.Queue()
    stopped = 0

    def listen() -> None:
        nonlocal stopped
        while True:
            try:
                message = connection.recv()
            except (EOFError, OSError):
                os._exit(1)
            if isinstance(message, int):
                stopped = message
            else:
                requests.put(message)

    threading.Thread(target=listen, daemon=True).start()
    while True:
        number, part, payload, first = requests.get()
        watch = Watch(connection, partial(_reached, lambda: stopped, number))
        try:
            done = calculate(part, payload, first, watch, threads)
        except Stopped:
            connection.send(("stopped", None))
        else:
            connection.send(("done", done))


def _reached(stopped: Callable[[], int], number: int) -> bool:
    return stopped() >= number


def _potential(task: Task, dtype: str, threads: int | None) -> Potential:
    """The task's potential. Raises `LoadError` in words for whoever asked: what is where is for this worker's log."""
    from compute.campaigns import run_task

    try:
        return run_task.potential_of(task, dtype, threads)
    except store.LoadError as error:
        print(error, file=sys.stderr, flush=True)
        raise store.LoadError(f"This worker cannot load {task.potential}: its weights are missing or others.") from None


def _subject(task: Task) -> Uploaded:
    """The compound of `task` and its geometry, read from the structure where one was uploaded."""
    from compute.campaigns import run_task
    from compute.structures.upload_process import read_limited
    from compute.structures.uploaded import Uploaded

    if task.structure is not None:
        return read_limited(task.structure)
    return Uploaded(run_task.compound_of(task), task.a, None, task.compound)


def _named(row: Row, task: Task, subject: Uploaded) -> Row:
    """`row`, with what an uploaded structure turned out to be."""
    if task.structure is None:
        return row
    compound = subject.compound
    geometry = "relaxed from it" if task.protocol.geometry == "relaxed" else "taken as it is"
    note = f"uploaded structure, {geometry}: {subject.described}; no published reference exists for it"
    reason = "; ".join(text for text in (row.get("reason"), note) if text)
    return {**row, "suite": compound.suite, "compound": compound.formula, "reason": reason}


def _known(value: float) -> float | None:
    return None if value != value else float(value)
