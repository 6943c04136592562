"""A Dask cluster in place of the worker's own process: the scheduler of campaigns takes live calculations too."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from compute.campaigns.dask_cluster import client_of
from compute.jobs.calculation import Calculate, Stopped, Watch
from compute.jobs.job import JobError, Row
from compute.jobs.process import PATIENCE, POLL, CalculationEnded

if TYPE_CHECKING:
    from distributed import Worker

_ASK = 0.5


class Cluster:
    """The cluster whose scheduler is at `address`, with the interface of `Calculator`.

    A calculation is asked to stop by an event of the cluster between two force calls, and no longer waited for when it
    has not stopped in time; Dask cannot kill what runs. One whose Dask worker is lost is given to another.
    """

    def __init__(self, address: str, calculate: Calculate):
        self._address, self._calculate = address, calculate

    def run(
        self, part: str, payload: Row, first: Row, stopping: Callable[[], str | None], tell: Callable[[Row], None]
    ) -> Row:
        """As of `Calculator`. Raises `JobError` also where the scheduler does not answer."""
        from distributed import Event

        name, latest = f"softmode-{uuid4().hex}", deque[Row](maxlen=1)
        reason, deadline = None, 0.0
        try:
            with client_of(self._address) as client:
                client.subscribe_topic(name, lambda event: latest.append(event[1]))
                future = client.submit(_on_worker, self._calculate, part, payload, first, name, key=name, pure=False)
                stop = Event(name, client)
                while not future.done():
                    time.sleep(POLL)
                    if latest:
                        tell(latest.pop())
                    if reason is None and (reason := stopping()) is not None:
                        stop.set()
                        deadline = time.monotonic() + PATIENCE
                    elif reason is not None and time.monotonic() > deadline:
                        future.cancel()
                        raise JobError(reason)
                if future.status != "finished":
                    raise CalculationEnded(str(future.exception()))
                row: Row | None = future.result()
        except OSError as error:
            raise JobError("The cluster that calculates does not answer.") from error
        if row is None:
            raise JobError(reason or "The calculation stopped.")
        return row

    def close(self) -> None:
        """Nothing of it is a process of this worker."""


def _on_worker(calculate: Calculate, part: str, payload: Row, first: Row, name: str) -> Row | None:
    """What `calculate` gives on a worker of the cluster, None where it was stopped by the event `name`."""
    from distributed import get_worker

    watch = Watch(_Topic(get_worker(), name), _asked_to_stop(name))
    try:
        return calculate(part, payload, first, watch, 1)
    except Stopped:
        return None


class _Topic:
    """Sends progress to those who follow a topic of the cluster."""

    def __init__(self, worker: Worker, name: str):
        self._worker, self._name = worker, name

    def send(self, message: tuple[str, Any]) -> None:
        """The message's values, without its kind."""
        self._worker.log_event(self._name, message[1])


def _asked_to_stop(name: str) -> Callable[[], bool]:
    """Whether the event `name` is set, which the scheduler is asked twice a second at most."""
    from distributed import Event

    event, asked = Event(name), 0.0

    def stopping() -> bool:
        nonlocal asked
        if time.monotonic() - asked < _ASK:
            return False
        asked = time.monotonic()
        return bool(event.is_set())

    return stopping
