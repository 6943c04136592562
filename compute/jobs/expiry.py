"""Forgetting the jobs that nobody has asked for in a long time, with all that was kept of them."""

from __future__ import annotations

import time
from pathlib import Path

from compute.jobs.job import result_path
from compute.jobs.store import Store

DAY = 86_400.0


def forget_old(store: Store, days: float) -> int:
    """Strike off the jobs that ended and nobody asked for in `days`, and remove their results; how many jobs.

    A result of this machine goes when it is older and the database, which several machines may share, has no job of
    it any more. Raises `JobsUnavailable`.
    """
    struck = store.strike_old(days * DAY)
    cutoff = time.time() - days * DAY
    old = [path for path in _results() if path.stat().st_mtime < cutoff]
    if old:
        kept = store.ids()
        for path in old:
            if path.stem not in kept:
                path.unlink(missing_ok=True)
    return struck


def _results() -> list[Path]:
    return list(result_path("x").parent.glob("*.json"))
