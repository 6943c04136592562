"""Bands and modes of one compound, from its force constants or as the forces of a source gave them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.physics import bands as physics
from compute.physics.mode_overlap import likest_pattern
from dashboard.dataset import Dataset
from dashboard.queries.coverage import potential_names
from dashboard.queries.ranking import preferred
from dashboard.queries.structure import Structure

HARMONIC, EFFECTIVE = "harmonic", "effective"
STEPS = 12
"""Steps of a band from one special point to the next."""
DFT = "dft"
"""What the table `bands` calls DFT, which is no potential."""

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Bands:
    """Force constants of one potential and their bands; `frequencies` (n, 3m) in THz on the points of `path`."""

    potential: str
    kind: str
    protocol: str
    run: str
    temperature: float
    symbols: tuple[str, ...]
    crystal: physics.PrimitiveCrystal
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
        origin = f"cell of the force constants of {'DFT' if self.potential == DFT else self.potential}"
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


@dataclass(frozen=True, eq=False)
class Counterpart:
    """DFT's mode that is most like a potential's: `overlap` |⟨DFT|potential⟩| of eigenvectors, 1 for the same pattern.

    Of `degeneracy` modes with one ω it is the mixture most like the potential's.
    """

    mode: Mode
    overlap: float
    degeneracy: int


@dataclass(frozen=True, eq=False)
class ModePairs:
    """The softest modes of a potential at k points, with DFT's modes most like them, of any crystal.

    `q` (k, 3); `omegas` and `dft_omegas` (k, 3m) in THz; of the b softest modes `overlap`, `branches` and
    `degeneracies` (k, b), and `patterns` and `dft_patterns` (k, b, m, 3).
    """

    potential: str
    structure: Structure
    dft: Structure
    q: Array
    omegas: Array
    dft_omegas: Array
    overlap: Array
    branches: NDArray[np.int64]
    degeneracies: NDArray[np.int64]
    patterns: NDArray[np.complex128]
    dft_patterns: NDArray[np.complex128]

    @property
    def points(self) -> list[str]:
        """The q points as an address writes them, that of DFT's softest mode first."""
        return [_coordinates(q) if q.any() else "G" for q in self.q]

    def at(self, q: str, branch: str) -> tuple[Mode, Counterpart]:
        """The mode that an address names, and DFT's; by default the first point and its softest optical mode."""
        k = self.points.index(q) if q in self.points else 0
        optical = np.argsort(np.abs(self.omegas[k]))[3:] if not self.q[k].any() else np.arange(1)
        default = min(int(optical.min()) if len(optical) else 0, self.overlap.shape[1] - 1)
        i = int(branch) - 1 if branch and int(branch) <= self.overlap.shape[1] else default
        point = (float(self.q[k][0]), float(self.q[k][1]), float(self.q[k][2]))
        turns = self.structure.positions @ self.q[k]
        phase = _phase(self.patterns[k, i], turns)
        other = Mode(point, int(self.branches[k, i]), self.dft_omegas[k], self.dft_patterns[k, i] * phase)
        return (
            Mode(point, i + 1, self.omegas[k], self.patterns[k, i] * phase),
            Counterpart(other, float(self.overlap[k, i]), int(self.degeneracies[k, i])),
        )


@dataclass(frozen=True, eq=False)
class StoredBands:
    """Bands of one method, `frequencies` (n, 3m) in THz on the points of `path`; `source` is a potential or DFT."""

    source: str
    path: physics.Path
    frequencies: Array


def bands(dataset: Dataset, suite: str, compound: str, prototype: str) -> tuple[Bands, ...]:
    """Bands of every published set of force constants, harmonic ones first, potentials as `preferred` has them; none
    for a prototype without a path."""
    return _bands(dataset, dataset.release(), suite, compound, prototype) if prototype in physics.PATHS else ()


@lru_cache(maxsize=16)  # what the callbacks of a page ask for again
def _bands(dataset: Dataset, release: str, suite: str, compound: str, prototype: str) -> tuple[Bands, ...]:
    rows = dataset.of_compound("force_constants", suite, compound)
    order = preferred(dataset, suite, sorted({row["potential"] for row in rows}))
    rows.sort(key=lambda row: (row["kind"] != HARMONIC, order.index(row["potential"]), row["protocol"]))
    return tuple(bands_of(row, prototype) for row in rows)


def bands_of_dft(dataset: Dataset, suite: str, compound: str, prototype: str) -> Bands | None:
    """Bands of DFT's own force constants, its settings in place of a protocol; None where none are published."""
    for row in dataset.of_compound("dft_constants", suite, compound) if prototype in physics.PATHS else ():
        settings = f"{row['functional']}, {row['settings']}"
        return bands_of(
            {**row, "potential": DFT, "kind": HARMONIC, "protocol": settings, "run": "", "temperature": None}, prototype
        )
    return None


