"""Where tasks run: a local Dask cluster of processes, or one already running at an address."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from distributed import Client, LocalCluster

# One thread per process. Dask would also set MALLOC_TRIM_THRESHOLD_, which hands torch's buffers back to the system
# after every operation: 40 % of the time then goes into page faults.
SINGLE_THREADED = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def default_workers() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def client_of(address: str) -> Client:
    """A client of the scheduler at `address`, to be closed. Raises `OSError` when it does not answer."""
    from distributed import Client

    return Client(address, timeout="20s")


def _started(start: Callable[[], LocalCluster]) -> LocalCluster:
    """The cluster that `start` starts, whose processes never hear of Ctrl-C: they are this one's to end.

    Pressed while they start, it is heard when they have: else each of them would write a traceback.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        cluster = start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return cluster


@contextmanager
def executor(workers: int, address: str | None = None) -> Iterator[Executor]:
    """A `concurrent.futures` executor: `workers` local processes of one thread, or the scheduler at `address`.

    Leaving it cancels what has not started.
    """
    import dask
    from distributed import Client, LocalCluster

    if address is not None:
        with client_of(address) as client:
            yield client.get_executor(pure=False)
        return
    with (
        dask.config.set({"distributed.nanny.pre-spawn-environ": SINGLE_THREADED}),
        _started(
            lambda: LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                dashboard_address=None,
                memory_limit=0,
                silence_logs=logging.ERROR,
            )
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client.get_executor(pure=False)
