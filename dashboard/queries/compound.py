"""Rows of the tables about one compound: DFT's, every potential's answers and runs, neighbours in chemistry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from compute.physics.stability import MISSING, harmonic_labels, renormalised_labels, sigma_labels
from compute.tables.schemas import SURROGATE
from dashboard.dataset import Dataset
from dashboard.queries.attribution import START
from dashboard.queries.ranking import preferred
from dashboard.queries.structure import ROLES
from dashboard.views.compound import SITES

PROTOTYPES = tuple(ROLES)
"""Prototypes that can be drawn and sampled."""
NEIGHBOURS = 12
"""Neighbours that are listed."""

Array = NDArray[np.float64]
Row = dict[str, Any]


def reference(dataset: Dataset, suite: str, compound: str) -> Row | None:
    """The compound's row of `references`; None when the suite has no such compound."""
    frame = dataset.frame(
        'SELECT * FROM "references" WHERE suite = $suite AND compound = $compound',
        {"suite": suite, "compound": compound},
    )
    return None if frame.empty else {str(name): value for name, value in frame.iloc[0].items()}


def answers(dataset: Dataset, suite: str, compound: str, tolerance_thz: float, threshold: float) -> pd.DataFrame:
    """One row per potential that answers for the suite, with five labels at `tolerance_thz` and `threshold`.

    `dft_harmonic_at`, `dft_sigma_at`, `harmonic_at`, `sigma_at` and `renormalised_at` are stable, unstable, undecidable
    or missing; the labels of potentials know the noise floor and the errors.
    """
    frame = dataset.frame(
        "SELECT p.potential, p.geometry, p.dft_omega_min_thz, p.dft_sigma, p.status, p.reason, p.omega_min_thz, "
        "p.noise_floor_thz, p.omega_rmse_thz, p.sigma_status, p.sigma_reason, p.sigma, p.sigma_se, "
        "p.renormalised_min_thz, n.renormalised_min_se_thz FROM pairs p LEFT JOIN anharmonic n ON n.suite = p.suite "
        "AND n.compound = p.compound AND n.potential = p.potential AND n.run = p.sigma_run "
        "AND n.protocol = p.sigma_protocol "
        "WHERE p.suite = $suite AND p.compound = $compound AND p.potential IS NOT NULL ORDER BY p.potential",
        {"suite": suite, "compound": compound},
    )
    return labelled(_preferred_first(dataset, suite, frame), tolerance_thz, threshold)


def ladders(dataset: Dataset, suite: str, compound: str) -> pd.DataFrame:
    """One row per potential with a label: what its softest mode, frozen in at several amplitudes, and its level say.

    `rung_amplitude` in Å and `rung_omega_thz` are lists, null where no ladder was climbed; in the order of `preferred`.
    """
    frame = dataset.frame(
        "SELECT p.potential, t.family, p.geometry, p.omega_min_thz, p.noise_floor_thz, h.rung_amplitude, "
        "h.rung_omega_thz, h.rung_label, h.label_ladder, h.cusp_thz, p.comparable_level, p.comparable_reason "
        "FROM pairs p LEFT JOIN potentials t ON t.potential = p.potential "
        "LEFT JOIN harmonic h ON h.run = p.run AND h.suite = p.suite AND h.compound = p.compound "
        "AND h.potential = p.potential AND h.geometry = p.geometry "
        "WHERE p.suite = $suite AND p.compound = $compound AND p.status = 'ok' ORDER BY p.potential",
        {"suite": suite, "compound": compound},
    )
    return _preferred_first(dataset, suite, frame).reset_index(drop=True)


