"""The composition that a CIF file states of itself, and whether its sites give it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from gemmi import cif

from compute.structures.formula import SYMBOLS, isotope

if TYPE_CHECKING:
    from ase import Atoms

WHOLE = 0.005  # a site is occupied by one atom, and a formula has whole numbers, to within this
_FORMULAS = tuple(f"_chemical_formula_{kind}" for kind in ("sum", "structural", "moiety", "iupac"))
_WEIGHT, _DENSITY = "_chemical_formula_weight", "_exptl_crystal_density_diffrn"
_DENSITY_UNIT = 0.602214076  # u/Å³ in 1 g/cm³
_OF_DENSITY = 0.02  # relative; densities have three digits
_CHARGE = re.compile(r"(?:(?<=[\s)\]])\d+)?[+-]\s*(?=[,)\]]|$)")  # 1+ and - at the end of a moiety
_ADDUCT = re.compile(r"[·•*]|\.(?=\s*[A-Z(\[])")  # CsPbBr3·2H2O
_COUNT = r"(\d+\.?\d*|\.\d+)?"
_PART = re.compile(rf"([(\[])|[)\]]\s*{_COUNT}|([A-Z][a-z]?)\s*{_COUNT}")


def stated(pairs: Mapping[str, str]) -> dict[str, float] | None:
    """Element to count as the file states them; None where it states none, or none that can be read."""
    read = (composition(pairs[tag]) for tag in _FORMULAS if tag in pairs)
    return next((found for found in read if found), None)


def composition(text: str) -> dict[str, float] | None:
    """Element to count in a formula of the core dictionary: Br3 Cs Pb, 2(C H6 N 1+), Pb Br4 2-; None for other text."""
    counts: Counter[str] = Counter()
    for moiety in _CHARGE.sub("", _ADDUCT.sub(",", text)).split(","):
        times, rest = re.findall(rf"^\s*{_COUNT}(.*)$", moiety, re.DOTALL)[0]
        found = _moiety(rest)
        if found is None:
            return None
        counts.update({symbol: float(times or 1) * count for symbol, count in found.items()})
    return dict(counts) if counts and all(count > 0 for count in counts.values()) else None


def _moiety(text: str) -> dict[str, float] | None:
    tokens = text.split()
    apart = [re.fullmatch(r"([A-Za-z]{1,2})(\d*\.?\d*)", token) for token in tokens]
    words = [match for match in apart if match and isotope(match[1].capitalize()) in SYMBOLS]
    if tokens and len(words) == len(tokens):  # elements stand apart, and may be in capitals
        return _sum((match[1].capitalize(), match[2]) for match in words)
    inner: list[Counter[str]] = [Counter()]
    end = 0
    text = "".join(tokens)
    for part in _PART.finditer(text):
        opened, times, symbol, count = part.groups()
        if part.start() != end:
            return None
        end = part.end()
        if opened:
            inner.append(Counter())
        elif symbol:
            found = _sum([(symbol, count or "")])
            if found is None:
                return None
            inner[-1].update(found)
        elif len(inner) < 2:
            return None
        else:
            closed = inner.pop()
            inner[-1].update({each: float(times or 1) * held for each, held in closed.items()})
    return dict(inner[0]) if end == len(text) and len(inner) == 1 else None


def _sum(words: Iterable[tuple[str, str]]) -> dict[str, float] | None:
    counts: dict[str, float] = {}
    for symbol, count in words:
        if isotope(symbol) not in SYMBOLS or count == ".":
            return None
        counts[isotope(symbol)] = counts.get(isotope(symbol), 0) + float(count or 1)
    return counts


def contradiction(atoms: Atoms, formula: Mapping[str, float] | None, pairs: Mapping[str, str]) -> str | None:
    """One sentence where formula, Z, weight or density are others than those of `atoms`, else None."""
    z = cif.as_number(pairs.get("_cell_formula_units_z", "?"))
    found = atoms.get_chemical_formula(empirical=True)
    if formula is None:
        return _of_weight(atoms, found, z, pairs)
    counts: Counter[str] = Counter(atoms.get_chemical_symbols())
    said = " ".join(symbol + ("" if count == 1 else f"{count:g}") for symbol, count in formula.items())
    units = [counts.get(symbol, 0) / count for symbol, count in formula.items()]
    if set(counts) != set(formula) or max(units) - min(units) > WHOLE * max(units):
        absent = [symbol for symbol in formula if symbol not in counts]
        return (
            f"The file states the formula {said}, but its sites and symmetry give {found}"
            + (f": {', '.join(absent)} has no site." if absent else ".")
        )  # fmt: skip
    # Some programs write the content of the whole cell as the formula, beside the units of a smaller one: of the
    # reduced one, or of a peroxide's and the like, Cs2O2 for Cs4 O4.
    reduced = np.gcd.reduce([round(count) for count in formula.values()]) if _integer(formula) else 1
    whole = units[0] * reduced / z if z > 0 else 0.0
    smaller = reduced > 1 and round(whole) > 0 and np.isclose(whole, round(whole), rtol=WHOLE)
    if np.isfinite(z) and not (np.isclose(units[0], z, rtol=WHOLE) or smaller):
        return f"The file states Z = {z:g} of {said}, but its sites and symmetry give {units[0]:g} in the cell."
    return None


def weighed(formula: Mapping[str, float] | None, pairs: Mapping[str, str]) -> bool:
    """Whether the file says what its cell holds: by a formula, the weight of one, or the density."""
    return formula is not None or any(cif.as_number(pairs.get(tag, "?")) > 0 for tag in (_WEIGHT, _DENSITY))


def _of_weight(atoms: Atoms, found: str, z: float, pairs: Mapping[str, str]) -> str | None:
    """The same where a file without a formula states the weight of one in u, or the density in g/cm³."""
    mass = float(atoms.get_masses().sum())
    weight, density = (cif.as_number(pairs.get(tag, "?")) for tag in (_WEIGHT, _DENSITY))
    here = mass / atoms.get_volume() / _DENSITY_UNIT
    if weight > 0:
        units = mass / weight
        if abs(units - (z if np.isfinite(z) else max(round(units), 1))) > WHOLE * units:
            said = f"The file states the formula weight {weight:g}"
            return f"{said}, but its sites and symmetry give {found}, {mass:.1f} in the cell."
    elif density > 0 and abs(here - density) > _OF_DENSITY * density:
        return f"The file states {density:g} g/cm³, but its sites and symmetry give {found} with {here:.3g} g/cm³."
    return None


def _integer(formula: Mapping[str, float]) -> bool:
    return all(abs(count - round(count)) < 1e-6 for count in formula.values())
