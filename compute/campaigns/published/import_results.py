"""Rows of suites whose source holds results, not forces: bands, lowest and highest ω, quantiles."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from compute.campaigns.provenance import code_commit, package_versions
from compute.physics.phonons import without_acoustic
from compute.physics.stability import harmonic_labels
from compute.potentials.store import file_sha256
from compute.protocols import HARMONIC_PROTOCOLS, HarmonicProtocol
from compute.references import ffonons, kappa103
from compute.statistics.deviation import deviation, square_deviation
from compute.structures.formula import composition_key
from compute.suites import SUITES

Row = dict[str, Any]
Tables = dict[str, list[Row]]
Compositions = frozenset[frozenset[tuple[str, int]]]

_SAME_POINT = 0.005
"""Distance of two q points, in 1/Å without 2π, within which they are compared."""
_FEWEST_POINTS = 0.5
_FAR = 0.3
"""Part of DFT's highest ω by which a potential's may differ unremarked: some rows with hydrogen are off by two."""


def mp64(source: Path, compositions: Compositions = frozenset()) -> Tables:
    """Bands of MACE-MP-0 and CHGNet beside DFPT's, compared at the q points that they share."""
    materials, protocol = ffonons.mp64(source), HARMONIC_PROTOCOLS["published-bands"]
    references, results = [], dict[str, dict[str, Row]]()
    for material in materials:
        lowest = _softest(material.dft)
        highest = float(material.dft.omega.max())
        references.append(_reference("mp64", material.id, material.formula, lowest, highest))
        for potential in ffonons.MP64_POTENTIALS:
            ours = material.potentials.get(potential)
            row = None if ours is None else _bands_row(ours, material.dft, protocol)
            results.setdefault(potential, {})[material.id] = row or _absent("the source has no bands of it")
    return _with_runs("mp64", protocol, source, references, results)


def phonondb(source: Path, compositions: Compositions = frozenset()) -> Tables:
    """Lowest and highest ω of four potentials beside DFT's, and DFT alone for those that have one of `compositions`."""
    materials, protocol = ffonons.phonondb_dft(source), HARMONIC_PROTOCOLS["published-extremes"]
    references, results = [], dict[str, dict[str, Row]]()
    for material in materials:
        if not material.potentials and composition_key(material.formula) not in compositions:
            continue
        references.append(
            {
                **_reference("phonondb", material.id, material.formula, material.dft.low, material.dft.high),
                "n_atoms": material.n_sites,
            }
        )
        for potential in ffonons.PHONONDB_POTENTIALS:
            ours = material.potentials.get(potential)
            row = None if ours is None else _extremes_row(ours, material.dft, protocol)
            results.setdefault(potential, {})[material.id] = row or _absent("the source has no result of it")
    return _with_runs("phonondb", protocol, source, references, results)


def kappa103_field(source: Path, compositions: Compositions = frozenset()) -> Tables:
    """Forty potentials on 103 binaries: a table of its own, since most are no potentials of the registry."""
    field = kappa103.read(source)
    references, rows = [], []
    for place, material in enumerate(field.materials):
        if material.omega is None:
            continue
        about = {"suite": "kappa103", "compound": material.id, "formula": material.formula}
        low, high = float(material.omega[0]), float(material.omega[-1])
        references.append(_reference("kappa103", material.id, material.formula, low, high))
        rows.append(
            {
                **about, "entry": "dft", "name": "DFT", "mace": False, "omega_quantiles": material.omega.tolist(),
                "kappa": material.kappa, "status": "ok",
            }
        )  # fmt: skip
        for entry, results in field.results.items():
            result = results[place]
            error = None if result.omega is None else deviation(result.omega, material.omega)
            rows.append(
                {
                    **about, "entry": entry, "name": field.labels[entry], "mace": entry.startswith("mace-"),
                    "omega_quantiles": None if result.omega is None else result.omega.tolist(),
                    "omega_rmse_thz": None if error is None else error.rmse,
                    "omega_bias_thz": None if error is None else error.bias,
                    "imaginary": result.imaginary, "kappa": result.kappa, "srme": result.srme,
                    "status": "no-frequencies" if result.omega is None else "ok",
                    "reason": "the source has no frequencies of it" if result.omega is None else None,
                }
            )  # fmt: skip
    return {"references": references, "wider_field": rows}


