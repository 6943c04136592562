"""Which compounds a campaign computes, and in which order."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from compute.potentials.store import file_sha256
from compute.protocols import HARMONIC_PROTOCOLS, HarmonicProtocol, Protocol, SamplingProtocol
from compute.references import alexandria50, mp0b3
from compute.structures.formula import among
from compute.suites import SUITES
from compute.tasks.dft_displacements import phonons_sha256
from compute.tasks.task import DisplacementsTask, Task, stored_forces_task, task_for

Row = dict[str, Any]
DISPLACEMENTS = "published-displacements"
"""The protocol of forces on DFT's displaced supercells."""
_FOREIGN = {("alexandria50", "published-forces")}
_SIGMA_EDGES = (0.4, 0.5, 0.7, 1.0)


class PlanError(ValueError):
    """A campaign that cannot be planned; says what to do."""


def stratified(references: Sequence[Row]) -> list[Row]:
    """`references` in an order of which every beginning is balanced over anions and published σ; reproducible.

    The strata (anion × σ bin, σ unknown being one) are shuffled inside and then dealt from in turn, so that the
    small strata come early and whole.
    """
    strata: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in references:
        sigma = row["sigma"]
        bin_ = -1 if sigma is None else sum(sigma >= edge for edge in _SIGMA_EDGES)
        strata[str(row["X"]), bin_].append(row)
    for key in strata:
        random.Random(str(key)).shuffle(strata[key])
    longest = max((len(rows) for rows in strata.values()), default=0)
    return [strata[key][index] for index in range(longest) for key in sorted(strata) if index < len(strata[key])]


def tasks(
    references: Sequence[Row],
    potential: str,
    checkpoint_sha256: str | None,
    protocol: Protocol,
    source: Path | None = None,
    data: Path | None = None,
) -> list[Task]:
    """One task per compound of one suite's `references`, in the order in which to compute them.

    `source` is the folder of stored forces, and `data` that of the tables, where DFT's phonons are.
    """
    if not references:
        raise PlanError("no references for this suite: run softmode reference import first")
    suite = references[0]["suite"]
    harmonic = protocol.harmonic if isinstance(protocol, SamplingProtocol) else protocol
    published = HARMONIC_PROTOCOLS[SUITES[suite].protocol].supercell is None
    if published != (harmonic.supercell is None) or (suite, harmonic.name) in _FOREIGN:
        raise PlanError(f"suite {suite} is computed with --protocol {SUITES[suite].protocol}, not {protocol.name}")
    if harmonic.name == DISPLACEMENTS:
        return _displaced(references, potential, checkpoint_sha256, harmonic, source, data)
    if harmonic.name == "published-forces":
        return _stored(references, potential, harmonic, source)
    if published:
        raise PlanError(f"suite {suite} holds published numbers alone: softmode reference import {suite} brings them")
    if protocol.geometry == "reference" and all(row["lattice_constant"] is None for row in references):
        raise PlanError(f"suite {suite} has no published geometry: use --protocol relaxed-geometry")
    return [
        task_for(suite, row["compound"], row["lattice_constant"], potential, checkpoint_sha256, protocol)
        for row in stratified(references)
    ]


def _stored(references: Sequence[Row], potential: str, protocol: HarmonicProtocol, source: Path | None) -> list[Task]:
    if potential != mp0b3.POTENTIAL:
        raise PlanError(f"suite mp0b3 has stored forces of {mp0b3.POTENTIAL} only")
    if source is None:
        raise PlanError("suite mp0b3 needs --source, the folder of its npz files")
    paths = {path.stem: path for path in mp0b3.files(source)}
    if missing := sorted(row["compound"] for row in references if row["compound"] not in paths):
        raise PlanError(f"{source} lacks {', '.join(missing)}")
    suite = references[0]["suite"]
    return [stored_forces_task(suite, paths[row["compound"]], potential, protocol) for row in references]


def _displaced(
    references: Sequence[Row],
    potential: str,
    checkpoint_sha256: str | None,
    protocol: HarmonicProtocol,
    source: Path | None,
    data: Path | None,
) -> list[Task]:
    from compute.tables import read_where

    suite = references[0]["suite"]
    if data is None or not (found := read_where(data, "reference_phonons", suite=suite)):
        raise PlanError(f"no DFT phonons of suite {suite}: run softmode reference import {suite} first")
    digests = {row["compound"]: phonons_sha256(row) for row in found}
    missing = [row["compound"] for row in references if row["compound"] not in digests]
    if missing:
        raise PlanError(f"no DFT phonons of {', '.join(missing)}: run softmode reference import {suite} again")
    paths: dict[str, Path] = {}
    if source is not None:
        if suite != "alexandria50" or potential not in alexandria50.POTENTIALS:
            raise PlanError(f"suite {suite} has no stored forces of {potential} on DFT's displacements")
        paths = {path.stem: path for path in alexandria50.files(source)}
        if lacking := sorted(set(digests) - set(paths)):
            raise PlanError(f"{source} lacks {', '.join(lacking)}")
    # The smallest first: a campaign that is stopped has most materials done.
    size = {row["compound"]: len(row["displaced_atoms"]) * len(row["constants"]) / len(row["rows"]) for row in found}
    return [
        DisplacementsTask(
            suite, compound, potential, checkpoint_sha256, protocol,
            forces=str(paths[compound]) if paths else None,
            forces_sha256=file_sha256(paths[compound]) if paths else None,
            phonons=str(data), phonons_sha256=digests[compound],
        )
        for compound in sorted((row["compound"] for row in references), key=lambda name: (size[name], name))
    ]  # fmt: skip


def slice_of(items: Sequence[Task], part: int, parts: int) -> list[Task]:
    """Every `parts`-th task starting with number `part` (1 … parts): the slices are disjoint and equally mixed."""
    if not 1 <= part <= parts:
        raise PlanError(f"--shard {part}/{parts}: the first number runs from 1 to {parts}")
    return list(items[part - 1 :: parts])


def with_anions(items: Sequence[Task], references: Sequence[Row], anions: Sequence[str]) -> list[Task]:
    """Those of `items` whose compound has one of `anions` in `references`; raises `PlanError` where none has."""
    known = sorted({str(row["X"]) for row in references})
    if unknown := sorted(set(anions) - set(known)):
        raise PlanError(f"no compound of this suite has the anion {', '.join(unknown)}: it has {', '.join(known)}")
    chosen = {row["compound"] for row in references if row["X"] in anions}
    return [task for task in items if task.compound in chosen]


def of_compounds(items: Sequence[Task], compounds: Sequence[str]) -> list[Task]:
    """Those of `items` that are about one of `compounds`, by name or by a formula with its elements in any order.

    Raises `PlanError` for what is not in the suite.
    """
    names = {task.compound for task in items}
    chosen = {name if name in names else among(names, name) for name in compounds}
    if unknown := sorted(chosen - names):
        raise PlanError(f"not in this suite: {', '.join(unknown)}; softmode data export references lists what is")
    return [task for task in items if task.compound in chosen]
