"""From a formula to a compound: prototype, sites, charge states, descriptors and structure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import permutations
from typing import TYPE_CHECKING

from compute.structures import prototypes, radii
from compute.structures.formula import FormulaError, composition_key, parse
from compute.suites import COMPUTABLE, SUITES, QPoint

if TYPE_CHECKING:
    from ase import Atoms

HALIDES = ("F", "Cl", "Br", "I")
ABX3_ANIONS = (*HALIDES, "O", "S", "Se")
Charges = Mapping[str, int]


@dataclass(frozen=True)
class Compound:
    """One compound of a suite. `sites` maps A, B, (Bp,) X to elements; `charges` the same keys to charge states.

    `notes` says what was ambiguous; a unique assignment has none. `charges` is empty where none is known.
    """

    suite: str
    formula: str
    prototype: str
    sites: Mapping[str, str]
    charges: Charges = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def atom_sites(self) -> tuple[str, ...]:
        """Site of each atom of `structure`: A, B, Bp or X."""
        return tuple("ABXXX") if self.prototype == "cubic-perovskite" else ("A", "A", "B", "Bp", *"XXXXXX")

    @property
    def q_points(self) -> Mapping[str, tuple[QPoint, ...]]:
        """The stars of q at which the compounds of its suite are compared."""
        return SUITES[self.suite].q_points

    def radius(self, site: str) -> float | None:
        """Six-coordinate Shannon radius in Å on `site`, None where charge or radius is unknown."""
        charge = self.charges.get(site)
        return None if charge is None else radii.shannon_radius(self.sites[site], charge)

    def descriptors(self) -> dict[str, float]:
        """Octahedral factor, octahedral mismatch and tolerance factor; empty where a radius is unknown."""
        second = "Bp" if "Bp" in self.sites else "B"
        r_a, r_b, r_bp, r_x = (self.radius(site) for site in ("A", "B", second, "X"))
        if r_a is None or r_b is None or r_bp is None or r_x is None:
            return {}
        return {
            "octahedral_factor": radii.octahedral_factor(r_b, r_bp, r_x),
            "octahedral_mismatch": radii.octahedral_mismatch(r_b, r_bp, r_x),
            "tolerance_factor": radii.tolerance_factor(r_a, r_b, r_bp, r_x),
        }

    def guess(self) -> tuple[float, float | None]:
        """Starting (a in Å, x) from touching ions; covalent radii stand in where an ionic radius is unknown."""
        r_b, r_x = self._size("B"), self._size("X")
        if self.prototype == "cubic-perovskite":
            return 2 * (r_b + r_x), None
        a = 2 * (r_b + self._size("Bp") + 2 * r_x)
        return a, (r_b + r_x) / a

    def structure(self, a: float | None, x: float | None = None) -> Atoms:
        """The primitive cell at lattice constant `a` (Å) and, for the elpasolite, anion coordinate `x`."""
        if a is None:
            raise ValueError(f"{self.formula} needs the lattice constant a")
        if self.prototype == "cubic-perovskite":
            return prototypes.cubic_perovskite(**self.sites, a=a)
        if x is None:
            raise ValueError(f"{self.formula}: the elpasolite needs the anion coordinate x")
        return prototypes.elpasolite(**self.sites, a=a, x=x)

    def _size(self, site: str) -> float:
        from ase.data import atomic_numbers, covalent_radii

        return self.radius(site) or float(covalent_radii[atomic_numbers[self.sites[site]]])


def identify(text: str, suite: str, known: Collection[str] = ()) -> Compound:
    """The compound that `text` means in the computable `suite`, elements in any order.

    `known` are the suite's published formulas: they name the compound, and for ABX3 they settle which cation is A.
    Raises `FormulaError` with one sentence.
    """
    counts = parse(text)
    key = frozenset(counts.items())
    published = [formula for formula in known if composition_key(formula) == key]
    read = {"elpasolite": _double_perovskite, "cubic-perovskite": _perovskite}
    if suite not in COMPUTABLE:
        raise FormulaError(f"Suite “{suite}” has no formulas; it is one of {' and '.join(COMPUTABLE)}.")
    return read[SUITES[suite].prototype](text, counts, published, suite)


def _double_perovskite(text: str, counts: dict[str, int], published: list[str], suite: str) -> Compound:
    scale = 2 if 3 in counts.values() and sum(counts.values()) == 5 else 1
    counts = {element: scale * count for element, count in counts.items()}
    anions = [element for element, count in counts.items() if count == 6 and element in HALIDES]
    if len(anions) != 1 or sum(counts.values()) != 10:
        raise FormulaError(
            f"“{text}” is not a halide double perovskite;"
            " accepted are A2MM'X6, A3M'X6 and AM'X3 with X = F, Cl, Br or I."
        )
    X = anions[0]
    cations = {element: count for element, count in counts.items() if element != X}
    options = [option for sites in _placements(cations) for option in _charge_options(*sites, X)]
    if not options:
        raise FormulaError(f"“{text}” has no charge balance with {X}⁻: A must be 1+ and M, M' 1+ and 3+ or 2+ and 2+.")
    (A, B, Bp), (q_b, q_bp) = min(options, key=_preference)
    notes = tuple(
        f"{o_sites[1]}{_superscript(o[0])}/{o_sites[2]}{_superscript(o[1])} with A = {o_sites[0]} balances too"
        for o_sites, o in options
        if (o_sites, o) != ((A, B, Bp), (q_b, q_bp))
    )
    if scale == 2:
        formula = f"{A}{B}{X}3"
    elif A == B:
        formula = f"{A}3{Bp}{X}6"
    else:
        formula = f"{A}2{B}{Bp}{X}6"
    return Compound(
        suite=suite,
        formula=published[0] if published else formula,
        prototype="elpasolite",
        sites={"A": A, "B": B, "Bp": Bp, "X": X},
        charges={"A": 1, "B": q_b, "Bp": q_bp, "X": -1},
        notes=notes,
    )


Sites = tuple[str, str, str]
Option = tuple[Sites, tuple[int, int]]


def _placements(cations: dict[str, int]) -> Iterator[Sites]:
    """Every (A, M, M') of the right counts: 2:1:1, 3:1 (M = A) and 2:2 (M and M' the same element)."""
    pattern = sorted(cations.values(), reverse=True)
    if pattern == [2, 1, 1]:
        (A,) = (element for element, count in cations.items() if count == 2)
        for B, Bp in permutations([element for element in cations if element != A]):
            yield A, B, Bp
    elif pattern == [3, 1]:
        A, other = sorted(cations, key=lambda element: -cations[element])
        yield A, A, other
    elif pattern == [2, 2]:
        for A, B in permutations(cations):
            yield A, B, B


def _charge_options(A: str, B: str, Bp: str, X: str) -> Iterator[Option]:
    """M 1+ with M' 3+, and 2+ with 2+ once per pair of elements; A is 1+."""
    if 1 not in radii.charge_states(A):
        return
    if 1 in radii.charge_states(B) and 3 in radii.charge_states(Bp):
        yield (A, B, Bp), (1, 3)
    if Bp > B and 2 in radii.charge_states(B) and 2 in radii.charge_states(Bp):
        yield (A, B, Bp), (2, 2)


