"""Where something is timed: processes of one thread each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from typing import Any

from compute.bench import sides
from compute.campaigns.dask_cluster import SINGLE_THREADED


@contextmanager
def processes(count: int) -> Iterator[list[Callable[..., Any]]]:
    """Callables that run a function in one of so many processes of one thread each, always the same for each."""
    # Read when a process starts: numpy's threads would wait for one another while other work runs.
    os.environ.update(SINGLE_THREADED)
    with ExitStack() as stack:
        pools = [
            stack.enter_context(ProcessPoolExecutor(1, get_context("spawn"), sides.limit_threads, (1,)))
            for _ in range(count)
        ]
        yield [lambda function, *arguments, pool=pool: pool.submit(function, *arguments).result() for pool in pools]