def mode_pairs(dataset: Dataset, suite: str, compound: str) -> tuple[ModePairs, ...]:
    """Modes of each potential beside DFT's, where a source stored the forces of both."""
    rows = dataset.of_compound("mode_pairs", suite, compound)
    order = preferred(dataset, suite, sorted(row["potential"] for row in rows))
    names = potential_names(dataset)
    return tuple(_pairs(row, names) for row in sorted(rows, key=lambda row: order.index(row["potential"])))


def _pairs(row: Mapping[str, Any], names: Mapping[str, str]) -> ModePairs:
    symbols, q = tuple(row["symbols"]), np.array(row["q"]).reshape(-1, 3)
    kept = (len(q), row["n_modes"])

    def cell(side: str, origin: str) -> Structure:
        lattice, positions = (np.array(row[f"{side}{name}"]).reshape(-1, 3) for name in ("lattice", "positions"))
        return Structure(physics.ANY, symbols, lattice, positions, origin)

    def patterns(name: str) -> NDArray[np.complex128]:
        parts = np.array(row[name], float).reshape(*kept, len(symbols), 3, 2)
        return np.asarray(parts[..., 0] + 1j * parts[..., 1])

    return ModePairs(
        potential=row["potential"],
        structure=cell("", f"cell of {names.get(row['potential'], row['potential'])}"),
        dft=cell("dft_", "cell of DFT"),
        q=q,
        omegas=np.array(row["omegas"], float).reshape(len(q), -1),
        dft_omegas=np.array(row["dft_omegas"], float).reshape(len(q), -1),
        overlap=np.array(row["overlap"], float).reshape(kept),
        branches=np.array(row["dft_branch"]).reshape(kept),
        degeneracies=np.array(row["dft_degeneracy"]).reshape(kept),
        patterns=patterns("pattern"),
        dft_patterns=patterns("dft_pattern"),
    )


def stored_bands(dataset: Dataset, suite: str, compound: str) -> tuple[StoredBands, ...]:
    """Bands as the table `bands` has them, DFT's first; none where a source stored no forces."""
    rows = dataset.of_compound("bands", suite, compound)
    rows.sort(key=lambda row: (row["source"] != DFT, row["source"]))
    return tuple(_stored(row) for row in rows)


def _stored(row: Mapping[str, Any]) -> StoredBands:
    n = len(row["labels"])
    path = physics.Path(np.array(row["q"]).reshape(n, 3), np.array(row["distances"]), tuple(row["labels"]))
    return StoredBands(row["source"], path, np.array(row["frequencies"], float).reshape(n, -1))


def bands_of(row: Mapping[str, Any], prototype: str) -> Bands:
    """Bands of a row of `force_constants`."""
    n, size = len(row["symbols"]), row["repeats"]
    crystal = physics.PrimitiveCrystal(
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


def density(shown: Bands) -> tuple[Array, Array]:
    """ω (THz) and the density of states (1/THz) there, over the range of the bands."""
    return _density(shown)


@lru_cache(maxsize=32)
def _density(shown: Bands) -> tuple[Array, Array]:
    low, high = float(shown.frequencies.min()), float(shown.frequencies.max())
    omegas = np.linspace(low - 0.3, high + 0.3, 160)
    return omegas, physics.density(shown.crystal, omegas)


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
    return _coordinates(q)


def _coordinates(q: Sequence[float]) -> str:
    """The three coordinates of `q` as an address writes them, as `q_of` reads them."""
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
    return Mode(point, number, omegas, _turned(patterns[number - 1], shown.crystal.positions @ np.array(point)))


def _turned(pattern: NDArray[np.complex128], turns: Array) -> NDArray[np.complex128]:
    """`pattern` (m, 3) at the phase at which the atoms of cell 0 are furthest out; `turns` (m,) are q·τ."""
    return np.asarray(pattern * _phase(pattern, turns))


def _phase(pattern: NDArray[np.complex128], turns: Array) -> complex:
    moved = pattern * np.exp(2j * np.pi * turns)[:, None]
    return complex(np.exp(-0.5j * np.angle(np.sum(moved**2))))


def counterpart(moving: Mode, shown: Bands, reference: Bands | None) -> Counterpart | None:
    """DFT's mode that is most like `moving` of `shown`; None where DFT's force constants are not known, or those shown
    are no harmonic ones."""
    if reference is None or shown.kind != HARMONIC or reference.symbols != shown.symbols:
        return None
    found, pattern = likest_pattern(moving.pattern, shown.crystal.masses, reference.crystal, moving.q)
    mode_ = Mode(moving.q, found.branches[0] + 1, found.omegas, pattern)
    return Counterpart(mode_, found.overlap, len(found.branches))


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
