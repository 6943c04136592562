"""Publishing one more run, and reading one compound, while the tables grow: `python -m benchmarks.growth`.

Invented runs of 200 compounds. Publishing adds files and touches no other; what grows is the manifest.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from compute import tables

COMPOUNDS = 200


def rows(run: int) -> list[dict[str, object]]:
    """The rows of `harmonic` of one run."""
    about = {"run": f"run-{run:05d}", "suite": f"suite-{run // 50}", "potential": f"potential-{run % 50}"}
    return [
        {**about, "compound": f"compound-{i}", "protocol": "reference-geometry", "geometry": "reference"}
        | {"omega_min_thz": (run * 7 + i) % 11 - 5.0, "seconds": 1.0, "status": "ok"}
        for i in range(COMPOUNDS)
    ]


def publish(data: Path, runs: range) -> float:
    """Seconds to publish `runs` together."""
    found = tables.from_rows("harmonic", [row for run in runs for row in rows(run)])
    start = time.perf_counter()
    with tables.publishing(data) as publication:
        publication.put("harmonic", found)
    return time.perf_counter() - start


def main(
    sizes: Annotated[str, typer.Option(help="Numbers of runs that are published before.")] = "20,200,1000",
) -> None:
    """Print, as JSON, the seconds that one more run and one compound take at each size."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        data, there = Path(name), 0
        for size in map(int, sizes.split(",")):
            publish(data, range(there, size))
            more = min(publish(data, range(size + k, size + k + 1)) for k in range(3))
            there = size + 3
            start = time.perf_counter()
            manifest = tables.read_manifest(data)
            opened = time.perf_counter() - start
            read = min(_reading(manifest) for _ in range(3))
            found.append(
                {"runs": there, "rows": manifest.tables["harmonic"].rows, "publish_one_s": more}
                | {"read_manifest_s": opened, "read_compound_s": read, "manifest_bytes": len(manifest_bytes(data))}
            )
            print(json.dumps(found[-1]))


def _reading(manifest: tables.Manifest) -> float:
    """Seconds to read one compound of one suite."""
    start = time.perf_counter()
    manifest.read_where("harmonic", suite="suite-0", compound="compound-7")
    return time.perf_counter() - start


def manifest_bytes(data: Path) -> bytes:
    """The manifest's file."""
    return (data / tables.MANIFEST).read_bytes()


if __name__ == "__main__":
    typer.run(main)
