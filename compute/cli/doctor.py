"""`softmode doctor`: whether this installation can do its work, and what to do where it cannot."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import typer
from rich.table import Table

from compute.cli.common import AsJson, Data, one_sentence, out, print_json
from compute.settings import data_directory, var_directory

_WEB = ("dash", "duckdb", "pyarrow", "dbos")
_COMPUTE = ("torch", "mace", "chgnet", "ase", "phonopy", "symfc", "distributed")
_ROOM_BYTES = 1_000_000_000


def command(data: Data = None, as_json: AsJson = False) -> None:
    """What is installed and what works, and what to do where it does not; exit status 1 if anything is broken."""
    with one_sentence(OSError):
        found = signs(data or data_directory(), var_directory())
    if as_json:
        print_json([asdict(sign) for sign in found])
    else:
        grid = Table("", "", "found", "what to do", box=None)
        for sign in found:
            grid.add_row(sign.name, sign.state, sign.found, sign.remedy)
        out.print(grid)
    if any(sign.state == "broken" for sign in found):
        raise typer.Exit(1)


@dataclass(frozen=True)
class Sign:
    """One thing looked at: in order, worth knowing, or broken; `remedy` says what to do where it is not in order."""

    name: str
    state: Literal["ok", "note", "broken"]
    found: str
    remedy: str = ""


def signs(data: Path, var: Path) -> list[Sign]:
    """What was found of packages, data, the folder `var`, worker, accelerator and weights."""
    looks: tuple[Callable[[], Iterator[Sign]], ...] = (
        _packages,
        lambda: _data(data),
        lambda: _var(var),
        _worker,
        _accelerator,
        _environments,
        _weights,
    )
    return [sign for look in looks for sign in look()]


def _packages() -> Iterator[Sign]:
    versions = {name: _version(name) for name in ("softmode", *_WEB)}
    missing = [name for name, found in versions.items() if found is None]
    said = f"Python {platform.python_version()}; " + ", ".join(f"{k} {v}" for k, v in versions.items() if v)
    remedy = f"pip install softmode: {', '.join(missing)} not installed" if missing else ""
    yield Sign("web", "broken" if missing else "ok", said, remedy)
    absent = [name for name in _COMPUTE if find_spec(name) is None]
    if absent:
        remedy = "pip install 'softmode[compute]' to compute; the pages need none of it"
        yield Sign("computing", "note", f"not installed: {', '.join(absent)}", remedy)
    else:
        from compute.campaigns.provenance import package_versions

        yield Sign("computing", "ok", ", ".join(f"{name} {found}" for name, found in package_versions().items()))


def _data(data: Path) -> Iterator[Sign]:
    from compute import tables

    try:
        manifest = tables.read_manifest(data)
        problems = tables.problems(data)
    except tables.TableError as error:
        yield Sign("data", "broken", str(error), f"restore {data}, or point SOFTMODE_DATA to a release")
        return
    if not manifest.tables:
        yield Sign("data", "broken", f"no tables in {data}", "point SOFTMODE_DATA to a release: softmode data summary")
    elif problems:
        yield Sign("data", "broken", problems[0], f"restore {data}; softmode data check names everything")
    else:
        rows = sum(listed.rows for listed in manifest.tables.values())
        yield Sign("data", "ok", f"release {manifest.release}, {len(manifest.tables)} tables, {rows:,} rows in {data}")


def _var(var: Path) -> Iterator[Sign]:
    there = next(folder for folder in (var, *var.resolve().parents) if folder.is_dir())
    free = shutil.disk_usage(there).free
    said = f"{var}, {free / 1e9:.1f} GB free"
    if not os.access(there, os.W_OK):
        yield Sign("var", "broken", f"{var} cannot be written", "set SOFTMODE_VAR to a folder that can")
    elif free < _ROOM_BYTES:
        yield Sign("var", "note", said, "make room, or set SOFTMODE_VAR to a folder on another disk")
    else:
        yield Sign("var", "ok", said)


def _worker() -> Iterator[Sign]:
    from compute.jobs.service import JobsDamaged, JobSettings, JobsUnavailable, workers

    if not JobSettings().live:
        yield Sign("worker", "note", "SOFTMODE_LIVE is off", "nothing is computed on demand, as set")
        return
    try:
        alive = workers()
    except JobsDamaged:
        path = JobSettings().url.database
        remedy = f"end web and workers, and move {path}, -wal and -shm away: it is made anew, its jobs are lost"
        yield Sign("worker", "broken", "the database of the jobs is damaged", f"{remedy}; results in var/jobs stay")
        return
    except JobsUnavailable as error:
        yield Sign("worker", "broken", str(error), "check DATABASE_URL and SOFTMODE_VAR")
        return
    if alive:
        yield Sign("worker", "ok", f"{len(alive)} running")
    else:
        yield Sign("worker", "note", "none running", "softmode serve or softmode worker; without one, jobs wait")


def _accelerator() -> Iterator[Sign]:
    if find_spec("torch") is None:
        return
    import torch

    from compute.campaigns.provenance import hardware

    if torch.cuda.is_available():
        names = {torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())}
        yield Sign("accelerator", "ok", f"{torch.cuda.device_count()}: {', '.join(sorted(names))}")
    else:
        yield Sign("accelerator", "ok", f"none, {hardware()}, {os.cpu_count()} processors")


def _environments() -> Iterator[Sign]:
    from compute.potentials.environments.install import of_family
    from compute.potentials.registry import families

    for family in families().values():
        if family.environment is None:
            continue
        environment = of_family(family.environment)
        if not environment.requirements:
            continue
        if environment.ready:
            said = ", ".join(f"{name} {found}" for name, found in environment.versions.items())
            yield Sign(family.name, "ok", f"{said} in {environment.directory}")
        else:
            yield Sign(family.name, "note", "not installed", family.installation)


def _weights() -> Iterator[Sign]:
    if find_spec("platformdirs") is None:
        return
    from compute.potentials import store

    try:
        changed = [row for row in store.verify() if row["state"] != "ok"]
        listed = [row["potential"] for row in store.rows()]
    except ValueError as error:
        yield Sign("weights", "broken", str(error), "repair or delete the file")
        return
    here = [id for id in listed if store.state(store.locate(id)) in ("ready", "packaged", "fetched", "local")]
    said = f"{len(here)} of {len(listed)} potentials: {', '.join(here) or 'none'}"
    if changed:
        named = ", ".join(f"{row['potential']} {row['state']}" for row in changed)
        yield Sign("weights", "broken", named, "softmode potentials verify names the files; fetch them again")
    else:
        yield Sign("weights", "ok" if here else "note", said, "" if here else "softmode potentials fetch ID")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
