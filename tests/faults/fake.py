"""A worker whose calculation is a counted wait: `python -m tests.faults.fake NAME SILENT_SECONDS`."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from compute.jobs.calculation import Row, Watch
from compute.jobs.worker import Worker

SLICES = 4


def calculate(part: str, payload: Row, first: Row, watch: Watch, threads: int | None) -> Row:
    """Wait for the seconds in `FAKE_SECONDS`, telling progress; σ is the lattice constant, so it tells jobs apart.

    A file `hang` in `SOFTMODE_VAR` makes it deaf to a stop; `die` ends its process.
    """
    var = Path(os.environ["SOFTMODE_VAR"])
    with (var / "started.log").open("a") as log:
        log.write(f"{payload['compound']} {part} {os.getpid()}\n")
    if (var / "die").exists():
        os._exit(9)
    while (var / "hang").exists():
        time.sleep(0.05)
    for done in range(SLICES):
        watch.sampling(done, SLICES, 0.5, 0.1)
        time.sleep(float(os.environ.get("FAKE_SECONDS", "0.1")) / SLICES)
    if part == "crystal":
        return {"crystal": {}, "checkpoint_sha256": "0" * 64, "seconds": 0.0, "force_seconds": 0.0}
    return {"status": "ok", "sigma": payload["a"], "reason": None}


if __name__ == "__main__":
    Worker(sys.argv[1], calculate=calculate, silent_seconds=float(sys.argv[2])).work()
