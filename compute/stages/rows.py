"""Rows of the tables from what the stages return."""

from __future__ import annotations

from math import isnan
from typing import Any

import numpy as np

from compute.physics.ladder import Ladder
from compute.physics.phonons import noise_floor_from_frozen_phonon, relative_difference
from compute.physics.stability import (
    LEAVES,
    UNDECIDABLE,
    harmonic_labels,
    ladder_labels,
    renormalised_labels,
    sigma_labels,
    sigma_outcomes,
)
from compute.protocols import HarmonicProtocol, SamplingProtocol
from compute.stages import phonons
from compute.stages.anharmonic import Anharmonic
from compute.stages.crystal import HarmonicCrystal
from compute.stages.dft_displacements import HessianError
from compute.stages.effective import Renormalised
from compute.stages.guard import LeftSites
from compute.stages.harmonic import Harmonic
from compute.stages.score import FrameScore
from compute.stages.stored import MESH, SPEED_MESH, BandPath, StoredPhonons
from compute.statistics.deviation import deviation, square_deviation

Row = dict[str, Any]


def harmonic_row(result: Harmonic, protocol: HarmonicProtocol) -> Row:
    """The row of a finished harmonic calculation, without run, suite, compound and potential."""
    geometry = result.crystal.geometry
    return {
        "a": None if geometry.a is None else float(geometry.a),
        "x": None if geometry.x is None else float(geometry.x),
        "relax_steps": geometry.steps if protocol.geometry == "relaxed" else None,
        "max_force": float(geometry.max_force),
        "pressure": float(geometry.pressure),
        **{f"omega_{key}_thz": float(omega) for key, omega in result.omegas.items()},
        "omega_min_thz": result.omega_min,
        "q_set": f"commensurate with {protocol.supercell}x{protocol.supercell}x{protocol.supercell}",
        "omega_min_q": q_text(result.omega_min_q),
        **frozen_columns(result.omega_min, result.omega_frozen, result.ladder, protocol.tolerance_thz),
        "asr_residual": result.asr_residual,
        "dtype": protocol.dtype,
        "displacement": protocol.displacement,
        "n_displacements": result.n_displacements,
        "n_atoms": result.n_atoms,
        "seconds": result.seconds,
        "force_seconds": result.force_seconds,
        "status": "ok",
    }


def frozen_columns(omega_min: float, omega_frozen: float, ladder: Ladder | None, tolerance: float) -> Row:
    """What the frozen softest mode says of ω_min: labels, noise floor and ladder, where there is one; in THz."""
    floor = noise_floor_from_frozen_phonon(omega_min, omega_frozen)
    columns = {
        "label": str(harmonic_labels([omega_min], tolerance, [floor])[0]),
        "tolerance_thz": tolerance,
        "omega_frozen_thz": omega_frozen,
        "noise_floor_thz": floor,
        "noise_method": "frozen phonon",
    }
    if ladder is None:
        return columns
    (label,) = ladder_labels([omega_min], [ladder.omegas], tolerance, [floor]).tolist()
    return {
        **columns,
        "rung_amplitude": ladder.amplitudes.tolist(),
        "rung_energy": ladder.energies.tolist(),
        "rung_force": ladder.forces.tolist(),
        "rung_omega_thz": ladder.omegas.tolist(),
        "rung_label": harmonic_labels(ladder.omegas, tolerance).tolist(),
        "label_ladder": label,
        "undecidable": label == UNDECIDABLE,
        "omega_smooth_thz": ladder.smooth,
        "cusp_thz": ladder.cusp,
    }