def _preference(option: Option) -> tuple[bool, float, Option]:
    """1+/3+ before 2+/2+, then the smaller size mismatch: the choice the published descriptors were made with."""
    (_, B, Bp), (q_b, q_bp) = option
    r_b, r_bp = radii.shannon_radius(B, q_b), radii.shannon_radius(Bp, q_bp)
    mismatch = float("inf") if r_b is None or r_bp is None else abs(r_b - r_bp)
    return q_b == 2, mismatch, option


def _perovskite(text: str, counts: dict[str, int], published: list[str], suite: str) -> Compound:
    anions = [element for element, count in counts.items() if count == 3 and element in ABX3_ANIONS]
    if len(anions) != 1 or sorted(counts.values()) != [1, 1, 3]:
        raise FormulaError(
            f"“{text}” is not an ABX3 perovskite; accepted are two cations and three of X = {', '.join(ABX3_ANIONS)}."
        )
    X = anions[0]
    first, second = (element for element in counts if element != X)
    orders = [(first, second), (second, first)]
    listed = [order for order in orders if f"{order[0]}{order[1]}{X}3" in published]
    # By convention A carries the lower charge: A⁺B²⁺X₃ and A²⁺B⁴⁺X₃.
    usual = [order for order in orders if any(a < b for a, b in perovskite_charges(*order, X))]
    notes: tuple[str, ...] = ()
    if len(listed) == 1:
        A, B = listed[0]
    elif len(listed) == 2:
        A, B = first, second
        notes = (f"{second}{first}{X}3, with {second} on the A site, is another compound of this suite",)
    elif len(usual) == 1:
        A, B = usual[0]
    else:
        A, B = first, second
        notes = (f"the charges do not tell A from B; {first} is taken as A because it is written first",)
    charges = perovskite_charges(A, B, X)
    if not charges:
        notes += (f"no common charge states of {A} and {B} balance three {X}",)
    elif len(charges) > 1:
        others = ", ".join(f"{A}{_superscript(a)}/{B}{_superscript(b)}" for a, b in charges)
        notes += (f"several charge states balance: {others}",)
    unique = len(charges) == 1
    return Compound(
        suite=suite,
        formula=f"{A}{B}{X}3",
        prototype="cubic-perovskite",
        sites={"A": A, "B": B, "X": X},
        charges={"A": charges[0][0], "B": charges[0][1], "X": radii.ANION_CHARGE[X]} if unique else {},
        notes=notes,
    )


def perovskite_charges(A: str, B: str, X: str) -> list[tuple[int, int]]:
    """Charge states of A and B that balance three X, the lower of A first; empty where none do."""
    total = -3 * radii.ANION_CHARGE[X]
    return [(a, total - a) for a in radii.charge_states(A) if total - a in radii.charge_states(B)]


def _superscript(charge: int) -> str:
    return str(charge).translate(str.maketrans("123456789", "¹²³⁴⁵⁶⁷⁸⁹")) + "⁺"
