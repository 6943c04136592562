"""A task in the two parts of `compute.tasks.execute`, told of and stopped on the way.

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

from compute.potentials.interface import Evaluation, Potential
from compute.tasks.task import ComputedTask, Task, from_plain

if TYPE_CHECKING:
    from ase import Atoms


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
        if len(structures) == 1:
            # One at a time is how a cell is relaxed: nobody knows how often.
            self._watch.report("geometry", self._done)
            self._done += 1
            return self._potential.evaluate(structures, stress=stress)
        results, start = [], time.monotonic()
        for done, structure in enumerate(structures):
            left = (time.monotonic() - start) / done * (len(structures) - done) if done else None
            self._watch.report(self._stage, done, len(structures), seconds_left=left)
            results += self._potential.evaluate([structure], stress=stress)
        return results


def compute(part: str, payload: Row, first: Row, watch: Watch, threads: int | None = None) -> Row:
    """The part `crystal` or `row` of the task in `payload`: the first as `Begun.to_plain`, or the row of a failure.

    A task that begins with no crystal is done in the first part.
    """
    from compute.tasks.execute import Means, begin, begun_from_plain, execute, finish, outcome

    task = from_plain(payload)
    means = Means(
        load=partial(_potential, threads=threads),
        wrap=lambda potential, stage: Watched(potential, watch, stage),
        report=watch.report,
        sampling=watch.sampling,
    )
    if not isinstance(task, ComputedTask):
        return execute(task, means)
    if part == "crystal":
        return outcome(lambda: begin(task, means).to_plain())
    return outcome(lambda: finish(task, begun_from_plain(task, first), means))


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
    from compute.potentials.store import LoadError
    from compute.tasks.execute import potential_of

    try:
        return potential_of(task, dtype, threads)
    except LoadError as error:
        print(error, file=sys.stderr, flush=True)
        raise LoadError(f"This worker cannot load {task.potential}: its weights are missing or others.") from None


def _known(value: float) -> float | None:
    return None if value != value else float(value)
