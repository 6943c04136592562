"""Kinds of task: each keeps the digest that names its shards and jobs, and survives being written down."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from compute.protocols import HARMONIC_PROTOCOLS, sampling_protocol
from compute.tasks.task import AttributionTask, DisplacementsTask, StoredForcesTask, from_plain, task_for

HARMONIC = HARMONIC_PROTOCOLS["reference-geometry"]
SIGMA = sampling_protocol("published", "abx3")
TASKS = [
    task_for("abx3", "CsPbBr3", 5.983, "chgnet-0.3.0", "ab" * 32, HARMONIC),
    task_for("hdp", "Cs2NaInCl6", None, "p", None, SIGMA),
    task_for("upload", "upload", None, "p", "c", HARMONIC, "text"),
    StoredForcesTask("mp0b3", "mp-1", "mace-mp-0b3-medium", None, HARMONIC, "/x/mp-1.npz", "f" * 64),
    DisplacementsTask("alexandria50", "mp-2", "p", "c", HARMONIC, "/d", "9" * 64),
    DisplacementsTask("alexandria50", "mp-2", "p", "c", HARMONIC, "/d", "9" * 64, "/f", "8" * 64),
    AttributionTask("abx3", "CsPbBr3", "p", "c", SIGMA, "abx3-CsPbBr3-pbe", "7" * 64, 5.983),
]


@pytest.mark.parametrize("task", TASKS, ids=lambda task: type(task).__name__)
def test_a_task_survives_being_written_down(task):
    again = from_plain(task.to_plain())
    assert type(again) is type(task)
    assert (again.digest, again.seed) == (task.digest, task.seed)


def test_what_decides_the_numbers_decides_the_digest_and_where_a_file_lies_does_not():
    assert len({task.digest for task in TASKS}) == len(TASKS)
    for task in TASKS:
        for field in fields(task):
            value = getattr(task, field.name)
            if not isinstance(value, str):
                continue
            other = replace(task, **{field.name: value + "1"})
            assert (other.digest == task.digest) == (field.name in ("forces", "phonons")), field.name


def test_a_seed_of_ones_own_is_taken_in_place_of_the_tasks():
    task = TASKS[1]
    assert replace(task, own_seed=7).seed == 7
    assert task.seed == int(task.digest[:8], 16)
