"""What is published beside the result of a live job, and whether the two differ by more than their errors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from compute.jobs import service
from compute.jobs.request import task_of
from compute.jobs.service import Job
from compute.physics import bands as physics
from compute.physics.attribution import CORNERS, OTHERS
from compute.statistics.comparable import comparable
from compute.suites import SUITES
from compute.tables.schemas import SCHEMAS
from dashboard.dataset import Dataset
from dashboard.queries.attribution import Scored, scored_row
from dashboard.queries.bands import HARMONIC, Bands, bands, bands_of
from dashboard.queries.coverage import potential_names

Row = dict[str, Any]
TABLES = {"harmonic": "harmonic", "sigma": "anharmonic", "attribution": "attribution"}
"""The table that the result of a stage is like."""

DFT_KELVIN = 300.0
"""The temperature at which σ of DFT is published."""

_ALIKE = {
    "harmonic": ("suite", "compound", "potential", "protocol"),
    "sigma": ("suite", "compound", "potential", "protocol", "temperature"),
    "attribution": ("suite", "compound", "potential", "frames"),
}
_QUANTITIES: dict[str, tuple[tuple[str, str], ...]] = {
    "harmonic": (
        ("omega_min_thz", "ω_min"), ("omega_gamma_thz", "ω at Γ"), ("omega_r_thz", "ω at R"),
        ("omega_m_thz", "ω at M"), ("omega_x_thz", "ω at X"), ("omega_l_thz", "ω at L"),
    ),
    "sigma": (
        ("sigma", "σ"), ("sigma_a", "σ on A"), ("sigma_b", "σ on B"), ("sigma_bp", "σ on B′"), ("sigma_x", "σ on X"),
    ),
    "attribution": (
        *((f"corner_{name}", f"σ[{name}]") for name in (*CORNERS, *OTHERS)), ("path_forces", "step forces"),
        ("path_forces_hessian", "step forces and Hessian"),
        ("path_hessian", "step Hessian"), ("path_sampling", "step sampling"), ("total", "total error of σ"),
    ),
}  # fmt: skip
_OF_OWN_FRAMES = ("path_sampling", "total")
_ON_OWN_FRAMES = ("corner_mmr", "corner_mmm")
"""Of frames that the potential sampled by a protocol, unless those of the set are its own."""
UNITS = {"harmonic": "THz", "sigma": "", "attribution": ""}


@dataclass(frozen=True)
class PublishedDifference:
    """One number of a live result against another; `error` decides whether they differ, NaN where none is known."""

    name: str
    live: float
    other: float
    difference: float
    error: float

    @property
    def within(self) -> bool | None:
        """Whether the difference is within the error; None where one of them is not known."""
        if not np.isfinite(self.difference) or not np.isfinite(self.error):
            return None
        return abs(self.difference) <= self.error


def stored(dataset: Dataset, stage: str, live: Mapping[str, Any]) -> Row | None:
    """The published row of the same compound, potential and protocol (frames, of an attribution) as the `live` row."""
    if any(live.get(name) is None for name in _ALIKE[stage]):
        return None
    ran = stage != "attribution"
    frame = dataset.frame(
        f"SELECT t.*{', r.checkpoint_sha256, r.started' if ran else ''} FROM {TABLES[stage]} t "
        f"{'LEFT JOIN runs r USING (run) ' if ran else ''}"
        f"WHERE {' AND '.join(f't.{name} = ${name}' for name in _ALIKE[stage])} AND t.status <> 'not-run' "
        f"ORDER BY t.status = 'ok' DESC{', r.started DESC NULLS LAST, t.run DESC' if ran else ''} LIMIT 1",
        {name: live[name] for name in _ALIKE[stage]},
    )
    if frame.empty:
        return None
    found = {str(name): value for name, value in frame.iloc[0].items()}
    if stage == "attribution" and found["protocol"] != live.get("protocol"):
        own = found.get("frames_of") == live["potential"]
        found |= dict.fromkeys(_OF_OWN_FRAMES if own else (*_OF_OWN_FRAMES, *_ON_OWN_FRAMES))
    return found


def of_dft(stage: str, live: Mapping[str, Any], reference: Row | None) -> Row | None:
    """What DFT's row has of the quantities of the `live` row: σ is published at one temperature.

    Of an attribution that is σ of frames of DFT's own dynamics; no other corner is the same quantity.
    """
    if reference is None or (stage != "harmonic" and live.get("temperature") != DFT_KELVIN):
        return None
    return {"corner_rrr": reference["sigma"]} if stage == "attribution" else reference


def scored(dataset: Dataset, live: Row, reference: Row | None) -> Scored:
    """The `live` row of an attribution as those of the table are read."""
    published = value(reference or {}, "sigma")
    whole = dict.fromkeys(SCHEMAS["attribution"].names) | live
    whole["published"] = published if np.isfinite(published) else None
    whole["functional"] = reference and reference["functional"]
    return scored_row(whole, potential_names(dataset))


def differences(stage: str, live: Mapping[str, Any], other: Mapping[str, Any]) -> list[PublishedDifference]:
    """Every number that the `live` row has against a stored row of the same stage or a row of `references`.

    Two ω differ when they are further apart than the larger of the two noise floors, two σ when they are further apart
    than twice their combined standard error; a side that states no error adds none.
    """
    found = []
    for column, name in _QUANTITIES[stage]:
        one, two = value(live, column), value(other, column)
        if not np.isfinite(one):
            continue
        if stage == "harmonic":
            errors = [value(row, "noise_floor_thz") for row in (live, other)]
            error = float(np.nanmax(errors)) if np.isfinite(errors).any() else np.nan
        else:
            errors = [value(row, f"{column}_se") for row in (live, other)]
            error = 2 * float(np.sqrt(np.nansum(np.square(errors)))) if np.isfinite(errors).any() else np.nan
        place = column.removeprefix("omega_").removesuffix("_thz")
        # Of the two, only DFT's row states a functional.
        cut = comparable([one, two], str(live["suite"]), place) if "functional" in other else (one, two)
        found.append(PublishedDifference(name, one, two, float(cut[0] - cut[1]), error))
    return found


def value(row: Mapping[str, Any], column: str) -> float:
    """The number in a column, NaN where there is none."""
    found = row.get(column)
    return float("nan") if found is None or found is pd.NA else float(found)


def kept(job: Job) -> Row | None:
    """The file of the result, with force constants and provenance; None where this machine has none."""
    path = service.result_path(job.id)
    return dict(json.loads(path.read_text())) if path.exists() else None


def protocol_digest(dataset: Dataset, job: Job) -> str | None:
    """Digest of the settings of `job`; None where the published data have changed since, and with them the task."""
    try:
        task = task_of(job.request, dataset)
    except ValueError:
        return None
    return task.protocol.digest if task.digest == job.id else None


def force_constant_sets(dataset: Dataset, job: Job, content: Row | None) -> list[tuple[Bands, Bands | None]]:
    """Every set of force constants of the result, with the published harmonic one of the same potential.

    Nothing is published of an uploaded structure; one of another structure type has a path along its own axes.
    """
    if content is None:
        return []
    row = content["row"]
    prototype = _prototype(row) or physics.ANY
    keys = {name: row.get(name) for name in ("run", "potential", "protocol")}
    beside = [] if job.request.compound is None else bands(dataset, job.suite, job.compound, prototype)
    same = [b for b in beside if (b.kind, b.potential) == (HARMONIC, job.request.potential)]
    return [
        (bands_of({**own, **keys}, prototype), next(iter(same), None) if own["kind"] == HARMONIC else None)
        for own in content.get("force_constants", [])
    ]


_NAMES_BY_HALVES = {"cubic-perovskite": "ΓXMR", "elpasolite": "ΓLXL"}
"""Of a q point of a supercell of two, by how many of its primitive coordinates are ½."""


def _prototype(row: Mapping[str, Any]) -> str:
    """The structure type that the suite of `row` declares; empty where it has no single one."""
    suite = SUITES.get(str(row.get("suite")))
    return suite.prototype if suite and suite.computable else ""


def q_name(row: Mapping[str, Any]) -> str:
    """The q point of the softest mode of a harmonic row: its star by name in the two prototypes, else coordinates."""
    text = str(row.get("omega_min_q") or "")
    halves = [abs(abs(float(part)) - 0.5) < 1e-6 for part in text.split()]
    whole = [abs(float(part)) < 1e-6 for part in text.split()]
    names = _NAMES_BY_HALVES.get(_prototype(row))
    if names and len(halves) == 3 and all(h or w for h, w in zip(halves, whole, strict=True)):
        return names[sum(halves)]
    return f"q = ({text})" if text else "–"


def as_json(job: Job, content: Row | None) -> Row:
    """The file of the result with the job it answers; the job with its row where this machine has no file."""
    if content is None:
        return job.model_dump(mode="json")
    return {**content, "job": job.model_dump(mode="json", exclude={"result"})}
