"""The process that calculates, as the worker has it: asked for parts of a task, watched, stopped and killed."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable

from compute.jobs import calculation
from compute.jobs.job import JobError, JobSettings, Row

POLL = 0.1
PATIENCE = 3.0
_TELL = 0.5


class CalculationEnded(RuntimeError):
    """The process that calculates ended by itself."""


class Calculator:
    """The process that calculates; it keeps its potentials loaded, and is started again where it had to be killed.

    It is asked to stop between two force calls, and killed 3 s later. Any thread may kill it, and one of them does.
    """

    def __init__(self, calculate: calculation.Calculate, threads: int | None):
        self._calculate, self._threads = calculate, threads
        self._nice = JobSettings().worker_nice
        self._context = multiprocessing.get_context("spawn")
        self._lock = threading.Lock()
        self._process: multiprocessing.process.BaseProcess | None = None
        self._number, self._closed = 0, False

    def run(
        self, part: str, payload: Row, first: Row, stopping: Callable[[], str | None], tell: Callable[[Row], None]
    ) -> Row:
        """What `part` gives for `payload`; `tell` gets its progress.

        `stopping` is asked often, and the reason it gives is raised as `JobError`. Raises `CalculationEnded`.
        """
        self._start()
        self._number += 1
        reason, deadline, told, latest = None, 0.0, 0.0, None
        try:
            self._pipe.send((self._number, part, payload, first))
            while True:
                if self._pipe.poll(POLL):
                    kind, value = self._pipe.recv()
                    if kind == "done":
                        row: Row = value
                        return row
                    if kind == "stopped":
                        raise JobError(reason or "The calculation stopped.")
                    latest = value
                now = time.monotonic()
                if latest is not None and now - told >= _TELL:
                    tell(latest)
                    latest, told = None, now
                if reason is None and (reason := stopping()) is not None:
                    self._pipe.send(self._number)
                    deadline = now + PATIENCE
                elif reason is not None and now > deadline:
                    self.kill()
                    raise JobError(reason)
        except (EOFError, OSError) as error:
            self.kill()
            raise CalculationEnded from error

    def close(self) -> None:
        """End the process, and start none again: whoever still runs something gets `CalculationEnded`."""
        self._closed = True
        self.kill()

    def kill(self) -> None:
        """End the process at once. It holds nothing that it would have to put in order."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.join()

    def _start(self) -> None:
        with self._lock:
            if self._closed:
                raise CalculationEnded
            if self._process is not None and self._process.is_alive():
                return
            self._pipe, theirs = self._context.Pipe()
            self._process = self._context.Process(
                target=calculation.serve, args=(theirs, self._calculate, self._threads, self._nice), daemon=True
            )
            self._process.start()
            theirs.close()
