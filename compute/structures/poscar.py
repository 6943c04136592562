"""The crystal in a POSCAR or CONTCAR file of VASP: with element symbols, or a formula that its counts agree with."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from compute.sentence import said_by
from compute.structures.formula import SYMBOLS
from compute.structures.sites import StructureError

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
    _refuse_no_numbers(lines)
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
    modes = 2 if "".join(lines[start : start + 1]).strip()[:1].lower() == "s" else 1
    positions = lines[start + modes : start + modes + total]
    held = next((i for i, line in enumerate(positions) if not line.strip()), len(positions))
    if held < total:
        raise StructureError(f"The file ends after {held} of its {total} positions.")
    _refuse_other_names(
        positions, [symbol for symbol, count in zip(symbols, counts, strict=True) for _ in range(int(count))]
    )
    # What follows the positions, velocities say, is not needed.
    head = [lines[0], *lines[1:5], " ".join(symbols), " ".join(counts), *lines[start : start + modes]]
    return _atoms("\n".join([*head, *positions]) + "\n")


def _atoms(text: str) -> Atoms:
    from ase.io.vasp import read_vasp

    try:
        atoms: Atoms = read_vasp(io.StringIO(text))
    except Exception as error:  # the boundary to a parser, which raises whatever it meets
        raise StructureError(f"{_NOT_READ}: {said_by(error).rstrip('.')}.") from error
    atoms.set_constraint()
    return atoms


def _refuse_no_numbers(lines: list[str]) -> None:
    for line in lines[1:5]:
        words = _words(line)
        try:
            numbers = [float(word) for word in words[:3]]
        except ValueError:
            numbers = []
        scale = line is lines[1]
        if len(numbers) not in ((1, 3) if scale else (3,)) or (scale and 0 in numbers):
            raise StructureError(f"{_NOT_READ}: “{line.strip()[:60]}” is no line of its cell.")


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
        if written and written[1] in SYMBOLS and written[1] != symbol:
            raise StructureError(
                f"Position {number} is one of {symbol} by the numbers of atoms, but {written[1]} stands behind it."
            )


def _words(line: str) -> list[str]:
    """The words of `line` before a comment."""
    return re.split(r"[!#]", line, maxsplit=1)[0].split()


def _element(word: str) -> str:
    """The element of a symbol as VASP writes it: Cs, Cs_sv, Cs_sv/a4b1…, Br/0fc7…."""
    symbol = re.split(r"[_/.:]", word, maxsplit=1)[0]
    if symbol not in SYMBOLS:
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