def _preferred_first(dataset: Dataset, suite: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of one potential each, in the order of `preferred`."""
    order = preferred(dataset, suite, frame["potential"])
    return frame.sort_values("potential", key=lambda names: names.map(order.index))


def labelled(frame: pd.DataFrame, tolerance_thz: float, threshold: float) -> pd.DataFrame:
    """Rows of `pairs` with the labels that `answers` describes; `renormalised_at` only with a column of its error."""

    def column(name: str) -> Array:
        return np.asarray(frame[name].to_numpy(float, na_value=np.nan))

    added = {
        "dft_harmonic_at": harmonic_labels(column("dft_omega_min_thz"), tolerance_thz),
        "dft_sigma_at": sigma_labels(column("dft_sigma"), threshold),
        "harmonic_at": harmonic_labels(column("omega_min_thz"), tolerance_thz, column("noise_floor_thz")),
        "sigma_at": sigma_labels(column("sigma"), threshold, column("sigma_se")),
    }
    if "renormalised_min_se_thz" in frame:
        added["renormalised_at"] = renormalised_labels(
            column("renormalised_min_thz"), tolerance_thz, column("renormalised_min_se_thz")
        )
    return frame.assign(**added)


def dft_labels(known: Mapping[str, Any], tolerance_thz: float, threshold: float) -> Mapping[str, Any]:
    """`dft_harmonic_at` and `dft_sigma_at`, as `answers` has them, of a row of `references` alone."""
    return {
        "dft_harmonic_at": harmonic_labels(np.array([known["omega_min_thz"]], float), tolerance_thz)[0],
        "dft_sigma_at": sigma_labels(np.array([known["sigma"]], float), threshold)[0],
    }


def harmonic_errors(dataset: Dataset, suite: str, compound: str) -> pd.DataFrame:
    """Errors of the phonons of stored forces against DFT's, one row per run of a potential."""
    return dataset.frame(
        "SELECT potential, status, reason, omega_rmse_thz, omega_mae_thz, omega_bias_thz, omega2_rmse_thz2, q_mesh, "
        "speed_rmse_km_s, speed_error, speed_mesh, constants_error FROM harmonic "
        "WHERE suite = $suite AND compound = $compound AND status <> 'not-run' ORDER BY potential, run",
        {"suite": suite, "compound": compound},
    )


def agreement(dft: str, potential: str) -> str:
    """Whether two labels agree: "agrees", "disagrees", "undecidable", or empty where one is missing."""
    if MISSING in (dft, potential):
        return ""
    if "undecidable" in (dft, potential):
        return "undecidable"
    return "agrees" if dft == potential else "disagrees"


def sigma_rows(dataset: Dataset, suite: str, compound: str) -> pd.DataFrame:
    """Every run of σ that reached the compound, failed ones too, the published schedule first."""
    return dataset.frame(
        "SELECT * FROM anharmonic WHERE suite = $suite AND compound = $compound AND status <> 'not-run' "
        "ORDER BY starts_with(protocol, 'published') DESC, potential, protocol, run",
        {"suite": suite, "compound": compound},
    )


def attribution_rows(dataset: Dataset, suite: str, compound: str) -> pd.DataFrame:
    """Attributions of the error of σ against DFT, one row per set of reference frames and potential."""
    return dataset.frame(
        f"SELECT *, {START.format('')} AS start, coalesce(corner_rrr_se, corner_mrr_se, corner_srr_se) AS start_se "
        f"FROM attribution WHERE suite = $suite AND compound = $compound AND NOT starts_with(frames, "
        f"'{SURROGATE}') ORDER BY frames, potential",
        {"suite": suite, "compound": compound},
    )


def well_rows(dataset: Dataset, suite: str, compound: str) -> pd.DataFrame:
    """Tilt wells of DFT and of potentials, DFT first."""
    return dataset.frame(
        "SELECT * FROM wells WHERE suite = $suite AND compound = $compound ORDER BY source <> 'dft', source, settings",
        {"suite": suite, "compound": compound},
    )


def runs(dataset: Dataset, suite: str, compound: str) -> pd.DataFrame:
    """Every run with a row of the compound that was not left out, with what is needed to repeat it."""
    return dataset.frame(
        "SELECT c.suite, c.potential, c.geometry, c.run, c.protocol, r.protocol_digest, r.checkpoint_sha256, "
        "r.code_commit, r.package_versions, r.hardware, r.precision, r.started, r.finished FROM ("
        "SELECT suite, compound, potential, geometry, run, protocol, status FROM harmonic UNION ALL "
        "SELECT suite, compound, potential, geometry, run, protocol, status FROM anharmonic"
        ") c LEFT JOIN runs r USING (run) WHERE c.suite = $suite AND c.compound = $compound "
        "AND c.status <> 'not-run' ORDER BY c.potential, r.started, c.run",
        {"suite": suite, "compound": compound},
    )


def neighbours(
    dataset: Dataset, known: Mapping[str, Any], site: str, tolerance_thz: float, threshold: float
) -> tuple[list[str], pd.DataFrame]:
    """Compounds of the suite that differ from `known` on `site` alone, and their rows of `pairs` with labels.

    The names come nearest in tolerance factor first, those without one last.
    """
    others = [name for name in SITES if name != site]
    same = " AND ".join(f"p.{name} IS NOT DISTINCT FROM ${name}" for name in others)
    frame = dataset.frame(
        "SELECT p.compound, p.tolerance_factor, p.potential, p.dft_omega_min_thz, p.dft_sigma, p.status, "
        "p.omega_min_thz, p.noise_floor_thz, p.sigma_status, p.sigma, p.sigma_se "
        f"FROM pairs p WHERE p.suite = $suite AND p.compound <> $compound AND p.{site} IS NOT NULL "
        f"AND {same} ORDER BY p.compound, p.potential",
        {"suite": known["suite"], "compound": known["compound"], **{name: known[name] for name in others}},
    )
    distance = (frame["tolerance_factor"].astype(float) - float(known["tolerance_factor"])).abs()
    ordered = frame.assign(distance=distance).sort_values(["distance", "compound"], na_position="last", kind="stable")
    return list(dict.fromkeys(ordered["compound"])), labelled(ordered, tolerance_thz, threshold)


def sites(known: Mapping[str, Any]) -> list[str]:
    """Sites that the compound has, of A, B, Bp and X."""
    return [site for site in SITES if isinstance(known[site], str)]
