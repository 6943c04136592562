"""What grows with the tables: `python -m benchmarks.growth [--json FILE]`; 100 suites × 50 potentials, a million rows.

Published rows under the names of invented suites and potentials, their ω moved at random. At each number of runs:
planning a campaign, publishing one more run, which adds files and touches no other, and reading one compound. At the
last: cold start of the web, the first and again, memory of a web process, and every callback of its pages.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import typer

from benchmarks.web import measured_callbacks, megabytes, server, settle
from compute import tables
from compute.campaigns.campaign import campaign
from compute.settings import data_directory

POTENTIALS, COMPOUNDS = 50, 200
OF = "chgnet-0.3.0"
"""The potential whose published rows are taken."""
PROTOCOL = "reference-geometry"
TOGETHER = 250
"""Runs of one publication while the tables are filled."""


class Invented:
    """Runs made of the published rows of one potential on some compounds of suite abx3."""

    def __init__(self, source: Path, suites: int):
        known = {"suite": "abx3", "potential": OF, "protocol": PROTOCOL, "status": "ok"}
        rows = tables.read_where(source, "harmonic", **known)[: COMPOUNDS - 1]
        rows += [row for row in tables.read_where(source, "harmonic", **known, compound="CsPbBr3") if row not in rows]
        self._rows = tables.from_rows("harmonic", rows)
        kept = pa.array(self._rows["compound"].to_pylist())
        references = tables.read(source, "references")
        mine = pc.and_(pc.equal(references["suite"], "abx3"), pc.is_in(references["compound"], kept))
        self._references = references.filter(mine)
        self._potential = next(row for row in tables.read(source, "potentials").to_pylist() if row["potential"] == OF)
        (self._run,) = tables.read_where(source, "runs", run=rows[0]["run"])
        self.suites = ["abx3", *(f"invented{n}" for n in range(1, suites))]

    def declare(self, file: Path) -> None:
        """Write the file that `SOFTMODE_SUITES` names."""
        about = (
            f'prototype = "cubic-perovskite"\nsize = {len(self._rows)}\nsource = "invented"\ncitation = "invented"\n'
            'criteria = ["harmonic"]\nmetrics = ["accuracy"]\ncell = "DFT\'s"\nlicence = "invented"\n'
        )
        dft = 'code = "invented"\nfunctional = "PBE"\nsupercell = "40 atoms"\n'
        named = (f'[{name}]\ntitle = "{name}"\n{about}[{name}.dft]\n{dft}' for name in self.suites[1:])
        file.write_text("\n".join(named))

    def start(self, data: Path) -> None:
        """Publish references and potentials, without a run."""
        references = pa.concat_tables([_with(self._references, suite=name) for name in self.suites]).combine_chunks()
        potentials = [self._potential | {"potential": f"p{n}", "name": f"P{n}"} for n in range(POTENTIALS)]
        tables.publish(data, {"references": references, "potentials": tables.from_rows("potentials", potentials)})

    def publish(self, data: Path, runs: range) -> float:
        """Seconds to publish `runs` together."""
        about = [self._about(run) for run in runs]
        harmonic = pa.concat_tables([self._moved(one) for one in about]).combine_chunks()
        listed = tables.from_rows("runs", [self._run | one for one in about])
        start = time.perf_counter()
        with tables.publishing(data) as publication:
            publication.put("harmonic", harmonic)
            publication.put("runs", listed)
        return time.perf_counter() - start

    def _about(self, run: int) -> dict[str, str]:
        suite = self.suites[run // POTENTIALS % len(self.suites)]
        again = run // (POTENTIALS * len(self.suites))
        potential = f"p{run % POTENTIALS}"
        return {"run": f"harmonic-{suite}-{potential}-{again}", "suite": suite, "potential": potential}

    def _moved(self, about: dict[str, str]) -> pa.Table:
        generator = np.random.default_rng(int.from_bytes(about["run"].encode()[-8:]))
        moved = _with(self._rows, **about)
        for place, column in enumerate(moved.schema):
            if pa.types.is_floating(column.type) and column.name.startswith("omega"):
                noise = pa.array(generator.normal(scale=0.3, size=len(moved)), column.type)
                moved = moved.set_column(place, column, pc.add(moved[column.name], noise))
        return moved


def _with(table: pa.Table, **texts: str) -> pa.Table:
    for name, text in texts.items():
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(name), pa.array([text] * len(table)))
    return table


def growing(data: Path, invented: Invented, sizes: list[int]) -> list[dict[str, Any]]:
    """What one more run, one campaign and one compound take at each number of runs, in s."""
    found, there = [], 0
    for size in sizes:
        for first in range(there, size, TOGETHER):
            invented.publish(data, range(first, min(first + TOGETHER, size)))
        more = min(invented.publish(data, range(size + k, size + k + 1)) for k in range(3))
        there = size + 3
        planned = _seconds(lambda: campaign("abx3", "p1", None, PROTOCOL, data, data / "var"))
        opened = _seconds(lambda: tables.read_manifest(data))
        manifest = tables.read_manifest(data)
        read = _seconds(lambda: manifest.read_where("harmonic", suite="abx3", compound="CsPbBr3"))  # noqa: B023
        found.append(
            {"runs": there, "rows": manifest.tables["harmonic"].rows, "publish_one_s": more, "plan_s": planned}
            | {"read_manifest_s": opened, "read_compound_s": read}
            | {"manifest_bytes": (data / tables.MANIFEST).stat().st_size}
        )
        print(json.dumps(found[-1]), flush=True)
    return found


def _seconds(call: Callable[[], Any]) -> float:
    def once() -> float:
        start = time.perf_counter()
        call()
        return time.perf_counter() - start

    return min(once() for _ in range(3))


def web(data: Path, rounds: int) -> dict[str, Any]:
    """Cold start, first and again, memory, and the callbacks by one client, computed every time."""
    environment = {"SOFTMODE_CACHE_MB": "0", "SOFTMODE_VAR": str(data / "var")}
    with server(data, **environment) as (_, first, _):
        pass
    with server(data, **environment) as (port, again, worker):
        settle(worker)
        cold = megabytes(worker)
        times = measured_callbacks(port, rounds, (1,))
        every = np.concatenate([row.pop("all_ms_1") for row in times.values()])
        return {
            "cold_start_first_s": first,
            "cold_start_s": again,
            "memory_cold_mb": cold,
            "memory_mb": megabytes(worker),
            "p95_ms": float(np.quantile(every, 0.95)),
            "callbacks": times,
        }


def main(
    sizes: Annotated[str, typer.Option(help="Numbers of runs that are published before.")] = "50,500,4997",
    suites: Annotated[int, typer.Option(min=1, help="Suites over which the runs are spread.")] = 100,
    rounds: Annotated[int, typer.Option(min=1, help="Times that each callback is sent.")] = 5,
    to: Annotated[Path | None, typer.Option("--json", help="Write the numbers here too.")] = None,
) -> None:
    """Print, as JSON, what grows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        invented = Invented(data_directory(), suites)
        invented.declare(folder / "suites.toml")
        os.environ["SOFTMODE_SUITES"] = str(folder / "suites.toml")
        data = folder / "data"
        invented.start(data)
        found: dict[str, Any] = {
            "cores": os.cpu_count(),
            "growth": growing(data, invented, [int(n) for n in sizes.split(",")]),
        }
        found["web"] = web(data, rounds)
    print(json.dumps(found["web"], indent=1))
    if to is not None:
        to.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    typer.run(main)
