"""The crystal in a POSCAR or CONTCAR file of VASP: with element symbols, or a formula that its counts agree with."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from compute.sentence import said_by
from compute.structures.formula import SYMBOLS, isotope
from compute.structures.sites import StructureError
from compute.text import with_fortran_numbers

if TYPE_CHECKING:
    from ase import Atoms

_NOT_READ = "The text cannot be read as a CIF or POSCAR file with element symbols"


def read(text: str, most_atoms: int | None = None) -> Atoms:
    """The atoms of `text`, at most `most_atoms`. Raises `StructureError`, one sentence.

    The header is read first: nothing is made in the size that it states before that is known to be there.
    """
    lines = text.split("\n")
    if len(lines) < 7:
        raise StructureError(f"{_NOT_READ}: it ends after {len([line for line in lines if line.strip()])} lines.")
    box = _box(lines[1:5])
    words = _words(lines[5])
    if words and all(word.isdecimal() for word in words):
        symbols, counts, start = _of_comment(lines[0], words), words, 6
    else:
        symbols, counts, start = [_element(word) for word in words], _words(lines[6]), 7
    if not counts or not all(count.isdecimal() and len(count) < 10 for count in counts):
        raise StructureError(f"{_NOT_READ}: “{lines[start - 1].strip()[:60]}” are no numbers of atoms.")
    if len(symbols) != len(counts):
        raise StructureError(f"The file has {len(symbols)} element symbols, but {len(counts)} numbers of atoms.")
    total = sum(int(count) for count in counts)
    if total < 1 or (most_atoms is not None and total > most_atoms):
        raise StructureError(f"The cell has {total} atoms; from 1 to {most_atoms or '…'} are taken.")
    start += "".join(lines[start : start + 1]).strip()[:1].lower() == "s"  # selective dynamics
    mode = "".join(lines[start : start + 1]).strip()
    if re.match(r"[-+.\d]", mode):
        raise StructureError(f"{_NOT_READ}: no line says Direct or Cartesian above the positions.")
    steps = sum(line.lower().startswith("direct configuration") for line in lines)
    if steps > 1:
        raise StructureError(
            f"The file holds {steps} configurations, as an XDATCAR does: give a file with one structure."
        )
    positions = lines[start + 1 : start + 1 + total]
    held = next((i for i, line in enumerate(positions) if not line.strip()), len(positions))
    if held < total:
        raise StructureError(f"The file ends after {held} of its {total} positions.")
    each = [symbol for symbol, count in zip(symbols, counts, strict=True) for _ in range(int(count))]
    _refuse_other_names(positions, each)
    # What follows the positions, velocities say, is not needed, nor is which of them may move.
    rows = [" ".join(map(repr, _position(number, line))) for number, line in enumerate(positions, start=1)]
    kind = "Cartesian" if mode[:1].lower() in ("c", "k") else "Direct"
    atoms = _atoms("\n".join([lines[0], *box, " ".join(map(isotope, symbols)), " ".join(counts), kind, *rows]) + "\n")
    atoms.info["isotopes"] = any(symbol != isotope(symbol) for symbol in symbols)
    return atoms


def _atoms(text: str) -> Atoms:
    from ase.io.vasp import read_vasp

    try:
        atoms: Atoms = read_vasp(io.StringIO(text))
    except Exception as error:  # the boundary to a parser, which raises whatever it meets
        raise StructureError(f"{_NOT_READ}: {said_by(error).rstrip('.')}.") from error
    return atoms


def _box(lines: list[str]) -> list[str]:
    """The scale and the three lattice vectors, numbers alone: VASP takes what stands behind them for a note."""
    taken = []
    for number, line in enumerate(lines):
        found = _leading_numbers(line)
        wanted = 3 if number or len(found) > 2 else 1
        if len(found) < wanted or (number == 0 and 0 in found[:wanted]):
            raise StructureError(f"{_NOT_READ}: “{line.strip()[:60]}” is no line of its cell.")
        taken.append(" ".join(map(repr, found[:wanted])))
    return taken


def _position(number: int, line: str) -> list[float]:
    found = _leading_numbers(line)[:3]
    if len(found) < 3:
        raise StructureError(f"{_NOT_READ}: position {number}, “{line.strip()[:60]}”, is not three numbers.")
    return found


def _leading_numbers(line: str) -> list[float]:
    """The numbers at the beginning of `line`."""
    found: list[float] = []
    for word in with_fortran_numbers(line).split():
        try:
            found.append(float(word))
        except ValueError:
            break
    return found


def _refuse_other_names(positions: list[str], symbols: list[str]) -> None:
    """`StructureError` where an element behind a position is another one than that of the numbers of atoms."""
    for number, (line, symbol) in enumerate(zip(positions, symbols, strict=True), start=1):
        behind = line.split()[3:]
        flags = len(behind) > 2 and {word.strip(".").upper()[:1] for word in behind[:3]} <= {"T", "F"}
        written = (
            re.match(r"([A-Z][a-z]?)(?:_\w+|\d+)?$", (behind[3:] if flags else behind)[0])
            if behind[3 * flags :]
            else None
        )
        if written and written[1] in SYMBOLS and written[1] != isotope(symbol):
            raise StructureError(
                f"Position {number} is one of {symbol} by the numbers of atoms, but {written[1]} stands behind it."
            )


def _words(line: str) -> list[str]:
    """The words of `line` before a comment."""
    return re.split(r"[!#]", line, maxsplit=1)[0].split()


def _element(word: str) -> str:
    """The element, or isotope, of a symbol as VASP writes it: Cs, Cs_sv, Cs_sv/a4b1…, Br/0fc7…; others have CS."""
    symbol = re.split(r"[_/.:]", word, maxsplit=1)[0].capitalize()
    if isotope(symbol) not in SYMBOLS:
        raise StructureError(f"{_NOT_READ}: “{word}” is not an element.")
    return symbol


def _of_comment(comment: str, counts: list[str]) -> list[str]:
    """The elements of the formula in the first line, where its counts are those of the file or a whole part of them."""
    text = "".join(comment.split())
    tokens = re.findall(r"([A-Z][a-z]?)(\d{0,4})", text)
    symbols = [symbol for symbol, _ in tokens]
    formula = [int(count or 1) for _, count in tokens]
    given = [int(count) for count in counts if len(count) < 10]
    whole = "".join(symbol + count for symbol, count in tokens) == text and set(symbols) <= SYMBOLS
    if not (whole and tokens and 0 not in formula and len(formula) == len(given) == len(counts)):
        agrees = False
    else:
        times = given[0] // formula[0]
        agrees = times > 0 and [times * count for count in formula] == given
    if not agrees:
        raise StructureError(
            "The POSCAR has no line of element symbols, and its first line is no formula that agrees with the numbers"
            " of atoms: write the symbols above the numbers."
        )
    return symbols
