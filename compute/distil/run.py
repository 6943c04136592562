"""Distillation from the tables: which compounds train, validate and test, and what is kept where."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from compute import tables
from compute.campaigns.plan import stratified
from compute.distil import dataset
from compute.distil.configurations import Parent, labelled, ordered
from compute.distil.dataset import Configurations
from compute.distil.settings import TEACHER, Recipe, Training
from compute.physics.phonons import rmse
from compute.potentials.interface import Potential
from compute.potentials.load import load
from compute.structures.compounds import HALIDES, identify

Row = dict[str, Any]
CHUNK = 250
EV_PER_CUBIC_ANGSTROM_IN_GPA = 160.21766208
_STREAMS = {"training": 1, "validation": 2, "test": 3}


@dataclass(frozen=True)
class Split:
    """The halides of both suites in three parts that share no compound, each in the order in which it is used."""

    training: tuple[Parent, ...]
    validation: tuple[Parent, ...]
    test: tuple[Parent, ...]


def split(data: Path, recipe: Recipe) -> Split:
    """The split of the halides in the tables of `data`.

    The test compounds are the first of each suite in the order of a campaign, balanced over anions and published σ;
    the validation compounds follow. Geometry: the published lattice constant, or, where none is published, the cell
    that the teacher relaxed. Compounds without either are left out.
    """
    parts: dict[str, list[Parent]] = {name: [] for name in _STREAMS}
    for place, suite in enumerate(("abx3", "hdp")):
        parents = _parents(data, suite)
        test = recipe.test_compounds[place]
        validation = test + recipe.validation_compounds[place]
        for name, found in (
            ("test", parents[:test]),
            ("validation", parents[test:validation]),
            ("training", parents[validation:]),
        ):
            parts[name] += found
    return Split(tuple(ordered(parts["training"], recipe)), tuple(parts["validation"]), tuple(parts["test"]))


def configurations(
    part: str,
    count: int | None,
    parents: Split,
    recipe: Recipe,
    directory: Path,
    teacher: Callable[[], Potential],
    progress: Callable[[int], None] = lambda done: None,
) -> Configurations:
    """The first `count` labelled configurations of `part`; None: `recipe.per_held_out` of each of its compounds.

    Kept in `directory` in files of at most `CHUNK`, so that it goes on where it was; `teacher` is called when something
    is to be labelled.
    """
    listed: Sequence[Parent] = getattr(parents, part)
    total = recipe.per_held_out * len(listed) if count is None else count
    chunks = []
    for start in range(0, total, CHUNK):
        # Whole chunks: what a larger set begins with is the smaller set.
        stop = start + CHUNK if part == "training" else min(start + CHUNK, total)
        path = directory / f"{part}-{start:05d}.npz"
        if not path.exists():
            dataset.write(labelled(listed, range(start, stop), _STREAMS[part], recipe, teacher()), path)
        chunks.append(dataset.read(path))
        progress(min(stop, total))
    return dataset.joined(chunks).first(total)


def record(
    size: int,
    training: Configurations,
    test: Configurations,
    recipe: Recipe,
    settings: Training,
    curve: Sequence[Row],
    model: Potential,
) -> Row:
    """What is to be known of a trained `model`: data, settings, learning curve, cost and errors on `test` by suite."""
    suites = np.array([name.partition("/")[0] for name in test.compounds])
    return {
        "potential": model.id,
        "teacher": TEACHER,
        "checkpoint_sha256": model.checkpoint_sha256,
        "configurations": size,
        "compounds": len(set(training.compounds.tolist())),
        "data_sha256": training.digest,
        "recipe": recipe.model_dump(mode="json"),
        "training": settings.model_dump(mode="json"),
        "seconds": curve[-1]["seconds"],
        "curve": list(curve),
        "test": {suite: held_out_errors(test.chosen(suites == suite), model) for suite in ("abx3", "hdp")},
    }


def held_out_errors(test: Configurations, model: Potential) -> Row:
    """Errors of `model` against the labels of `test`: root mean squares, and the least-squares slope of its forces.

    Energies in meV per atom, forces in meV/Å and relative to the labels' RMS, stresses in GPa.
    """
    results = model.evaluate(test.atoms(), stress=True)
    forces = np.concatenate([result.forces for result in results])
    stresses = np.array([result.stress for result in results])
    energies = (np.array([result.energy for result in results]) - test.energies) / test.sizes
    force_rmse = rmse(forces, test.forces)
    return {
        "configurations": len(test),
        "compounds": len(set(test.compounds.tolist())),
        "energy_rmse": 1000 * float(np.sqrt(np.mean(energies**2))),
        "force_rmse": 1000 * force_rmse,
        "force_error": force_rmse / float(np.sqrt(np.mean(test.forces**2))),
        "slope": float(np.sum(forces * test.forces) / np.sum(test.forces**2)),
        "stress_rmse": EV_PER_CUBIC_ANGSTROM_IN_GPA * rmse(stresses, test.stresses),
    }


def _parents(data: Path, suite: str) -> list[Parent]:
    listed = tables.read_where(data, "references", suite=suite)
    relaxed = {
        row["compound"]: (row["a"], row["x"])
        for row in tables.read_where(data, "harmonic", suite=suite, potential=TEACHER, status="ok")
        if row["geometry"] == "relaxed"
    }
    found = []
    for row in stratified(listed):
        geometry = (row["lattice_constant"], None) if suite == "abx3" else relaxed.get(row["compound"])
        if row["X"] in HALIDES and geometry is not None and geometry[0] is not None:
            found.append(Parent(identify(row["compound"], suite, [row["compound"]]), *geometry))
    return found


def teacher() -> Callable[[], Potential]:
    """A function that gives the teacher, loaded at its first call."""
    return cache(partial(load, TEACHER, dtype="float32"))
