"""Four invented potentials on twelve materials of suite alexandria50: errors that are countable by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from compute import tables
from tests.support import dashboard_data

OWN, TUNED, OTHER, DISTILLED = "mace-own", "mace-tuned", "chgnet-other", "softmode-mace-distil-1"
ERRORS = {OWN: 0.03, TUNED: 0.20, OTHER: 0.10, DISTILLED: 0.01}
N, N_UNSTABLE = 12, 3
_ANIONS = ("O", "F", "S")


_SECOND_DFT = {
    "suite": "phonondb", "compound": "mp-99", "formula": "BiAgCs2Br6", "prototype": "any", "omega_min_thz": -0.75,
    "omega_max_thz": 9.5, "n_atoms": 20, "functional": "PBEsol (invented)", "source": "invented",
}  # fmt: skip
_WITHOUT_ATOMS = {
    "suite": "mp64", "compound": "mp-98", "formula": "Cs2NaBiI6", "prototype": "any", "omega_min_thz": 0.25,
    "functional": "PBEsol (invented)", "source": "invented",
}  # fmt: skip
_WIDER = [
    {
        "suite": "kappa103", "compound": f"mp-{place}", "formula": "SrO", "entry": entry, "name": entry.upper(),
        "mace": entry == "mace-x", "omega_rmse_thz": rmse and rmse * (1 + place), "omega_bias_thz": rmse and -rmse,
        "imaginary": place == 0, "srme": 0.5, "status": "ok" if rmse else "no-frequencies",
        "reason": None if rmse else "none",
    }
    for entry, rmse in (("mace-x", 0.1), ("other", 0.3), ("failing", None))
    for place in range(3)
]  # fmt: skip


def publish(directory: Path) -> Path:
    """The data set of the web's tests, with these beside it."""
    dashboard_data.publish(directory)
    harmonic, runs = [], []
    for potential, error in ERRORS.items():
        run = f"run-alexandria-{potential}"
        harmonic += [_harmonic(run, potential, error, place) for place in range(N)]
        runs.append({**dashboard_data._run(run, "alexandria50", potential, "2026-03-01T00:00:00Z")})
    with tables.publishing(directory) as publication:
        publication.put("references", tables.from_rows("references", [_reference(place) for place in range(N)]))
        publication.put("harmonic", tables.from_rows("harmonic", harmonic))
        publication.put("runs", tables.from_rows("runs", runs))
        publication.put("references", tables.from_rows("references", [_SECOND_DFT, _WITHOUT_ATOMS]))
        publication.put("wider_field", tables.from_rows("wider_field", _WIDER))
        publication.upsert("potentials", [_potential(potential) for potential in ERRORS])
    return directory


def _reference(place: int) -> dict[str, object]:
    return {
        "suite": "alexandria50", "compound": f"mp-{place}", "formula": f"Mg{_ANIONS[place % 3]}", "prototype": "any",
        "omega_min_thz": -1.0 if place < N_UNSTABLE else 1.0, "functional": "PBE (invented)", "source": "invented",
    }  # fmt: skip


def _harmonic(run: str, potential: str, error: float, place: int) -> dict[str, object]:
    row = {
        "run": run, "suite": "alexandria50", "compound": f"mp-{place}", "potential": potential, "geometry": "reference",
        "protocol": "published-displacements",
    }  # fmt: skip
    if potential == OTHER and place == N - 1:
        return {**row, "status": "not-described", "reason": "no such element"}
    # Materials differ by far more than two potentials do on one of them.
    spread = float(np.exp((place - N // 2) / 3))
    # The tuned one calls every material stable.
    omega = 1.0 if place >= N_UNSTABLE or potential == TUNED else -1.0
    return {
        **row, "status": "ok", "omega_min_thz": omega, "constants_error": error * spread,
        "omega_rmse_thz": 2 * error * spread, "omega_bias_thz": -error, "slope_constants": 1 - error,
        "sigma_hessian": 1.2 * error * spread if place >= N_UNSTABLE else None, "hessian_amplification": 1.2,
    }  # fmt: skip


def _potential(potential: str) -> dict[str, object]:
    return {
        **dashboard_data._potential(potential, "MACE"),
        "benchmark": potential in (OWN, TUNED),
        "category": "distilled" if potential == DISTILLED else "foundation",
        "training_set": "Distilled from chgnet-other: its forces" if potential == DISTILLED else "invented",
    }
