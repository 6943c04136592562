"""A worker whose results are invented: `python -m tests.e2e.live_worker`. It waits while a file `hold` is there."""

from __future__ import annotations

import os
import time
from itertools import count
from pathlib import Path

from compute.jobs.calculation import Row, Watch
from compute.jobs.worker import Worker
from tests.support import recompute_data


def calculate(part: str, payload: Row, first: Row, watch: Watch, threads: int | None) -> Row:
    """Tell progress until the file `hold` in `SOFTMODE_VAR` is gone; then the numbers of `recompute_data`."""
    if part == "crystal":
        return {"crystal": {}, "checkpoint_sha256": "ab" * 32, "seconds": 0.0, "force_seconds": 0.0}
    sampled = "sampler" in payload["protocol"]
    for done in count(1):
        if sampled:
            watch.sampling(10 * done, 1000, 0.95 + 0.5 / done, 0.05)
        else:
            watch.report("force constants", done)
        if not (Path(os.environ["SOFTMODE_VAR"]) / "hold").exists():
            break
        time.sleep(0.1)
    return recompute_data.sigma_row() if sampled else recompute_data.harmonic_row()


if __name__ == "__main__":
    Worker("invented", calculate=calculate).work()
