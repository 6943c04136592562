"""extxyz, and ASE's traj and db: the ideal supercell is in a file of its own, or declared to be the first frame."""

from __future__ import annotations

import io
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from compute.references.readers import constants
from compute.references.readers.source import Extras, crystal_in, in_order, name_of
from compute.sentence import said_by
from compute.structures.frame_checks import refuse_unbalanced
from compute.structures.frames import NOT_STATED, Frames, frames_from_positions, joined
from compute.structures.sites import Crystal, FramesError
from compute.text import first_of, opened, text_of, unpacked, with_fortran_numbers

if TYPE_CHECKING:
    from ase import Atoms

_SUFFIXES = (".extxyz", ".xyz", ".traj")
_BINARY = {".traj": "traj", ".db": "db"}
# Where training sets keep forces that are not to be taken for a calculator's.
_ARRAYS = ("REF_forces", "dft_forces", "DFT_forces")
_TAKEN = ("forces", *_ARRAYS)
_SAME = 1e-6  # eV/Å; two sets of forces that differ by rounding are one
_OTHER_UNITS = re.compile(
    r"bohr|hartree|rydberg|\b(ha|ry|au)\b|\ba\.u\.|atomic|kcal|\bkj|\bmev\b|\bnm\b|newton", re.IGNORECASE
)
_IDEAL = ("SPOSCAR", "POSCAR")


def found(path: Path) -> bool:
    """Whether `path` is a trajectory or a folder of them."""
    return unpacked(path).suffix in (*_SUFFIXES, *_BINARY) if path.is_file() else bool(_files(path))


def read(path: Path, extras: Extras) -> Frames:
    """The frames of the file `path`, or of all trajectories in the folder `path`, each a seed of its own.

    The ideal structure is the one that the user named, else in a folder its SPOSCAR or POSCAR.
    Raises `FramesError` where there is none, and for frames without forces.
    """
    files = [path] if path.is_file() else _files(path)
    images = [_images(file) for file in files]
    ideal = _ideal(path, images[0][0], extras)
    first = 1 if extras.first_is_ideal else 0
    values, notes = (None, ()) if extras.force_constants is None else constants.read(extras.force_constants, ideal)
    # Only the first file starts with the ideal structure, where one does.
    starts = [first] + [0] * (len(files) - 1)
    parts = [
        _frames(file, found[start:], ideal, values, notes, extras.forces_key)
        for file, found, start in zip(files, images, starts, strict=True)
    ]
    frames = joined(parts)
    if first:
        with suppress(_NoForces):  # an ideal structure need not have them
            met = _forces(images[0][0], files[0].name, extras.forces_key)[1]
            refuse_unbalanced("The first frame, declared to be the ideal structure,", met, frames.forces)
    return frames


def _files(folder: Path) -> list[Path]:
    return in_order([file for file in folder.iterdir() if unpacked(file).suffix in _SUFFIXES])


def _images(file: Path) -> list[Atoms]:
    from ase.io import read as read_images

    if not file.stat().st_size:
        raise FramesError(f"{file.name} is empty.")
    kind = _BINARY.get(unpacked(file).suffix, "extxyz")
    if kind == "db" and file.suffix not in _BINARY:
        raise FramesError(f"{file.name} is a packed database, which is read where it lies: unpack it.")
    try:
        held = read_images(_source(file, kind), index=":", format=kind)
    except Exception as error:  # the boundary to the parsers of ASE, which raise whatever they meet
        raise FramesError(f"{file.name} cannot be read as {kind}: {said_by(error)}.") from error
    images = held if isinstance(held, list) else [held]
    if not images:
        raise FramesError(f"{file.name} is empty.")
    return images


def _source(file: Path, kind: str) -> Path | io.BytesIO | io.StringIO:
    if kind == "extxyz":
        return io.StringIO(_lines(text_of(file)))
    if file.suffix in _BINARY:
        return file
    with opened(file) as stream:
        return io.BytesIO(stream.read())


def _lines(text: str) -> str:
    """An extxyz file as ASE takes it, which ends at a blank line and knows one spelling of a key and no deuterium."""
    lines = with_fortran_numbers(text).split("\n")
    kept: list[str] = []
    at = 0
    while at < len(lines):
        count = lines[at].strip()
        if count:
            header = "".join(lines[at + 1 : at + 2])
            spelled = re.sub(r"(?<!\S)(lattice|properties)(?==)", lambda key: key[0].capitalize(), header, flags=re.I)
            atoms = int(count) if count.isdecimal() else 0  # what is no number of atoms, ASE refuses
            rows = (re.sub(r"^\s*[DT](?=\s)", "H", line) for line in lines[at + 2 : at + 2 + atoms])
            kept += [count, spelled, *rows]
            at += 1 + atoms
        at += 1
    return "\n".join(kept)


class _NoForces(FramesError):
    """A frame without the forces that are asked for."""