def anharmonic_row(result: Anharmonic, protocol: SamplingProtocol, seed: int) -> Row:
    """The row of a finished σ calculation, without run, suite, compound, potential, protocol and geometry."""
    trajectory, geometry, trace = result.trajectory, result.crystal.geometry, result.trace
    modes = [
        (label, *mode)
        for label, star in result.modes.items()
        for mode in zip(star.omega.tolist(), star.sigma.tolist(), star.virial.tolist(), strict=True)
    ]
    label = sigma_labels([result.sigma], protocol.threshold, [result.sigma_se])[0]
    missed = f"standard error {result.sigma_se:.3f} at the longest time, target {protocol.target_se}"
    return {
        "a": None if geometry.a is None else float(geometry.a),
        "x": None if geometry.x is None else float(geometry.x),
        "temperature": protocol.temperature,
        "sigma": defined(result.sigma),
        "sigma_se": defined(result.sigma_se),
        "sigma_frame_mean": defined(result.sigma_frame_mean),
        **{f"sigma_{site.lower()}": defined(sigma) for site, sigma in result.sites.items()},
        "label": str(label),
        "threshold": protocol.threshold,
        "outcome": str(sigma_outcomes([result.sigma], ["ok"], protocol.threshold)[0]),
        "virial_ratio": defined(result.virial),
        "virial_ratio_se": defined(result.virial_se),
        "trace_frames": trace.frames.tolist(),
        "trace_time_ps": (trace.times / 1000).tolist(),
        "trace_sigma": [defined(sigma) for sigma in trace.sigma],
        "mode_q": [q for q, *_ in modes],
        "mode_omega_thz": [omega for _, omega, *_ in modes],
        "mode_sigma": [defined(sigma) for *_, sigma, _ in modes],
        "mode_virial": [virial for *_, virial in modes],
        "sigma_weighted_frequency_thz": defined(result.weighted_frequency),
        **_renormalised_columns(result.renormalised, protocol.harmonic.tolerance_thz),
        "sigma_effective": result.effective and result.effective.sigma,
        "temperature_mean": defined(trajectory.temperatures.mean()),
        "n_frames": len(trajectory.seeds),
        "n_replicas": protocol.replicas,
        "seed": seed,
        "timestep": trajectory.timestep,
        "target_se": protocol.target_se,
        "target_reached": result.target_reached,
        "dtype": result.dtype,
        "n_atoms": len(result.crystal.phonon.supercell),
        "seconds": result.seconds,
        "force_seconds": result.force_seconds,
        "status": "ok",
        "reason": missed if result.target_reached is False else None,
    }


def left_sites(error: LeftSites) -> Row:
    """The row of a sampling run that ended because the crystal left its structure: an answer without a σ."""
    return {
        **failed(error.status, str(error)),
        "outcome": LEAVES,
        "sigma_on_sites": defined(error.sigma),
        "n_frames": error.n_frames,
        "left_after_ps": error.after / 1000,
    }


def _renormalised_columns(result: Renormalised | None, tolerance: float) -> Row:
    if result is None:
        return {}
    estimates = {**result.omegas, "min": result.omega_min}
    lowest = result.omega_min
    return {
        **{f"renormalised_{q}_thz": estimate.value for q, estimate in estimates.items()},
        **{f"renormalised_{q}_se_thz": defined(estimate.se) for q, estimate in estimates.items()},
        "renormalised_min_q": q_text(result.omega_min_q),
        "renormalised_label": str(renormalised_labels([lowest.value], tolerance, [lowest.se])[0]),
        "tolerance_thz": tolerance,
    }


def stored_row(
    model: StoredPhonons, reference: StoredPhonons | None, mismatch: str | None, protocol: HarmonicProtocol
) -> Row:
    """The row of stored forces of a potential, held against DFT on the same q points; `mismatch` says why not."""
    label, label_mesh = (
        str(harmonic_labels([omega], protocol.tolerance_thz, [model.noise_floor])[0])
        for omega in (model.omega_min, model.omega_min_mesh)
    )
    return {
        "omega_gamma_thz": model.omega_gamma,
        "omega_min_thz": model.omega_min,
        "q_set": "commensurate with the stored supercell",
        "omega_min_q": q_text(model.omega_min_q),
        "label": label,
        "omega_min_mesh_thz": model.omega_min_mesh,
        "label_mesh": label_mesh,
        "q_mesh": f"{MESH}x{MESH}x{MESH}, Γ-centred",
        "tolerance_thz": protocol.tolerance_thz,
        "noise_floor_thz": model.noise_floor,
        "noise_method": "sum rule",
        "asr_residual": model.asr_residual,
        **({} if reference is None else _stored_errors(model, reference)),
        "dtype": protocol.dtype,
        "displacement": model.displacement,
        "n_displacements": model.n_displacements,
        "n_atoms": model.n_atoms,
        "status": "ok",
        "reason": mismatch and f"not compared: {mismatch}",
    }


def _stored_errors(model: StoredPhonons, reference: StoredPhonons) -> Row:
    modes = deviation(model.frequencies, reference.frequencies)
    # An imaginary mode has no velocity.
    ours, theirs = (np.where(side.speeds > 0, side.speeds, np.nan) for side in (model, reference))
    both = np.isfinite(ours) & np.isfinite(theirs)
    speed_rmse = deviation(ours, theirs).rmse
    return {
        "omega_rmse_thz": modes.rmse,
        "omega_mae_thz": modes.mae,
        "omega_bias_thz": modes.bias,
        "omega2_rmse_thz2": square_deviation(model.frequencies, reference.frequencies).rmse,
        # Where no mode is real on both sides there is none to compare.
        "speed_rmse_km_s": defined(speed_rmse),
        "speed_error": speed_rmse / float(np.sqrt(np.mean(theirs[both] ** 2))) if both.any() else None,
        "speed_mesh": f"{SPEED_MESH}x{SPEED_MESH}x{SPEED_MESH}, beside Γ",
        "constants_error": relative_difference(model.constants, reference.constants),
    }


