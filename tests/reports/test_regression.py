"""`softmode data explained` on invented tables whose answer is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from compute import tables
from compute.cli import app
from tests.conftest import ROOT

PLACES = ("gamma", "r", "m", "x")
N_BROMIDES, N_IODIDES = 60, 20


@pytest.fixture(scope="module")
def invented(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """σ errors that are a linear function of the ω² errors in bromides and random in too few iodides."""
    rng = np.random.default_rng(0)
    n = N_BROMIDES + N_IODIDES
    dft, model = rng.uniform(-3, 3, size=(2, n, 4))
    # The source's Γ is never positive. Only what is imaginary on either side is an error there.
    dft[:, 0] = np.minimum(dft[:, 0], 0)
    cut = model.copy()
    cut[:, 0] = np.minimum(cut[:, 0], 0)
    errors = np.sign(cut) * cut**2 - np.sign(dft) * dft**2
    shift = errors @ [0.02, 0.05, 0.0, -0.01]
    shift[N_BROMIDES:] = rng.normal(size=N_IODIDES)
    names = [f"compound-{i}" for i in range(n)]
    references = [
        {
            "suite": "abx3", "compound": name, "formula": name, "prototype": "cubic-perovskite",
            "X": "Br" if i < N_BROMIDES else "I", "sigma": 0.8, "functional": "invented", "source": "invented",
            **omegas(dft[i]),
        }
        for i, name in enumerate(names)
    ]  # fmt: skip
    harmonic = [row("new", name, protocol="reference-geometry", **omegas(model[i])) for i, name in enumerate(names)]
    # Neither an older run nor another geometry may stand in for the right one.
    harmonic += [row("old", names[2], protocol="reference-geometry", **omegas(9 * model[2]))]
    harmonic += [row("late", names[2], geometry="relaxed", protocol="relaxed-geometry", **omegas(9 * model[2]))]
    anharmonic = [row("new", name, protocol="quick", sigma=0.8 + shift[i]) for i, name in enumerate(names)]
    anharmonic[0] = row("new", names[0], protocol="quick", status="error", sigma=None)
    anharmonic[1] = row("new", names[1], protocol="quick", status="not-run", sigma=None)
    anharmonic += [row("late", names[2], protocol="quick", geometry="relaxed", sigma=9.0)]
    directory = tmp_path_factory.mktemp("data")
    published = {
        "references": references,
        "harmonic": [*harmonic, row("new", names[0], "idle", protocol="p", **omegas(model[0]))],
        "anharmonic": anharmonic,
        "runs": [run("old", "2026-01-01"), run("new", "2026-02-01"), run("late", "2026-03-01")],
    }
    tables.publish(directory, {name: tables.from_rows(name, rows) for name, rows in published.items()})
    return directory


def omegas(values: np.ndarray) -> dict[str, float]:
    return {f"omega_{place}_thz": float(value) for place, value in zip(PLACES, values, strict=True)}


def row(run: str, compound: str, potential: str = "model", **more: Any) -> dict[str, Any]:
    here = {"run": run, "suite": "abx3", "compound": compound, "potential": potential}
    return {**here, "geometry": "reference", "status": "ok", **more}


def run(name: str, day: str) -> dict[str, Any]:
    return {
        "run": name, "stage": "harmonic", "suite": "abx3", "potential": "model", "protocol": "p", "started": day,
        "protocol_digest": "0", "protocol_json": "{}", "package_versions": "{}", "hardware": "invented",
        "precision": "float64", "n_tasks": 1, "n_ok": 1, "n_failed": 0, "n_not_run": 0,
    }  # fmt: skip


def softmode(*arguments: str):
    return CliRunner().invoke(app, ["data", "explained", *arguments], env={"COLUMNS": "160"})


def test_the_share_is_found_per_anion_and_failures_are_counted(invented):
    done = softmode("--data", str(invented), "--potential", "model", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["not_computed"] == []
    bromides, iodides, everything = found["shares"]
    assert [(share["anion"], share["protocol"]) for share in found["shares"]] == [
        ("Br", "quick"), ("I", "quick"), (None, "quick")
    ]  # fmt: skip
    assert bromides["result"]["r2"] == pytest.approx(1)
    assert bromides["result"]["r2_cross_validated"] == pytest.approx(1)
    assert (bromides["result"]["n"], bromides["result"]["n_left_out"]) == (N_BROMIDES - 2, 1)
    assert abs(bromides["result"]["coefficients"]["m"]["value"]) < 1e-9
    assert iodides["result"]["n"] == N_IODIDES < found["least"]
    assert iodides["result"]["r2"] is None
    assert 0 < everything["result"]["r2"] < 1


def test_the_same_for_people(invented):
    done = softmode("--data", str(invented))
    assert "model, quick" in done.stdout
    assert "too few" in done.stdout
    assert "1.00" in done.stdout
    assert "idle: σ not computed. Compute it with: softmode campaign run" in done.stdout


def test_without_sigma_the_command_that_computes_it_is_named(tmp_path):
    done = softmode("--data", str(tmp_path), "--potential", "nobody", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["shares"] == []
    assert [entry["command"] for entry in found["not_computed"]] == [
        f"softmode campaign run --suite abx3 --potential nobody --stage {stage}" for stage in ("harmonic", "sigma")
    ]


def test_the_published_tables_answer():
    done = softmode("--data", str(ROOT / "data" / "parquet"))
    assert done.exit_code == 0, done.output
    assert "chgnet-0.3.0" in done.stdout
