"""How much faster two workers are than one, side by side: python benchmarks/workers.py [compounds] [rounds].

The same compounds of suite abx3 with CHGNet 0.3.0, one and two processes in turn, each warmed up before its time
counts. Prints the time of each, the ratio per round, and the share of the time inside force calls.
"""

from __future__ import annotations

import statistics
import sys
import time

from compute.campaigns.chunks import run_chunk
from compute.campaigns.dask_cluster import executor
from compute.campaigns.plan import tasks
from compute.potentials.load import load
from compute.protocols import HARMONIC_PROTOCOLS
from compute.settings import data_directory
from compute.tables import read
from compute.tasks.task import Task

POTENTIAL = "chgnet-0.3.0"


def seconds(work: list[Task], workers: int) -> tuple[float, float]:
    """Wall time of `work` on `workers` warm processes, and the share of their time inside force calls."""
    with executor(workers) as pool:
        # Enough to give every worker some: each loads the potential and runs torch's first, slow calls.
        for future in [pool.submit(run_chunk, [task], 1) for task in work[: 6 * workers]]:
            future.result()
        start = time.perf_counter()
        rows = [future.result()[0] for future in [pool.submit(run_chunk, [task], 1) for task in work]]
        wall = time.perf_counter() - start
    inside, total = (sum(row[key] for row in rows) for key in ("force_seconds", "seconds"))
    return wall, inside / total


def main(compounds: int = 40, rounds: int = 3) -> None:
    references = [row for row in read(data_directory(), "references").to_pylist() if row["suite"] == "abx3"]
    sha256 = load(POTENTIAL, device="cpu").checkpoint_sha256
    work = tasks(references, POTENTIAL, sha256, HARMONIC_PROTOCOLS["reference-geometry"])[:compounds]
    ratios = []
    for _ in range(rounds):
        (one, share), (two, _) = seconds(work, 1), seconds(work, 2)
        ratios.append(one / two)
        print(f"1 worker {one:.1f} s, 2 workers {two:.1f} s, ratio {one / two:.2f}; {share:.0%} in force calls")
    print(f"median ratio {statistics.median(ratios):.2f} over {rounds} rounds of {compounds} compounds")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
