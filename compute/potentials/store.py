"""Where checkpoints lie on this machine, and what their content must be.

A folder holds the fetched files, `pins.json` (sha256 of each, fixed at its first use, and the licence accepted
for it) and `local.json` (checkpoints and calculators of the user, recorded where they lie).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from compute.files import write_atomic
from compute.potentials.environments.install import Environment, of_calculator, of_family
from compute.potentials.pickled import words
from compute.potentials.registry import PotentialEntry, UnknownPotential, entries, entry, families, row

PINS = "pins.json"
LOCAL = "local.json"
_UNSTATED = "not stated"


class LoadError(ValueError):
    """A checkpoint that is missing, changed, or not what its name says."""


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that should be on this machine; `sha256` is None before its first use."""

    id: str
    family: str
    path: Path
    sha256: str | None = None
    head: str | None = None
    origin: str = "fetched"
    requirements: tuple[str, ...] = ()

    @property
    def environment(self) -> Environment | None:
        """What evaluates it where that is not this interpreter's own packages, there or not."""
        if self.requirements:
            return of_calculator(self.id, self.requirements)
        name = families()[self.family].environment
        return of_family(name) if name else None

    def verified(self, found: str) -> str:
        """`found`, the sha256 of the content; `LoadError` when another one was pinned."""
        if self.sha256 is not None and found != self.sha256:
            remedy = (
                f"delete the file and run: softmode potentials fetch {self.id}"
                if self.origin == "fetched"
                else "install Softmode again"
                if self.origin == "packaged"
                else "restore the file, or add it under another id"
            )
            raise LoadError(f"{self.path} has changed: sha256 {found}, expected {self.sha256}; {remedy}")
        return found


def default_directory() -> Path:
    """Folder of the checkpoints: `SOFTMODE_POTENTIALS`, else `softmode/potentials` in the user's cache."""
    if chosen := os.environ.get("SOFTMODE_POTENTIALS"):
        return Path(chosen)
    from platformdirs import user_cache_path

    return user_cache_path("softmode") / "potentials"


def locate(id: str, directory: Path | None = None) -> Checkpoint:
    """The checkpoint of `id`, whether or not its file exists; `UnknownPotential` for an id that nothing has."""
    directory = directory or default_directory()
    local = read_records(directory / LOCAL)
    if id in local:
        return _local(id, local[id])
    try:
        known = entry(id)
    except UnknownPotential as error:
        added = f"; your own in {directory}: {', '.join(local)}" if local else ""
        raise UnknownPotential(f"{error}{added}") from None
    if known.kind == "packaged":
        return Checkpoint(id, known.family, packaged_path(known), known.sha256, known.head, "packaged")
    if known.kind == "published":
        return Checkpoint(id, known.family, directory / id, origin="published")
    sha256 = read_records(directory / PINS).get(id, {}).get("sha256")
    return Checkpoint(id, known.family, directory / known.file, sha256, known.head)


def add(
    file: Path,
    id: str,
    *,
    head: str | None = None,
    directory: Path | None = None,
    examine: Callable[[Checkpoint], None] | None = None,
) -> Checkpoint:
    """Record the user's own checkpoint under a new `id`: its absolute path and sha256, no copy.

    `head` names the readout of a MACE model with several. What `examine` raises keeps a file from being recorded.
    Raises `ValueError` for an id that is taken or not made of lower-case letters, digits, dots and hyphens, and
    `LoadError` for a file that is no checkpoint.
    """
    family = _family_of(file)
    if file.is_file() and family is None:
        named = (f"{known.name} ({', '.join(known.suffixes)})" for known in families().values() if known.suffixes)
        raise LoadError(f"{file.name} is neither {' nor '.join(named)}: rename it if it is one of them")
    return _added(file, id, {"family": family, "head": head}, directory, examine)


def _family_of(file: Path) -> str | None:
    """By the end of its name, and where that is of several families by what it holds."""
    fitting = [known for known in families().values() if file.name.endswith(known.suffixes)]
    marked = {known.mark: known.name for known in fitting if known.mark}
    if marked and file.is_file() and (found := marked.keys() & words(file)):
        return marked[min(found)]
    return next((known.name for known in fitting if not known.mark), None)


def add_calculator(
    file: Path,
    id: str,
    requirements: tuple[str, ...] = (),
    *,
    directory: Path | None = None,
    examine: Callable[[Checkpoint], None] | None = None,
) -> Checkpoint:
    """Record a Python file that makes an ASE calculator, and the packages it needs; raises as `add`."""
    details = {"family": "ASE calculator", "head": None, "requirements": list(requirements)}
    return _added(file, id, details, directory, examine)