def hessian_columns(error: HessianError) -> Row:
    """The columns on what the error of a potential's force constants does."""
    return {
        "slope_constants": error.slope,
        "sigma_hessian": error.sigma,
        "sigma_hessian_reason": error.reason,
        "hessian_amplification": error.amplification,
        **{f"omega_rmse_{third}_thz": found.rmse for third, found in error.thirds.items()},
        **{f"omega_bias_{third}_thz": found.bias for third, found in error.thirds.items()},
        "soft_overlap": error.soft.overlap,
        "soft_shift_thz": error.soft.omega - error.soft.reference,
    }


def bands_row(source: str, path: BandPath, bands: np.ndarray) -> Row:
    """The row of ω (p, 3n) in THz along `path`, without run, suite and compound."""
    return {
        "source": source,
        "q": path.q.ravel().tolist(),
        "distances": path.distances.tolist(),
        "labels": list(path.labels),
        # Three decimals are what a figure can show, and compress.
        "frequencies": (bands.round(3) + 0.0).ravel().tolist(),
    }


def force_constants_row(
    crystal: HarmonicCrystal, effective: np.ndarray | None = None, kelvin: float | None = None
) -> Row:
    """The row of Φ (N, N, 3, 3) of `crystal`, or of Φ_eff fitted at `kelvin`, without run, suite and what ran."""
    cell = crystal.unit_cell
    constants = phonons.by_cell(crystal.phonon, crystal.force_constants if effective is None else effective)
    return {
        "kind": "harmonic" if effective is None else "effective",
        "temperature": kelvin,
        "symbols": cell.get_chemical_symbols(),
        "masses": cell.get_masses().tolist(),
        "positions": cell.get_scaled_positions(wrap=False).ravel().tolist(),
        "lattice": cell.cell.array.ravel().tolist(),
        "repeats": constants.shape[2],
        # Six decimals move no ω by more than 0.005 THz, and equal constants stay equal and compress.
        "constants": (constants.round(6) + 0.0).ravel().tolist(),
    }


def not_run(reason: str) -> Row:
    """The row of a compound that no task was run for."""
    return {"status": "not-run", "reason": reason}


def failed(status: str, reason: str) -> Row:
    """The row of a calculation that ended without a result."""
    return {"status": status, "reason": reason}


def q_text(q: tuple[float, float, float]) -> str:
    """A q point as the tables write it: three numbers with spaces."""
    return " ".join(f"{component:g}" for component in q)


def attribution_row(result: FrameScore) -> Row:
    """The row of a potential scored on reference frames, without frames, suite, compound, potential and protocol."""
    found, error = result.attribution, result.error
    values = {
        **{f"corner_{name}": value for name, value in found.corners.items()},
        **{f"path_{name}": value for name, value in found.path.items()},
        **{f"shapley_{name}": value for name, value in found.shapley.items()},
        **{f"interaction_{name}": value for name, value in found.interactions.items()},
        "slope": error.slope,
        "sigma_rescaled": error.sigma_rescaled,
        "force_rmse": error.force_rmse,
        "force_error": error.force_error,
        "amplification": error.amplification,
        "force_error_residual": error.force_error_residual,
    }
    optional = {
        "path_forces_hessian": found.net, "virial_ratio": result.virial, "virial_ratio_own": result.virial_own
    }  # fmt: skip
    values |= {name: value for name, value in optional.items() if value is not None}
    if found.total is not None:
        values["total"] = found.total
    return {
        **{name: defined(value.value) for name, value in values.items()},
        **{f"{name}_se": defined(value.se) for name, value in values.items()},
        "shapley_orders": found.n_orders,
        "frames_of": result.frames_of,
        "elements": list(error.slopes),
        "element_slopes": [defined(slope) for slope in error.slopes.values()],
        "element_force_errors": [defined(value) for value in error.errors.values()],
        "slope_constants": defined(error.slope_constants),
        "constants_error": defined(error.constants_error),
        "sigma_reweighted": result.reweighted and defined(result.reweighted.sigma),
        "effective_frames": result.reweighted and result.reweighted.effective_frames,
        "n_model_frames": result.n_model_frames,
        "missing": "; ".join(f"{corner}: {needs}" for corner, needs in found.missing.items()) or None,
        "status": "ok",
    }


def defined(value: float) -> float | None:
    """`value`, or None where it is NaN: not defined."""
    return None if isnan(value) else float(value)
