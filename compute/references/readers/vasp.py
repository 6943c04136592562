"""Molecular dynamics with VASP: SPOSCAR, force_constants.hdf5 or FORCE_SETS, and MD/vasprun_prod_*.xml.

This is how the authors of the halide double perovskite benchmark (doi:10.1039/d5cp04693a) keep a compound. The
numbered files are consecutive segments of one trajectory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from compute.references.readers import constants, vasp_settings, vasprun
from compute.references.readers.source import Extras, crystal_in, in_order, name_of
from compute.structures.frames import Frames, frames_from_positions
from compute.structures.sites import Crystal, FramesError, minimum_image
from compute.text import first_of, unpacked

# The first step of a segment lies one step from the last of the segment before; other starts lie far off.
_CONTINUES = 3.0
_NELM = 60  # VASP's own, where the file says none


@dataclass(frozen=True, eq=False)
class _Segment:
    name: str
    run: vasprun.Run


def found(path: Path) -> bool:
    """Whether `path` is a vasprun file or a folder with production runs."""
    if path.is_file():
        return unpacked(path).suffix == ".xml"
    return bool(_runs(path)) or (first_of(path, ["SPOSCAR"]) is not None and (path / "MD").is_dir())


def read(path: Path, extras: Extras, skip: int, every: int) -> Frames:
    """The frames of `path`, without the first `skip` steps of each file and every `every`-th of the rest."""
    extras.refuse_of_trajectories(path)
    files = [path] if path.is_file() else _runs(path)
    if not files:
        raise FramesError(f"{path} has SPOSCAR and a folder MD, but no MD/vasprun_prod_*.xml.")
    folder = path.parent if path.is_file() else path
    ideal_file = extras.ideal or first_of(folder, ["SPOSCAR"])
    if ideal_file is None:
        raise FramesError(f"{folder} has no SPOSCAR, the ideal supercell: name a structure file of it instead.")
    ideal = crystal_in(ideal_file)
    runs = [vasprun.read(file) for file in files]
    notes = tuple(
        f"{file.name} ends before its run did: its {len(run.forces)} complete steps are used."
        for file, run in zip(files, runs, strict=True)
        if not run.complete
    )
    notes += tuple(dict.fromkeys(note for run in runs for note in run.notes))
    segments = [_Segment(file.name, run) for file, run in zip(files, runs, strict=True) if len(run.forces)]
    if not segments:
        raise FramesError(f"{', '.join(file.name for file in files)}: no complete step.")
    for segment in segments[1:]:
        if not np.array_equal(segment.run.numbers, segments[0].run.numbers):
            raise FramesError(f"{segment.name} lists other atoms, or in another order, than {segments[0].name}.")
    seeds, breaks = _seeds(segments)
    kept = [np.arange(len(segment.run.forces))[skip::every] for segment in segments]
    if not sum(map(len, kept)):
        raise FramesError(f"No frames are left after the first {skip} steps of each file.")
    for segment in segments:
        vasp_settings.refuse_learned(segment.run.settings, segment.name)
    methods = {vasp_settings.method(segment.run): segment.name for segment in segments[::-1]}
    if len(methods) > 1:
        differ = "; ".join(f"{name}: {method}" for method, name in methods.items())
        raise FramesError(f"The files of {path.name} are not of one run ({differ}).")
    first = segments[0].run
    temperature, ramps = _temperature([segment.run.settings for segment in segments])
    stored, said = _force_constants(folder, ideal, extras)
    energies = np.concatenate([s.run.energies.ravel()[k] for s, k in zip(segments, kept, strict=True)])
    return frames_from_positions(
        ideal.numbers,
        ideal.cell,
        ideal.positions,
        np.concatenate([s.run.positions[k] for s, k in zip(segments, kept, strict=True)]),
        np.concatenate([s.run.forces[k] for s, k in zip(segments, kept, strict=True)]),
        frame_numbers=segments[0].run.numbers,
        frame_cells=np.concatenate([s.run.cells[k] for s, k in zip(segments, kept, strict=True)]),
        force_constants=stored,
        energies=energies if np.isfinite(energies).all() else None,
        seeds=np.repeat(seeds, [len(k) for k in kept]),
        source=name_of(path) if path.is_file() else f"{name_of(path)}/MD/{files[0].name}" + " …" * (len(files) > 1),
        method=vasp_settings.method(first),
        sampler=vasp_settings.sampler(first.settings),
        temperature=temperature,
        notes=(*notes, *_unconverged(segments), *breaks, *ramps, *said),
    )


def _runs(folder: Path) -> list[Path]:
    for place in (folder / "MD", folder):
        if runs := [path for path in place.glob("vasprun_prod*") if unpacked(path).suffix == ".xml"]:
            return in_order(runs)
    return []


def _force_constants(folder: Path, ideal: Crystal, extras: Extras) -> tuple[np.ndarray | None, tuple[str, ...]]:
    file = extras.force_constants or constants.in_folder(folder)
    if file is None:
        return None, (f"No force constants: none of {', '.join(constants.FILES)} is there.",)
    return constants.read(file, ideal)


def _seeds(segments: list[_Segment]) -> tuple[list[int], tuple[str, ...]]:
    """The trajectory that each segment belongs to, and a sentence for each that does not continue the one before."""
    seeds, notes = [0], []
    for before, after in pairwise(segments):
        cell = before.run.cells[-1]
        joint = np.stack([before.run.positions[-1], after.run.positions[0]])
        steps = [_steps(before.run.positions, cell), _steps(after.run.positions, cell)]
        usual = max((float(found.max()) for found in steps if len(found)), default=np.inf)
        broken = _steps(joint, cell)[0] > _CONTINUES * usual
        seeds.append(seeds[-1] + int(broken))
        if broken:
            notes.append(f"{after.name} does not continue {before.name}: it counts as another trajectory.")
    return seeds, tuple(notes)


def _steps(positions: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """Root mean square displacement (T − 1,) in Å from each step to the next."""
    return np.asarray(np.sqrt(np.square(minimum_image(np.diff(positions, axis=0), cell)).mean(axis=(1, 2))))


def _temperature(settings: list[Mapping[str, str]]) -> tuple[float | None, tuple[str, ...]]:
    stated = (vasp_settings.number(each, key) for each in settings for key in ("TEBEG", "TEEND"))
    targets = {target for target in stated if target is not None}
    if len(targets) > 1:
        return None, (f"The target temperature runs from {min(targets):g} to {max(targets):g} K.",)
    return next((target for target in targets if target > 0), None), ()


def _unconverged(segments: list[_Segment]) -> tuple[str, ...]:
    """A sentence where steps took as many electronic steps as they may: nothing says that those converged."""
    limits = [int(vasp_settings.number(segment.run.settings, "NELM") or _NELM) for segment in segments]
    counts = [segment.run.electronic_steps for segment in segments]
    ended = sum(int((count >= limit).sum()) for count, limit in zip(counts, limits, strict=True) if limit > 1)
    if not ended:
        return ()
    return (
        f"{ended} of {sum(map(len, counts))} steps ended at NELM = {max(limits)} electronic steps, and so without"
        " convergence of the electrons as far as the file says: their forces may be wrong.",
    )
