"""A small invented data set for the tests of the web: the numbers are chosen to be countable by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from compute import tables

CHGNET, MACE, IDLE = "chgnet-test", "mace-test", "never-run"
RUN = "run-abx3-test"
SIGMA_RUN, SIGMA_PROTOCOL = "run-abx3-sigma", "published-abx3"

# formula, A, B, X, DFT σ, DFT ω_min, potential ω_min, noise floor, status
ABX3 = (
    ("CsPbI3", "Cs", "Pb", "I", 1.30, -1.00, -0.80, 0.01, "ok"),
    ("CsPbBr3", "Cs", "Pb", "Br", 1.10, -0.90, -0.30, 0.01, "ok"),
    ("CsPbCl3", "Cs", "Pb", "Cl", 1.05, -0.50, 0.40, 0.01, "ok"),  # DFT unstable, potential stable
    ("CsSrF3", "Cs", "Sr", "F", 0.60, -0.02, 0.90, 0.01, "ok"),
    ("KMgF3", "K", "Mg", "F", 0.50, 0.00, 1.20, 0.01, "ok"),
    ("RbCaF3", "Rb", "Ca", "F", 0.70, -0.05, -0.25, 0.01, "ok"),  # DFT stable, potential unstable
    ("KMnF3", "K", "Mn", "F", 0.90, -0.30, -0.02, 0.05, "ok"),  # below the noise floor
    ("BaTiO3", "Ba", "Ti", "O", 1.40, -5.00, None, None, "not-relaxed"),
    ("SrTiO3", "Sr", "Ti", "O", 0.80, -2.00, None, None, "not-run"),
    ("LaAlO3", "La", "Al", "O", None, None, -1.50, 0.01, "ok"),  # DFT gives no number
)
# The second potential: formula, ω_min; the others it has not reached
ABX3_MACE = {"CsPbI3": -1.10, "CsPbBr3": -0.85, "CsPbCl3": -0.40, "CsSrF3": 0.80, "KMgF3": 1.10}
# σ of the first potential by the published schedule: formula, σ, its error, label; and one failure
ABX3_SIGMA = (
    ("CsPbI3", 1.10, 0.05, "undecidable"),
    ("CsPbBr3", 0.70, 0.02, "stable"),
    ("CsPbCl3", 0.60, 0.02, "stable"),
    ("CsSrF3", 0.50, 0.02, "stable"),
    ("KMgF3", 0.45, 0.02, "stable"),
    ("RbCaF3", 1.30, 0.02, "unstable"),
    ("KMnF3", None, None, None),  # melted
)
# formula, A, B, Bp, X, DFT σ, potential ω_min
HDP = (
    ("Cs2AgBiBr6", "Cs", "Ag", "Bi", "Br", 0.95, -0.50),
    ("Cs2AgInCl6", "Cs", "Ag", "In", "Cl", 0.70, 0.30),
    ("Cs2NaBiI6", "Cs", "Na", "Bi", "I", 1.20, -1.10),
)
# compound, source, k mesh, cutoff (eV), curvature k and quartic term q of E = ½kQ² + ¼qQ⁴; None: failed
WELLS = (
    ("Cs2AgBiBr6", "dft", "2x2x2 Γ-centred", 300.0, -2.0, 10.0),
    ("Cs2AgBiBr6", "dft", "4x4x4 Γ-centred", 300.0, -2.1, 10.5),
    ("Cs2AgBiBr6", "dft", "2x2x2 Γ-centred", 450.0, -2.0, 10.2),
    ("Cs2AgBiBr6", CHGNET, None, None, -1.0, 4.0),
    ("Cs2AgBiBr6", MACE, None, None, -2.5, 12.0),
    ("Cs2AgInCl6", "dft", "2x2x2 Γ-centred", 350.0, -1.0, 10.0),
    ("Cs2AgInCl6", CHGNET, None, None, 0.5, 6.0),  # the other sign
    ("Cs2AgInCl6", MACE, None, None, None, None),
    ("Cs2NaBiI6", "dft", "2x2x2 Γ-centred", 300.0, 1.0, 2.0),
    ("Cs2NaBiI6", CHGNET, None, None, 2.0, 1.0),
)
WELL_Q = (0.4, 0.3, 0.2, 0.1, 0.0)
# frames, compound, potential, corners; the joint errors are invented, 0.02 throughout
ON_REFERENCE_FRAMES = {"rrr": 0.60, "rmr": 0.80, "rrm": 0.70, "rmm": 0.65}
ATTRIBUTION: tuple[tuple[str, str, str, dict[str, float]], ...] = (
    ("abx3-CsPbI3-test", "CsPbI3", CHGNET, {**ON_REFERENCE_FRAMES, "mmr": 0.90, "mmm": 0.75}),
    ("abx3-CsPbI3-test", "CsPbI3", MACE, ON_REFERENCE_FRAMES),
    ("abx3-CsPbBr3-test", "CsPbBr3", CHGNET, {"rrr": 0.50, "rmr": 0.55, "rrm": 0.62, "rmm": 0.66}),
    ("abx3-CsPbCl3-test", "CsPbCl3", CHGNET, {}),
)
# Of the first row, by hand over the orders fhs, fsh and hfs.
SHAPLEY = {"forces": 0.35 / 3, "hessian": -0.20 / 3, "sampling": 0.10}
BASIS = {
    "basis": "one-atom", "prototype": "any", "n_atoms": 1, "repeats": 1, "n_coordinates": 1,
    "element": [0, 4, 8], "coordinate": [0, 0, 0], "weight": [1.0, 1.0, 1.0],
}  # fmt: skip
"""Of one atom on an isotropic spring."""
MP0B3 = (("mp-1", "NaCl", 0.10), ("mp-2", "Si", 0.30), ("mp-3", "MgO", 0.20))


def publish(directory: Path) -> Path:
    """Publish the data set into `directory`."""
    tables.publish(
        directory,
        {name: tables.from_rows(name, rows) for name, rows in _rows().items()},
    )
    return directory


def _bands(compound: str) -> dict[str, Any]:
    return {
        "suite": "mp0b3",
        "compound": compound,
        "source": MACE,
        "run": "run-mp0b3-test",
        "q": [0.0, 0.0, 0.0, 0.5, 0.0, 0.0],
        "distances": [0.0, 0.1],
        "labels": ["Γ", "X"],
        "frequencies": [0.0, 0.0, 0.0, 1.0, 1.0, 2.0],
    }


def _rows() -> dict[str, list[dict[str, Any]]]:
    references = [_reference("abx3", f, "cubic-perovskite", a, b, None, x, s, w) for f, a, b, x, s, w, *_ in ABX3]
    references += [_reference("hdp", f, "elpasolite", a, b, bp, x, s, None) for f, a, b, bp, x, s, _ in HDP]
    references += [_reference("mp0b3", c, "any", None, None, None, None, None, 0.5, f) for c, f, _ in MP0B3]
    harmonic = [_abx3(RUN, row) for row in ABX3]
    harmonic += [{**_abx3("run-older", row), "status": "not-run", "omega_min_thz": None} for row in ABX3]
    harmonic += [
        _harmonic("run-hdp-test", "hdp", row[0], CHGNET, "relaxed", omega_min_thz=row[6], noise_floor_thz=0.01)
        for row in HDP
    ]
    harmonic += [
        _harmonic("run-abx3-mace", "abx3", row[0], MACE, "reference", **_second(ABX3_MACE.get(row[0]))) for row in ABX3
    ]
    harmonic += [
        _harmonic("run-mp0b3-test", "mp0b3", c, MACE, "relaxed", omega_min_thz=0.4, omega_rmse_thz=rmse)
        for c, _, rmse in MP0B3
    ]
    return {
        "references": references,
        "harmonic": harmonic,
        "anharmonic": [_sigma(row[0]) for row in ABX3],
        "force_constants": [_constants("CsPbI3", CHGNET), _constants("CsPbI3", MACE)],
        "force_constant_bases": [BASIS],
        "dft_constants": [],
        "bands": [_bands(MP0B3[0][0])],
        "baselines": [  # of no compound with a label: no score is beside those of the potentials
            {"suite": "hdp", "compound": HDP[0][0], "baseline": "composition", "model": "invented"}
        ],
        "wells": [_well(*row) for row in WELLS],
        "reference_phonons": [],
        "mode_pairs": [],
        "wider_field": [],
        "attribution": [_attribution(*row) for row in ATTRIBUTION],
        "potentials": [_potential(CHGNET, "CHGNet"), _potential(MACE, "MACE"), _potential(IDLE, "MACE")],
        "runs": [
            _run(RUN, "abx3", CHGNET, "2026-02-02T00:00:00Z"),
            _run("run-older", "abx3", CHGNET, "2026-01-01T00:00:00Z"),
            _run("run-abx3-mace", "abx3", MACE, "2026-02-05T00:00:00Z"),
            {**_run(SIGMA_RUN, "abx3", CHGNET, "2026-02-06T00:00:00Z"), "stage": "sigma", "protocol": SIGMA_PROTOCOL},
            _run("run-hdp-test", "hdp", CHGNET, "2026-02-03T00:00:00Z"),
            _run("run-mp0b3-test", "mp0b3", MACE, "2026-02-04T00:00:00Z"),
        ],
    }


def _reference(
    suite: str,
    compound: str,
    prototype: str,
    a: Any,
    b: Any,
    bp: Any,
    x: Any,
    sigma: Any,
    omega: Any,
    formula: Any = None,
) -> dict[str, Any]:
    row = {
        "suite": suite, "compound": compound, "formula": formula or compound, "prototype": prototype,
        "A": a, "B": b, "Bp": bp, "X": x, "sigma": sigma, "omega_min_thz": omega, "functional": "PBE (invented)",
        "source": "invented for tests", "doi": "10.0000/test" if suite == "hdp" else None,
    }  # fmt: skip
    if suite == "abx3" and omega is not None:
        row |= {"omega_gamma_thz": omega, "omega_r_thz": omega + 0.5, "omega_m_thz": omega + 1.0}
    return row


def _abx3(run: str, row: tuple[Any, ...]) -> dict[str, Any]:
    formula, *_, omega, noise, status = row
    numbers: dict[str, Any] = {}
    if omega is not None:
        numbers = {"a": 5.5, "omega_min_thz": omega, "omega_gamma_thz": omega, "omega_r_thz": omega + 1.0}
    reason = {"not-relaxed": "force left above the limit", "not-run": "not reached"}.get(status)
    return _harmonic(
        run, "abx3", formula, CHGNET, "reference", status=status, reason=reason, noise_floor_thz=noise, **numbers
    )


def _second(omega: float | None) -> dict[str, Any]:
    if omega is None:
        return {"status": "not-run", "reason": "not reached"}
    return {
        "a": 5.5,
        "omega_min_thz": omega,
        "omega_gamma_thz": omega,
        "omega_r_thz": omega + 0.8,
        "noise_floor_thz": 0.01,
    }


def _sigma(formula: str) -> dict[str, Any]:
    row = {
        "run": SIGMA_RUN, "suite": "abx3", "compound": formula, "potential": CHGNET, "protocol": SIGMA_PROTOCOL,
        "geometry": "reference",
    }  # fmt: skip
    found = next((numbers for name, *numbers in ABX3_SIGMA if name == formula), None)
    if found is None:
        return row | {"status": "not-run", "reason": "not reached"}
    sigma, error, label = found
    if sigma is None:
        return row | {"status": "melted", "reason": "invented failure"}
    return row | {
        "a": 5.5, "temperature": 300.0, "sigma": sigma, "sigma_se": error, "sigma_frame_mean": sigma,
        "sigma_a": sigma + 0.2, "sigma_b": sigma - 0.1, "sigma_x": sigma, "label": label, "threshold": 1.0,
        "trace_frames": [100, 200, 300, 400], "trace_time_ps": [0.1, 0.2, 0.3, 0.4],
        "trace_sigma": [sigma + 0.3, sigma + 0.1, sigma + 0.02, sigma],
        "mode_q": ["gamma", "gamma", "r", "m", "x"], "mode_omega_thz": [-0.5, 2.0, -1.0, -0.8, 0.5],
        "mode_sigma": [sigma + 0.4, sigma - 0.2, sigma + 0.5, sigma + 0.3, sigma],
        "sigma_weighted_frequency_thz": 1.5, "renormalised_min_thz": 0.2, "renormalised_min_q": "0.5 0.5 0.5",
        "sigma_effective": 0.4, "renormalised_label": "stable", "tolerance_thz": 0.1, "temperature_mean": 300.0,
        "n_frames": 400, "n_replicas": 1, "seed": 1, "timestep": 5.0, "dtype": "float32", "n_atoms": 40,
        "seconds": 60.0, "force_seconds": 55.0, "status": "ok",
    }  # fmt: skip


def _constants(compound: str, potential: str) -> dict[str, Any]:
    """Five atoms of 100 u, each on a spring of its own: 1 eV/Å² for one potential and 1.44 for the other."""
    constants = np.zeros((5, 5, 2, 2, 2, 3, 3))
    constants[range(5), range(5), 0, 0, 0] = np.eye(3) * (1.0 if potential == CHGNET else 1.44)
    positions = [(0, 0, 0), (0.5, 0.5, 0.5), (0.5, 0.5, 0), (0.5, 0, 0.5), (0, 0.5, 0.5)]
    return {
        "run": RUN if potential == CHGNET else "run-abx3-mace", "suite": "abx3", "compound": compound,
        "potential": potential, "kind": "harmonic", "protocol": "reference-geometry", "geometry": "reference",
        "symbols": ["Cs", "Pb", "I", "I", "I"], "masses": [100.0] * 5,
        "positions": [value for position in positions for value in position],
        "lattice": [6.3, 0, 0, 0, 6.3, 0, 0, 0, 6.3], "repeats": 2, "constants": constants.ravel().tolist(),
    }  # fmt: skip


def _harmonic(
    run: str, suite: str, compound: str, potential: str, geometry: str, status: str = "ok", **more: Any
) -> dict[str, Any]:
    return {
        "run": run, "suite": suite, "compound": compound, "potential": potential, "geometry": geometry,
        "protocol": f"{geometry}-geometry", "status": status, "tolerance_thz": 0.1, **more,
    }  # fmt: skip


def _well(compound: str, source: str, mesh: Any, cutoff: Any, k: Any, q: Any) -> dict[str, Any]:
    dft = source == "dft"
    row = {
        "suite": "hdp", "compound": compound, "source": source, "mode": "gamma4+ tilt about [001]",
        "geometry_from": CHGNET, "a": 11.0, "x": 0.25, "k_points": mesh, "cutoff_ev": cutoff,
        "settings": f"PBE, GPAW, plane waves to {cutoff:g} eV, {mesh} k" if dft else "float64",
        "checkpoint_sha256": None if dft else "ab" * 32,
    }  # fmt: skip
    if k is None:
        return row | {"status": "not-described", "reason": "invented failure"}
    beyond = k < 0 and -k / q > max(WELL_Q) ** 2
    return row | {
        "q": list(WELL_Q),
        "energies": [k * x**2 / 2 + q * x**4 / 4 for x in WELL_Q],
        "forces": [-k * x - q * x**3 for x in WELL_Q],
        "curvature": k, "quartic": q, "sextic": 0.0, "energy_residual": 0.0, "force_residual": 0.001,
        "omega_thz": 0.9 * abs(k) ** 0.5 * (1 if k > 0 else -1),
        "depth": None if beyond else max(-k, 0) ** 2 / (4 * q),
        "minimum": None if beyond else (max(-k, 0) / q) ** 0.5,
        "status": "ok",
    }  # fmt: skip


def _attribution(frames: str, compound: str, potential: str, corners: dict[str, float]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "frames": frames, "suite": "abx3", "compound": compound, "potential": potential,
        "checkpoint_sha256": "ab" * 32, "method": "PBE, invented", "sampler": f"{CHGNET}: invented dynamics",
        "temperature": 300.0, "n_atoms": 40, "n_frames": 16,
    }  # fmt: skip
    if not corners:
        return row | {"status": "not-described", "reason": "invented failure"}
    values = {f"corner_{name}": value for name, value in corners.items()}
    values |= {
        "path_forces": corners["rmr"] - corners["rrr"],
        "path_hessian": corners["rmm"] - corners["rmr"],
        "interaction_forces_hessian": corners["rmm"] - corners["rmr"] - corners["rrm"] + corners["rrr"],
        "slope": 0.8, "sigma_rescaled": 0.7, "force_rmse": 0.1, "force_error": 0.25, "amplification": 1.6,
    }  # fmt: skip
    if "mmm" in corners:
        values |= {"path_sampling": corners["mmm"] - corners["rmm"], "total": corners["mmm"] - corners["rrr"]}
        values |= {f"shapley_{step}": value for step, value in SHAPLEY.items()}
        row |= {"n_model_frames": 500, "protocol": "quick"}
    own = potential == CHGNET
    return {
        **row, **values, **{f"{name}_se": 0.02 for name in values}, "shapley_orders": 3 if "mmm" in corners else 0,
        "slope_constants": 0.7, "constants_error": 0.4, "status": "ok",
        "elements": ["Cs", "I", "Pb"], "element_slopes": [0.75, 0.85, None], "element_force_errors": [0.3, 0.2, None],
        "sigma_reweighted": 0.58 if own else None, "effective_frames": 4.5 if own else None,
    }  # fmt: skip


def _potential(potential: str, family: str) -> dict[str, Any]:
    return {
        "potential": potential, "name": potential.title(), "family": family, "benchmark": family == "MACE",
        "category": "foundation",
        "training_set": "invented", "functional": "invented", "licence": "MIT", "citation": "invented for tests",
        "source": "invented for tests", "checkpoint_sha256": "ab" * 32,
    }  # fmt: skip


def _run(run: str, suite: str, potential: str, started: str) -> dict[str, Any]:
    return {
        "run": run, "stage": "harmonic", "suite": suite, "potential": potential, "protocol": "reference-geometry",
        "protocol_digest": "0123456789abcdef", "protocol_json": "{}", "checkpoint_sha256": "ab" * 32,
        "package_versions": '{"phonopy": "4.10"}', "hardware": "invented", "precision": "float64", "started": started,
        "n_tasks": 1, "n_ok": 1, "n_failed": 0, "n_not_run": 0,
    }  # fmt: skip
