"""Where the errors come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from compute.reports.markdown import ReportTables, interval, number, share, table
from compute.reports.regression import shares
from compute.statistics.bootstrap import FEWEST_CLUSTERS, Interval
from compute.statistics.deviation import mean_interval
from compute.statistics.regression import LEAST
from compute.tables.schemas import SURROGATE

SMOOTH = 3.0
"""B–X bond in Å from which CHGNet, the reference of the surrogate sets, has no cusp."""
_STEPS = {"forces": "path_forces", "Hessian": "path_hessian", "sampling": "path_sampling"}


def explained(release: ReportTables, potentials: Sequence[str]) -> str:
    """How much of the σ error the harmonic errors explain, over abx3."""
    lines = []
    for found in shares(release.connection, potentials):
        if not found.result.too_few:
            r = found.result
            lines.append((
                found.potential, found.protocol, found.anion or "all", f"{r.n:,}", f"{r.n_left_out:,}", number(r.r2),
                number(r.r2_null), number(r.p_value, 3), number(r.r2_cross_validated), interval(r.magnitude),
            ))  # fmt: skip
    head = (
        "potential",
        "protocol",
        "anion",
        "n",
        "left out",
        "R²",
        "R² by chance",
        "p",
        "R², cross-validated",
        "rank correlation of sizes",
    )
    said = (
        "σ(potential) regressed on σ(DFT) and on the errors of ω² at Γ, R, M and X: the share of what σ(DFT) leaves"
        " that the errors explain, what 95 % of permutations stay below, and their share that reaches it (p). It says"
        f" what goes together, not what causes what. From {LEAST} compounds on."
    )
    shown = table(head, lines) if lines else "Not computed."
    return f"## What harmonic errors explain of σ beyond DFT's\n\n{said}\n\n{shown}"


def stored(release: ReportTables) -> str:
    """Suite mp0b3: forces of MACE that were published with DFT's, each in its own relaxed cell."""
    rows = release.rows(
        "SELECT * FROM harmonic WHERE suite = 'mp0b3' AND geometry = 'relaxed' AND status = 'ok' ORDER BY run, compound"
    )
    if rows.empty:
        return ""
    lines = []
    for column, name in (
        ("omega_rmse_thz", "RMSE of ω (THz)"),
        ("omega_mae_thz", "mean absolute error of ω (THz)"),
        ("omega_bias_thz", "bias of ω (THz)"),
        ("omega2_rmse_thz2", "RMSE of ω² (THz²)"),
        ("speed_rmse_km_s", "RMSE of the group velocity (km/s)"),
        ("speed_error", "the same, relative"),
        ("constants_error", "relative error of force constants"),
    ):
        values = rows[column].astype(float).dropna()
        if len(values):
            low, median, high = values.quantile([0.25, 0.5, 0.75])
            mean = interval(mean_interval(values), 3, signed=column == "omega_bias_thz")
            lines.append((name, f"{len(values)}", number(median, 3), f"{number(low, 3)} to {number(high, 3)}", mean))
    potentials = ", ".join(sorted(set(rows["potential"])))
    meshes = "; ".join(
        f"{what} on {', '.join(sorted(set(rows[column].dropna())))}"
        for what, column in (("ω", "q_mesh"), ("velocities", "speed_mesh"))
        if rows[column].notna().any()
    )
    kept = rows[rows["label_mesh"].notna()]
    moved = int((kept["label"] != kept["label_mesh"]).sum())
    labels = (
        f" Taking the softest mode over that mesh moves the label of {share(moved, len(kept))} materials."
        if len(kept)
        else ""
    )
    said = f"{potentials} against DFT, each in its own relaxed cell, over all modes of a material ({meshes}).{labels}"
    head = ("per material", "n", "median", "quartiles", "mean")
    return f"## Stored forces of suite mp0b3\n\n{said}\n\n{table(head, lines)}"


