"""Frames in one compressed npz file: our own layout, and others whose names say what they hold.

Own layout: the fields of `Frames` by name, absent where they are None. Units are Å, eV, eV/Å, eV/Å² and K in any.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from compute.references.readers import constants
from compute.references.readers.source import Extras, crystal_in, name_of
from compute.sentence import said_by
from compute.structures.frames import CELL_TOLERANCE, Frames, frames_from_positions
from compute.structures.sites import Crystal, FramesError, minimum_image

_ALIASES = {
    "numbers": ("atomic_numbers", "Z"),
    "cell": ("lattice",),
    "ideal": ("positions_reference", "reference_positions", "ideal_positions"),
    "positions": (),
    "displacements": (),
    "forces": (),
    "force_constants": ("fc", "hessian"),
    "energies": ("energy",),
    "seeds": ("seed",),
}
_NUMBERS = {"temperature", "temperatures", *_ALIASES, *(other for also in _ALIASES.values() for other in also)}
_OWN = {"numbers", "cell", "ideal", "displacements", "forces", "seeds", "source", "method", "sampler"}


def found(path: Path) -> bool:
    """Whether `path` is an npz file."""
    return path.is_file() and path.suffix == ".npz"


def write_npz(frames: Frames, path: Path) -> None:
    """Write `frames` to the .npz file `path`, compressed and without pickle; an existing file is replaced at once."""
    held = {field.name: getattr(frames, field.name) for field in fields(frames)}
    arrays: dict[str, Any] = {name: np.asarray(value) for name, value in held.items() if value is not None}
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        np.savez_compressed(file, **arrays)
    os.replace(part, path)


def read(path: Path, extras: Extras) -> Frames:
    """The frames in `path`. Raises `FramesError` naming what is missing or of the wrong shape."""
    extras.refuse_of_trajectories(path)
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (ValueError, OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise FramesError(f"{path.name} cannot be read as npz without pickled objects: {said_by(error)}.") from error
    for name in _NUMBERS & arrays.keys():
        if arrays[name].dtype.kind not in "fiu":
            raise FramesError(f"{path.name}: {name} holds {arrays[name].dtype}, not real numbers.")
    if extras == Extras() and arrays.keys() >= _OWN:
        kept = {field.name: arrays[field.name] for field in fields(Frames) if field.name in arrays}
        return Frames(**(kept | _provenance(path, arrays)))
    return _mapped(path, arrays, extras)


def _mapped(path: Path, arrays: dict[str, np.ndarray], extras: Extras) -> Frames:
    taken = {name: next((key for key in (name, *also) if key in arrays), None) for name, also in _ALIASES.items()}
    held = {name: arrays[key] for name, key in taken.items() if key is not None}
    own = Crystal(held["numbers"], held["cell"], held["ideal"]) if {"numbers", "cell", "ideal"} <= held.keys() else None
    ideal = own if extras.ideal is None else crystal_in(extras.ideal)
    start = own or ideal
    missing = [] if start else [name for name in ("numbers", "cell", "ideal") if name not in held]
    missing += [] if {"positions", "displacements"} & held.keys() else ["positions or displacements"]
    missing += [] if "forces" in held else ["forces"]
    if ideal is None or start is None or missing:
        raise FramesError(f"{path.name} has no {', no '.join(missing)}; it holds {', '.join(arrays) or 'nothing'}.")
    values = held.get("force_constants")
    notes: tuple[str, ...] = ()
    if extras.force_constants is not None:
        values, notes = constants.read(extras.force_constants, ideal)
    elif values is not None and values.ndim == 2:
        values = values.reshape(len(values) // 3, 3, len(values) // 3, 3).transpose(0, 2, 1, 3)
    provenance = _provenance(path, arrays)
    unread = [name for name in arrays if name not in (*taken.values(), *provenance, "temperatures")]
    said = (f"Not read: {', '.join(unread)}.",) if unread else ()
    return frames_from_positions(
        ideal.numbers,
        ideal.cell,
        ideal.positions,
        _positions(path, start, held),
        held["forces"],
        frame_numbers=held.get("numbers"),
        frame_cells=held.get("cell"),
        force_constants=values,
        force_constants_crystal=None if extras.force_constants else start,
        energies=held.get("energies"),
        seeds=held.get("seeds"),
        **(provenance | {"notes": (*provenance["notes"], *notes, *said)}),
    )


def _positions(path: Path, start: Crystal, held: dict[str, np.ndarray]) -> np.ndarray:
    """Positions (T, N, 3) in Å; where displacements are there too, both must say the same."""
    if "displacements" not in held:
        return held["positions"]
    moved = held["displacements"]
    if moved.ndim != 3 or moved.shape[1:] != start.positions.shape:
        raise FramesError(f"{path.name}: the displacements have shape {moved.shape}, not (T, {len(start.numbers)}, 3).")
    positions: np.ndarray = start.positions + moved
    if "positions" in held:
        same = held["positions"].shape == positions.shape
        apart = np.abs(minimum_image(held["positions"] - positions, start.cell)).max() if same else np.inf
        if not apart < CELL_TOLERANCE:
            raise FramesError(
                f"{path.name}: positions and displacements from the ideal structure contradict each other."
            )
    return positions


def _provenance(path: Path, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """What the archive says of its origin; the mean where it has a temperature for each frame."""
    found: dict[str, Any] = {name: str(arrays[name]) for name in ("method", "sampler", "sampled_by") if name in arrays}
    found["source"] = str(arrays["source"]) if "source" in arrays else name_of(path)
    found["notes"] = tuple(str(note) for note in arrays.get("notes", ()))
    temperature = arrays.get("temperature", arrays.get("temperatures"))
    if temperature is not None:
        found["temperature"] = float(np.mean(temperature))
        if temperature.size > 1:
            note = f"{path.name} holds {temperature.size} temperatures, {found['temperature']:.1f} K on average."
            found["notes"] = (*found["notes"], note)
    return found