def _ideal(path: Path, first: Atoms, extras: Extras) -> Crystal:
    if extras.ideal is not None and extras.first_is_ideal:
        raise FramesError("Either a file holds the ideal structure or the first frame is it, not both.")
    if extras.first_is_ideal:
        return Crystal.of(first)
    if extras.ideal is not None:
        return crystal_in(extras.ideal)
    held = first_of(path, _IDEAL)
    if held is None:
        raise FramesError(
            f"{path.name} has no ideal structure: give the file of the ideal supercell, or declare that the first frame"
            " is it."
        )
    return crystal_in(held)


def _frames(
    file: Path,
    images: list[Atoms],
    ideal: Crystal,
    values: np.ndarray | None,
    notes: tuple[str, ...],
    forces_key: str | None,
) -> Frames:
    if not images:
        raise FramesError(f"{file.name} has no frame but the ideal structure.")
    sizes = [len(image) for image in images]
    if len(set(sizes)) > 1:
        raise FramesError(
            f"{file.name} holds frames of {min(sizes)} to {max(sizes)} atoms: they must be one supercell."
        )
    for number, image in enumerate(images, start=1):
        _refuse_other_units(image, f"{file.name}, frame {number}")
    keys, forces = zip(
        *(_forces(image, f"{file.name}, frame {number}", forces_key) for number, image in enumerate(images, start=1)),
        strict=True,
    )
    if len(set(keys)) > 1:
        raise FramesError(f"{file.name} holds forces as {' and '.join(sorted(set(keys)))}: choose with --forces-key.")
    energies = [_energy(image, keys[0]) for image in images]
    calculator = images[0].calc
    # A calculator gave what stands under `forces`; whose the others are is not said.
    name = getattr(calculator, "name", None) if keys[0] == "forces" else None
    return frames_from_positions(
        ideal.numbers,
        ideal.cell,
        ideal.positions,
        np.array([image.positions for image in images]),
        np.array(forces),
        frame_numbers=np.array([image.numbers for image in images]),
        frame_cells=np.array([image.cell.array for image in images]),
        force_constants=values,
        energies=np.array(energies, float) if np.isfinite(np.array(energies, float)).all() else None,
        source=name_of(file),
        method=NOT_STATED if name in (None, "unknown") else str(name),
        notes=notes,
    )


def _forces(image: Atoms, where: str, key: str | None) -> tuple[str, np.ndarray]:
    """Name and values of the forces as calculated, without what a constraint takes off them."""
    held = {name: values for name, values in image.arrays.items() if name not in ("numbers", "positions")}
    if image.calc is not None and "forces" in image.calc.results:
        held["forces"] = image.calc.results["forces"]
    there = ", ".join(held) or "positions only"
    if key is not None:
        if key not in held:
            raise _NoForces(f"{where} has no {key}, but {there}.")
        return key, _vectors(held[key], len(image), f"{where}: {key}")
    named = [name for name in _TAKEN if name in held]
    if not named:
        raise _NoForces(
            f"{where} has no forces, but {there}. Taken are {', '.join(_TAKEN)}, or what --forces-key names."
        )
    first = named[0]
    values = _vectors(held[first], len(image), f"{where}: {first}")
    # Forces under any other name may be those that are meant, and a model's stand under this one.
    others = [
        name for name in held if name != first and "force" in name.lower() and np.shape(held[name]) == values.shape
    ]
    for name in others:
        apart = float(np.abs(held[name] - values).max())
        if not apart < _SAME:
            raise FramesError(
                f"{where} has two sets of forces, {first} and {name}, that differ by up to {apart:.3g} eV/Å: choose"
                f" one, --forces-key {first} or --forces-key {name}."
            )
    return first, values


def _refuse_other_units(image: Atoms, where: str) -> None:
    """`FramesError` where the frame says that its numbers are in other units than eV and Å."""
    for name, value in image.info.items():
        if "unit" in name.lower() and _OTHER_UNITS.search(str(value)):
            raise FramesError(f"{where} states {name} = {value}: give positions in Å and forces in eV/Å.")


def _vectors(values: np.ndarray, atoms: int, what: str) -> np.ndarray:
    found = np.asarray(values)
    if found.shape != (atoms, 3) or found.dtype.kind not in "fiu":
        raise FramesError(f"{what} are no forces: {found.dtype} of shape {found.shape}, not ({atoms}, 3).")
    return found.astype(float)


def _energy(image: Atoms, forces_key: str) -> float | None:
    """The energy in eV that belongs to the forces of this name, None where there is none under the same name."""
    if forces_key == "forces":
        return None if image.calc is None else image.calc.results.get("energy")
    names = [forces_key.replace(plural, "energy") for plural in ("forces", "force") if plural in forces_key]
    found: Any = next((image.info[name] for name in names if name in image.info), None)
    single = bool(np.isscalar(found))  # which None is not
    return float(found) if single else None
