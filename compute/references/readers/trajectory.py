"""extxyz and ASE .traj files: the ideal supercell is in a file of its own, or declared to be the first frame."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from compute.references.readers import constants
from compute.references.readers.source import Extras, crystal_in, in_order, name_of
from compute.structures.frames import NOT_STATED, Frames, FramesError, frames_from_positions, joined
from compute.structures.sites import Crystal

if TYPE_CHECKING:
    from ase import Atoms

_SUFFIXES = (".extxyz", ".xyz", ".traj")
# Where training sets keep forces that are not to be taken for a calculator's.
_ARRAYS = ("REF_forces", "dft_forces", "DFT_forces")
_IDEAL = ("SPOSCAR", "POSCAR")


def found(path: Path) -> bool:
    """Whether `path` is a trajectory or a folder of them."""
    return path.suffix in _SUFFIXES if path.is_file() else bool(_files(path))


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
        _frames(file, found[start:], ideal, values, notes)
        for file, found, start in zip(files, images, starts, strict=True)
    ]
    return joined(parts)


def _files(folder: Path) -> list[Path]:
    return in_order([file for file in folder.iterdir() if file.suffix in _SUFFIXES])


def _images(file: Path) -> list[Atoms]:
    from ase.io import read as read_images
    from ase.io.formats import UnknownFileTypeError

    kind = "traj" if file.suffix == ".traj" else "extxyz"
    try:
        images = read_images(file, index=":", format=kind)
    except (UnknownFileTypeError, ValueError, KeyError, IndexError, OSError) as error:
        raise FramesError(f"{file.name} cannot be read as {kind}: {type(error).__name__} {error}.") from error
    if not images:
        raise FramesError(f"{file.name} is empty.")
    return images


def _ideal(path: Path, first: Atoms, extras: Extras) -> Crystal:
    if extras.ideal is not None and extras.first_is_ideal:
        raise FramesError("Either a file holds the ideal structure or the first frame is it, not both.")
    if extras.first_is_ideal:
        return Crystal.of(first)
    if extras.ideal is not None:
        return crystal_in(extras.ideal)
    held = [path / name for name in _IDEAL if (path / name).is_file()]
    if not held:
        raise FramesError(
            f"{path.name} has no ideal structure: give the file of the ideal supercell, or declare that the first frame"
            " is it."
        )
    return crystal_in(held[0])


def _frames(
    file: Path, images: list[Atoms], ideal: Crystal, values: np.ndarray | None, notes: tuple[str, ...]
) -> Frames:
    if not images:
        raise FramesError(f"{file.name} has no frame but the ideal structure.")
    sizes = [len(image) for image in images]
    if len(set(sizes)) > 1:
        raise FramesError(
            f"{file.name} holds frames of {min(sizes)} to {max(sizes)} atoms: they must be one supercell."
        )
    energies = [None if image.calc is None else image.calc.results.get("energy") for image in images]
    calculator = images[0].calc
    name = None if calculator is None else getattr(calculator, "name", None)
    return frames_from_positions(
        ideal.numbers,
        ideal.cell,
        ideal.positions,
        np.array([image.positions for image in images]),
        np.array([_forces(image, f"{file.name}, frame {number}") for number, image in enumerate(images, start=1)]),
        frame_numbers=np.array([image.numbers for image in images]),
        frame_cells=np.array([image.cell.array for image in images]),
        force_constants=values,
        energies=None if any(energy is None for energy in energies) else np.array(energies, float),
        source=name_of(file),
        method=NOT_STATED if name in (None, "unknown") else str(name),
        notes=notes,
    )


def _forces(image: Atoms, where: str) -> np.ndarray:
    """Forces as calculated, without what a constraint takes off them."""
    if image.calc is not None and "forces" in image.calc.results:
        return np.asarray(image.calc.results["forces"])
    named = [name for name in _ARRAYS if name in image.arrays]
    if len(named) == 1:
        return np.asarray(image.arrays[named[0]])
    held = ", ".join(name for name in image.arrays if name not in ("numbers", "positions")) or "positions only"
    raise FramesError(f"{where} has no forces, but {held}.")