def _added(
    file: Path,
    id: str,
    details: dict[str, Any],
    directory: Path | None,
    examine: Callable[[Checkpoint], None] | None,
) -> Checkpoint:
    directory = directory or default_directory()
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", id):
        raise ValueError(f"{id!r} cannot be an id: use lower-case letters, digits, dots and hyphens")
    if id in entries():
        raise ValueError(f"{id} is a published potential: choose another id")
    if not file.is_file():
        raise LoadError(f"there is no file {file}")
    record = {"path": str(file.resolve()), "sha256": file_sha256(file), **details}
    known = read_records(directory / LOCAL)
    if examine is not None and known.get(id, record) == record:
        examine(_local(id, record))
    with updated_records(directory / LOCAL) as local:
        if local.get(id, record) != record:
            raise ValueError(f"{id} already names {local[id]['path']}: choose another id")
        local[id] = record
    return locate(id, directory)


def _local(id: str, record: dict[str, Any]) -> Checkpoint:
    requirements = tuple(record.get("requirements", ()))
    path = Path(record["path"])
    return Checkpoint(id, record["family"], path, record["sha256"], record["head"], "local", requirements)


def pin(checkpoint: Checkpoint, directory: Path, sha256: str, **details: Any) -> None:
    """Fix the sha256 of a fetched checkpoint, unless one is fixed; `details` are kept beside it."""
    with updated_records(directory / PINS) as pins:
        first = {
            "file": checkpoint.path.name,
            "sha256": sha256,
            "pinned": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        pins[checkpoint.id] = {**pins.get(checkpoint.id, first), **details}


def verify(directory: Path | None = None) -> list[dict[str, Any]]:
    """One row per checkpoint that was pinned or added: `potential`, `path`, `state` (ok, changed or missing)."""
    directory = directory or default_directory()
    checked = []
    for id in (*read_records(directory / PINS), *read_records(directory / LOCAL)):
        checkpoint = locate(id, directory)
        if checkpoint.sha256 is None:
            continue
        if not checkpoint.path.is_file():
            state = "missing"
        else:
            state = "ok" if file_sha256(checkpoint.path) == checkpoint.sha256 else "changed"
        checked.append({"potential": id, "path": str(checkpoint.path), "state": state})
    return checked


def rows(directory: Path | None = None) -> list[dict[str, Any]]:
    """The table `potentials`: every registered potential, then the user's own.

    `checkpoint_sha256` is the pinned one, or that of the packaged file; None for what was never here.
    """
    directory = directory or default_directory()
    listed = []
    for known in entries().values():
        checkpoint = locate(known.id, directory)
        sha256 = checkpoint.sha256
        if checkpoint.origin == "packaged" and checkpoint.path.is_file():
            sha256 = file_sha256(checkpoint.path)
        listed.append(row(known, sha256))
    unstated = dict.fromkeys(("training_set", "functional", "licence", "citation"), _UNSTATED)
    for id, kept in read_records(directory / LOCAL).items():
        own = {"potential": id, "name": id, "family": kept["family"], "benchmark": False, "source": "local file"}
        listed.append({**own, **unstated, "checkpoint_sha256": kept["sha256"]})
    return listed


def rows_with(potentials: Collection[str]) -> list[dict[str, Any]]:
    """What a release with results of `potentials` lists: every registered one, and of the user's own these alone."""
    return [row for row in rows() if row["potential"] in entries() or row["potential"] in potentials]


def file_sha256(path: Path) -> str:
    """sha256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def packaged_path(known: PotentialEntry) -> Path:
    """Path of weights that come with a package, found without importing it; may not exist."""
    family = families()[known.family]
    if family.environment:
        package = of_family(family.environment).packages_directory / family.package
    else:
        spec = find_spec(family.package)
        package = Path(spec.origin).parent if spec and spec.origin else Path(family.package)
    return package / family.weights / known.file


def state(checkpoint: Checkpoint) -> str:
    """Whether `checkpoint` can be used here: packaged, fetched or local where it can, else what is missing."""
    environment = checkpoint.environment
    if environment and not environment.ready:
        return "not installed"
    own = environment is not None and checkpoint.origin == "packaged"
    if checkpoint.path.is_file():
        return "ready" if own else checkpoint.origin
    if own:
        return "weights missing"
    if checkpoint.origin == "published":
        return "published results alone"
    return "not fetched" if checkpoint.origin == "fetched" else "missing"


_LACKING = {
    "not fetched": "weights missing",
    "weights missing": "weights missing",
    "not installed": "environment not installed",
    "missing": "package not installed",
    "published results alone": "published results alone",
}


def lacking(checkpoint: Checkpoint) -> str | None:
    """What `checkpoint` lacks to be used here, in a few words; None where it can be."""
    return _LACKING.get(state(checkpoint))


def read_records(path: Path) -> dict[str, Any]:
    """Records by id; empty when the file does not exist."""
    if not path.exists():
        return {}
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise LoadError(f"{path} is damaged ({error}): repair or delete it") from error
    return content


@contextmanager
def updated_records(path: Path) -> Iterator[dict[str, Any]]:
    """Records to change in place; written atomically at the end, with other processes kept out meanwhile."""
    from filelock import FileLock

    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f".{path.name}.lock")):
        records = read_records(path)
        yield records
        write_atomic(path, (json.dumps(records, indent=2) + "\n").encode())