def _with_runs(
    suite: str,
    protocol: HarmonicProtocol,
    source: Path,
    references: list[Row],
    results: Mapping[str, Mapping[str, Row]],
) -> Tables:
    """The tables of one suite: a run per potential, named by the content of `source`."""
    sha, now = file_sha256(source), datetime.now(UTC).isoformat(timespec="seconds")
    harmonic, runs = [], []
    for potential, rows in results.items():
        run = f"harmonic-{suite}-{potential}-{protocol.name}-{sha[:8]}"
        common = {
            "run": run,
            "suite": suite,
            "potential": potential,
            "protocol": protocol.name,
            "geometry": protocol.geometry,
        }
        harmonic += [{**row, **common, "compound": compound} for compound, row in rows.items()]
        statuses = [row["status"] for row in rows.values()]
        runs.append(
            {
                "run": run, "stage": "harmonic", "suite": suite, "potential": potential, "protocol": protocol.name,
                "protocol_digest": protocol.digest, "protocol_json": protocol.model_dump_json(),
                "code_commit": code_commit(), "package_versions": json.dumps(package_versions(), sort_keys=True),
                "hardware": "the source's", "precision": "the source's", "started": now, "finished": now,
                "n_tasks": len(rows), "n_ok": statuses.count("ok"), "n_failed": 0,
                "n_not_run": statuses.count("not-run"),
            }
        )  # fmt: skip
    return {"references": references, "harmonic": harmonic, "runs": runs}


def _softest(bands: ffonons.SourceBands) -> float:
    """The lowest ω over all points, without the acoustic modes at Γ."""
    at_gamma = np.all(np.abs(bands.q - np.rint(bands.q)) < 1e-6, axis=1)
    rest = [bands.omega[~at_gamma].min()] if (~at_gamma).any() else []
    optical = [kept[0] for omega in bands.omega[at_gamma] if len(kept := without_acoustic(omega))]
    return float(min([*rest, *optical]))


def _bands_row(ours: ffonons.SourceBands, theirs: ffonons.SourceBands, protocol: HarmonicProtocol) -> Row:
    row = _row(_softest(ours), float(ours.omega.max()), protocol, "the source's path, without the acoustic modes at Γ")
    shift = theirs.q[:, None] - ours.q[None]
    distance = np.linalg.norm((shift - np.rint(shift)) @ np.linalg.inv(theirs.lattice).T, axis=2)
    near = distance.argmin(axis=1)
    shared = distance.min(axis=1) < _SAME_POINT
    if shared.mean() < _FEWEST_POINTS or ours.symbols != theirs.symbols:
        return {**row, "reason": "modes not compared: the source's two cells differ in setting, so their paths do"}
    modes = ours.omega[near[shared]], theirs.omega[shared]
    error = deviation(*modes)
    return {
        **row,
        "omega_rmse_thz": error.rmse,
        "omega_mae_thz": error.mae,
        "omega_bias_thz": error.bias,
        "omega2_rmse_thz2": square_deviation(*modes).rmse,
        "q_mesh": f"{int(shared.sum())} of DFPT's {len(shared)} points along its path",
    }


def _extremes_row(ours: ffonons.Extremes, theirs: ffonons.Extremes, protocol: HarmonicProtocol) -> Row:
    row = _row(ours.low, ours.high, protocol, "the source's, acoustic modes included")
    if theirs.high > 0 and abs(ours.high / theirs.high - 1) > _FAR:
        return {**row, "reason": f"highest ω {ours.high:.1f} THz against DFT's {theirs.high:.1f}: look before use"}
    return row


def _row(lowest: float, highest: float, protocol: HarmonicProtocol, q_set: str) -> Row:
    return {
        "omega_min_thz": lowest,
        "omega_max_thz": highest,
        "q_set": q_set,
        "label": str(harmonic_labels([lowest], protocol.tolerance_thz)[0]),
        "tolerance_thz": protocol.tolerance_thz,
        "status": "ok",
    }


def _absent(reason: str) -> Row:
    return {"status": "not-run", "reason": reason}


def _reference(suite: str, compound: str, formula: str, lowest: float, highest: float) -> Row:
    return {
        "suite": suite,
        "compound": compound,
        "formula": formula,
        "prototype": "any",
        "omega_min_thz": lowest,
        "omega_max_thz": highest,
        "functional": SUITES[suite].dft.described,
        "doi": SUITES[suite].doi,
        "source": SUITES[suite].source,
    }
