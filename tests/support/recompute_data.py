"""The invented data set with published rows of a registered potential, beside which live results can stand."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compute import tables
from compute.jobs.request import task_of
from compute.jobs.service import Job, JobRequest
from dashboard.dataset import Dataset
from tests.support import dashboard_data

POTENTIAL = "chgnet-0.3.0"
RUN = "run-registered"
CLEAR = {"suite": "", "potentials": [POTENTIAL], "calculation": "harmonic", "temperature": 300}
"""What the form asks for before a compound is named."""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of these tables, in place of the plain ones."""
    return publish(tmp_path_factory.mktemp("data"))


@pytest.fixture(autouse=True)
def same_data(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs are checked against the tables that the page shows."""
    monkeypatch.setenv("SOFTMODE_DATA", str(directory))


def publish(directory: Path) -> Path:
    """Publish it into `directory`: CsPbBr3 and CsPbI3, harmonic and by one-shot sampling, at known rates."""
    dashboard_data.publish(directory)
    rows = {name: tables.read(directory, name).to_pylist() for name in ("references", "harmonic", "anharmonic", "runs")}
    for row in rows["references"]:
        row["lattice_constant"] = 5.9 if row["compound"] in ("CsPbBr3", "CsPbI3") else None
    like = {name: next(row for row in rows[name] if _answered(row)) for name in ("harmonic", "anharmonic")}
    for compound in ("CsPbBr3", "CsPbI3"):
        own = {"run": RUN, "compound": compound, "potential": POTENTIAL, "n_atoms": 40}
        rows["harmonic"].append(
            {**like["harmonic"], **own, "seconds": 2.0, "noise_floor_thz": 0.05}
            | {"omega_min_thz": -0.80, "omega_gamma_thz": -0.80, "omega_r_thz": -0.20}
        )
        rows["anharmonic"].append(
            {**like["anharmonic"], **own, "protocol": "one-shot", "seconds": 30.0, "sigma": 0.80, "sigma_se": 0.03}
        )
    rows["runs"].append({**rows["runs"][0], "run": RUN, "potential": POTENTIAL, "hardware": "an invented machine"})
    tables.publish(directory, {name: tables.from_rows(name, listed) for name, listed in rows.items()})
    return directory


def _answered(row: dict[str, Any]) -> bool:
    return row["suite"] == "abx3" and row["status"] == "ok" and row["geometry"] == "reference"


def harmonic_row(omega_min: float = -0.82) -> dict[str, Any]:
    """What a worker finds for a compound, with force constants: five atoms on springs of their own."""
    constants = np.zeros((5, 5, 2, 2, 2, 3, 3))
    constants[range(5), range(5), 0, 0, 0] = np.eye(3)
    positions = [(0, 0, 0), (0.5, 0.5, 0.5), (0.5, 0.5, 0), (0.5, 0, 0.5), (0, 0.5, 0.5)]
    return {
        "a": 5.9, "omega_min_thz": omega_min, "omega_gamma_thz": omega_min, "omega_r_thz": -0.40,
        "omega_min_q": "0 0 0", "noise_floor_thz": 0.04, "label": "unstable", "seconds": 3.0, "status": "ok",
        "force_constants": [
            {
                "kind": "harmonic", "temperature": None, "symbols": ["Cs", "Pb", "Br", "Br", "Br"],
                "masses": [100.0] * 5, "positions": [x for p in positions for x in p],
                "lattice": [5.9, 0, 0, 0, 5.9, 0, 0, 0, 5.9], "repeats": 2, "constants": constants.ravel().tolist(),
            }
        ],
    }  # fmt: skip


def sigma_row(sigma: float = 0.95) -> dict[str, Any]:
    """What a worker finds by sampling."""
    return {
        "sigma": sigma, "sigma_se": 0.02, "sigma_a": 1.1, "label": "unstable", "n_frames": 400, "seconds": 40.0,
        "trace_frames": [100, 200, 400], "trace_time_ps": [0.1, 0.2, 0.4],
        "trace_sigma": [sigma + 0.2, sigma + 0.1, sigma], "status": "ok",
    }  # fmt: skip


def job(dataset: Dataset, state: str = "done", row: dict[str, Any] | None = None, **changed: Any) -> Job:
    """A job for CsPbBr3, harmonic unless `request` says otherwise, with the result `row`."""
    values = {"stage": "harmonic", "compound": "CsPbBr3", "potential": POTENTIAL, **changed.pop("request", {})}
    request = JobRequest.model_validate(values)
    task = task_of(request, dataset)
    now = datetime.now(UTC)
    if row is not None:
        kelvin = {"temperature": task.protocol.temperature} if request.stage == "sigma" else {}
        keys = {"suite": task.suite, "compound": task.compound, "potential": task.potential}
        row = {"run": f"live-{task.digest}", **keys, "protocol": task.protocol.name, **kelvin, **row}
        row |= {"geometry": task.protocol.geometry}
    plain = {"id": task.digest, "request": request, "suite": task.suite, "compound": task.compound, "submitted": now}
    return Job(**plain, state=state, result=row, **changed)