def attributed(release: ReportTables, potentials: list[str]) -> str:
    """Where σ's error comes from on frames with DFT forces: one row per set and potential, no averages."""
    rows = _attribution(release, surrogate=False)
    rows = rows[rows["potential"].isin(potentials)]
    lines = [
        (
            row["frames"], row["frames_of"] or row["sampler"], row["potential"], f"{row['temperature']:.0f}",
            f"{row['n_frames']:.0f}", _with_se(row, "virial_ratio"), _with_se(row, _start(row)),
            _with_se(row, "path_forces_hessian", signed=True),
            *(_with_se(row, column, signed=True) for column in _STEPS.values()), _with_se(row, "slope"),
            f"{number(row['force_error'])} → {number(row['force_error_residual'])}",
            number(row["constants_error"]), _with_se(row, "amplification"),
        )
        for row in rows.to_dict("records")
    ]  # fmt: skip
    head = ("frames", "of the dynamics of", "potential", "T (K)", "n frames", "virial ratio of DFT", "σ of DFT on them",
            "forces and Hessian, net", *_STEPS, "softening slope", "force error → divided by it",
            "Hessian error", "amplification")  # fmt: skip
    said = (
        "DFT's forces, then its Hessian are replaced by the potential's on the same frames, and those by its own only"
        " where they are of DFT's dynamics; columns are the changes of σ, ± one standard error over frames. A virial"
        " ratio of 1 says that the frames are an ensemble of DFT's forces. Few frames, few compounds: single cases, no"
        " statistic."
    )
    return f"## Where errors of σ come from: DFT frames\n\n{said}\n\n{table(head, lines) if lines else 'Not computed.'}"


def surrogate(release: ReportTables) -> str:
    """The same where a potential stands for DFT, over compounds: those where it is smooth first."""
    rows = _attribution(release, surrogate=True)
    strata = ((f", B–X ≥ {SMOOTH:g} Å", rows[rows["bond"] >= SMOOTH]), ("", rows))
    lines = [_surrogate(f"{name}{stratum}", own) for stratum, part in strata for name, own in part.groupby("potential")]
    if not lines:
        return "## Where errors of σ come from: surrogate reference\n\nNot computed."
    head = ("potential", "n", *(f"mean size of {name}" for name in _STEPS), "forces and Hessian, net", "largest",
            "Hessian − (forces + sampling)", "amplification")  # fmt: skip
    methods = ", ".join(sorted(set(rows["method"])))
    said = (
        f"Reference: {methods}, not DFT. Mean size over compounds of each step of the published path; the Hessian"
        " outweighs both others together where the last difference but one is above zero. The net is the size of"
        " forces and Hessian as one step: less than their sum where the second mends what the first broke. First the"
        " compounds whose bonds are so long that the reference is smooth. Compounds of one B cation are drawn together."
    )
    return f"## Where errors of σ come from: surrogate reference\n\n{said}\n\n{table(head, lines)}"


def _surrogate(name: str, part: pd.DataFrame) -> tuple[str, ...]:
    steps = {step: part[column].to_numpy(float) for step, column in _STEPS.items()}
    known = np.all([np.isfinite(values) for values in steps.values()], axis=0)
    sizes = np.stack([np.abs(values[known]) for values in steps.values()])
    net = np.abs(part["corner_rmm"] - part["corner_rrr"]).to_numpy(float)[known]
    cations = part["B"].to_numpy(str)
    largest = list(_STEPS)[int(sizes.mean(axis=1).argmax())] if known.any() else "not defined"
    forces, hessian, sampling = sizes
    return (
        name, f"{known.sum():,}", *(_mean(size, cations[known]) for size in (*sizes, net)), largest,
        _mean(hessian - forces - sampling, cations[known], signed=True),
        _mean(part["amplification"].to_numpy(float), cations, digits=2),
    )  # fmt: skip


def _mean(values: np.ndarray, cations: np.ndarray, digits: int = 3, *, signed: bool = False) -> str:
    """Mean with its interval, compounds of one B cation drawn together; without one where there are few compounds."""
    found = mean_interval(values, clusters=[cations])
    few = np.isfinite(values).sum() < FEWEST_CLUSTERS
    return interval(Interval(found.value, np.nan, np.nan) if few else found, digits, signed=signed)


def _attribution(release: ReportTables, *, surrogate: bool) -> pd.DataFrame:
    rows = release.rows(
        "SELECT a.*, r.B, r.lattice_constant / 2 AS bond FROM attribution a"
        " LEFT JOIN \"references\" r USING (suite, compound) WHERE a.status = 'ok' ORDER BY a.frames, a.potential"
    )
    return rows[rows["frames"].str.contains(SURROGATE) == surrogate]


def _start(row: dict[str, Any]) -> str:
    """The column of σ with DFT's forces and Φ on the frames of the set."""
    known = (f"corner_{letter}rr" for letter in "rsm")
    return next((name for name in known if np.isfinite(float(row[name]))), "corner_rrr")


def _with_se(row: dict[str, Any], column: str, *, signed: bool = False) -> str:
    value, error = (float(row[name]) for name in (column, f"{column}_se"))
    if np.isnan(value):
        return "not computed"
    return f"{number(value, signed=signed)} ± {number(error)}" if np.isfinite(error) else number(value, signed=signed)
