"""Everything that is known of one compound: DFT's row, every potential's answers, bands and modes, neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from compute.physics import bands as physics
from compute.physics.stability import MISSING, harmonic_labels, renormalised_labels, sigma_labels
from compute.schemas import SURROGATE
from dashboard.dataset import Dataset
from dashboard.queries.structure import ROLES, Structure
from dashboard.views.compound import SITES

HARMONIC, EFFECTIVE = "harmonic", "effective"
PROTOTYPES = tuple(ROLES)
"""Prototypes that can be drawn and sampled."""
STEPS = 12
"""Steps of a band from one special point to the next."""
NEIGHBOURS = 12
"""Neighbours that are listed."""

Array = NDArray[np.float64]
Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Bands:
    """Force constants of one potential and their bands; `frequencies` (n, 3m) in THz on the points of `path`."""

    potential: str
    kind: str
    protocol: str
    run: str
    temperature: float
    symbols: tuple[str, ...]
    crystal: physics.Crystal
    prototype: str
    path: physics.Path
    frequencies: Array

    @property
    def key(self) -> str:
        """Its name in an address: potential, kind and protocol."""
        return f"{self.potential}~{self.kind}~{self.protocol}"

    @property
    def structure(self) -> Structure:
        """The cell that the force constants are of."""
        origin = f"cell of the force constants of {self.potential}"
        return Structure(self.prototype, self.symbols, self.crystal.lattice, self.crystal.positions, origin)


@dataclass(frozen=True, eq=False)
class Mode:
    """Mode number `branch`, from 1, at `q`: `omegas` (3m,) in THz, `pattern` (m, 3) with the largest atom at 1."""

    q: tuple[float, float, float]
    branch: int
    omegas: Array
    pattern: NDArray[np.complex128]

    @property
    def omega(self) -> float:
        """ω in THz, imaginary as negative."""
        return float(self.omegas[self.branch - 1])


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
    return labelled(frame, tolerance_thz, threshold)


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


def agreement(dft: str, potential: str) -> str:
    """Whether two labels agree: "agrees", "disagrees", "undecidable", or empty where one is missing."""
    if MISSING in (dft, potential):
        return ""
    if "undecidable" in (dft, potential):
        return "undecidable"
    return "agrees" if dft == potential else "disagrees"


def potentials(dataset: Dataset, suite: str) -> list[str]:
    """Potentials with a run on the suite, by id."""
    frame = dataset.frame(
        "SELECT potential FROM chosen WHERE suite = $suite UNION "
        "SELECT potential FROM chosen_sigma WHERE suite = $suite ORDER BY potential",
        {"suite": suite},
    )
    return [str(name) for name in frame["potential"]]


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
        f"SELECT * FROM attribution WHERE suite = $suite AND compound = $compound AND NOT starts_with(frames, "
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


def bands(dataset: Dataset, suite: str, compound: str, prototype: str) -> tuple[Bands, ...]:
    """Bands of every published set of force constants, harmonic ones first; none for a prototype without a path."""
    return _bands(dataset, dataset.release(), suite, compound, prototype) if prototype in physics.PATHS else ()


@lru_cache(maxsize=64)
def _bands(dataset: Dataset, release: str, suite: str, compound: str, prototype: str) -> tuple[Bands, ...]:
    rows = dataset.force_constants(suite, compound)
    rows.sort(key=lambda row: (row["kind"] != HARMONIC, row["potential"], row["protocol"]))
    return tuple(bands_of(row, prototype) for row in rows)


def bands_of(row: Mapping[str, Any], prototype: str) -> Bands:
    """Bands of a row of `force_constants`."""
    n, size = len(row["symbols"]), row["repeats"]
    crystal = physics.Crystal(
        lattice=np.array(row["lattice"]).reshape(3, 3),
        positions=np.array(row["positions"]).reshape(n, 3),
        masses=np.array(row["masses"]),
        constants=np.array(row["constants"], float).reshape(n, n, size, size, size, 3, 3),
    )
    path = physics.path(prototype, crystal.lattice, STEPS)
    return Bands(
        potential=row["potential"],
        kind=row["kind"],
        protocol=row["protocol"],
        run=row["run"],
        temperature=float("nan") if row["temperature"] is None else float(row["temperature"]),
        symbols=tuple(row["symbols"]),
        crystal=crystal,
        prototype=prototype,
        path=path,
        frequencies=physics.frequencies(crystal, path.q),
    )


def q_name(label: str) -> str:
    """A special point as an address writes it."""
    return "G" if label == "Γ" else label


def q_points(prototype: str) -> dict[str, tuple[float, float, float]]:
    """Special points of `prototype` by the name that an address gives them."""
    return {q_name(label): q for label, q in physics.POINTS[prototype].items()}


def q_of(prototype: str, text: str) -> tuple[float, float, float] | None:
    """The point that `text` names, or that its three coordinates are; None for neither."""
    if text in q_points(prototype):
        return q_points(prototype)[text]
    parts = text.split("_")
    return (float(parts[0]), float(parts[1]), float(parts[2])) if len(parts) == 3 else None


def q_text(prototype: str, q: Sequence[float]) -> str:
    """How an address writes `q`: by name where it is a special point."""
    for name, point in q_points(prototype).items():
        if np.allclose(point, q, atol=1e-4):
            return name
    return "_".join(f"{round(component, 4) + 0.0:g}" for component in q)


def softest_point(shown: Bands) -> str:
    """Name of the special point with the lowest optical ω."""
    points = q_points(shown.prototype)
    omegas = physics.frequencies(shown.crystal, np.array(list(points.values()), float))
    lowest = {}
    for name, values in zip(points, omegas, strict=True):
        # Of the modes at Γ the three nearest zero are acoustic.
        optical = values[np.argsort(np.abs(values))[3:]] if name == "G" else values
        lowest[name] = float(optical.min())
    return min(lowest, key=lambda name: lowest[name])


def mode(shown: Bands, q: str, branch: str) -> Mode:
    """The mode that an address names; the first branch where it names none or one too high."""
    point = q_of(shown.prototype, q) or (0.0, 0.0, 0.0)
    omegas, patterns = physics.modes(shown.crystal, point)
    number = int(branch) if branch and int(branch) <= len(omegas) else 1
    return Mode(point, number, omegas, patterns[number - 1])


def drawn_points(path: physics.Path) -> NDArray[np.int64]:
    """Points of `path` in the order that one branch is drawn; −1 is a gap, where the path breaks and at its end."""
    order: list[int] = []
    for index, label in enumerate(path.labels):
        broken = index > 0 and label and path.labels[index - 1] and path.distances[index] == path.distances[index - 1]
        order += [-1, index] if broken else [index]
    return np.array([*order, -1])


def clicked(drawn: Sequence[Bands], curve: Any, point: Any) -> tuple[str, str, str] | None:
    """Key, q and branch of point number `point` of trace number `curve`, as the figure draws bands; None for neither.

    Each trace holds one branch after another, each in the order of `drawn_points`.
    """
    if not isinstance(curve, int) or not isinstance(point, int) or not 0 <= curve < len(drawn):
        return None
    shown = drawn[curve]
    order = drawn_points(shown.path)
    branch, place = divmod(point, len(order))
    if not 0 <= branch < shown.frequencies.shape[1] or order[place] < 0:
        return None
    return shown.key, q_text(shown.prototype, shown.path.q[order[place]]), str(branch + 1)


def moving(mode_: Mode, roles: Sequence[str]) -> dict[str, float]:
    """Largest displacement on each site, relative to the largest of all, by site in the order of the cell."""
    size = np.linalg.norm(mode_.pattern, axis=1)
    return {role: float(max(size[i] for i, r in enumerate(roles) if r == role)) for role in dict.fromkeys(roles)}


def pattern_json(mode_: Mode) -> dict[str, Any]:
    """What the browser needs to move the atoms: q, ω and, per atom, three real and three imaginary parts."""
    return {
        "q": list(mode_.q),
        "omega": round(mode_.omega, 4),
        "real": mode_.pattern.real.round(5).tolist(),
        "imag": mode_.pattern.imag.round(5).tolist(),
    }
