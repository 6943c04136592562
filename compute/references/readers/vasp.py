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

from compute.references.readers import constants, vasprun
from compute.references.readers.source import Extras, crystal_in, in_order, name_of
from compute.structures.frames import NOT_STATED, Frames, FramesError, frames_from_positions
from compute.structures.sites import Crystal, minimum_image

# The first step of a segment lies one step from the last of the segment before; other starts lie far off.
_CONTINUES = 3.0
_FUNCTIONALS = {"PE": "PBE", "PS": "PBEsol", "RP": "RPBE", "91": "PW91", "CA": "LDA"}
_THERMOSTATS = {
    "1": "Andersen thermostat",
    "2": "Nosé–Hoover thermostat",
    "3": "Langevin thermostat",
    "4": "Nosé–Hoover chains",
    "5": "CSVR thermostat",
}


@dataclass(frozen=True, eq=False)
class _Segment:
    name: str
    run: vasprun.Run


def found(path: Path) -> bool:
    """Whether `path` is a vasprun file or a folder with production runs."""
    if path.is_file():
        return path.suffix == ".xml"
    return bool(_runs(path)) or ((path / "SPOSCAR").is_file() and (path / "MD").is_dir())


def read(path: Path, extras: Extras, skip: int, every: int) -> Frames:
    """The frames of `path`, without the first `skip` steps of each file and every `every`-th of the rest."""
    extras.refuse_first_is_ideal(path)
    files = [path] if path.is_file() else _runs(path)
    if not files:
        raise FramesError(f"{path} has SPOSCAR and a folder MD, but no MD/vasprun_prod_*.xml.")
    folder = path.parent if path.is_file() else path
    ideal_file = extras.ideal or folder / "SPOSCAR"
    if not ideal_file.is_file():
        raise FramesError(f"{folder} has no SPOSCAR, the ideal supercell: name a structure file of it instead.")
    ideal = crystal_in(ideal_file)
    runs = [vasprun.read(file) for file in files]
    notes = tuple(
        f"{file.name} ends before its run did: its {len(run.forces)} complete steps are used."
        for file, run in zip(files, runs, strict=True)
        if not run.complete
    )
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
    first = segments[0].run.settings
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
        method=_method(first),
        sampler=_sampler(first),
        temperature=temperature,
        notes=(*notes, *breaks, *ramps, *said),
    )


def _runs(folder: Path) -> list[Path]:
    return in_order(list((folder / "MD").glob("vasprun_prod*.xml")) or list(folder.glob("vasprun_prod*.xml")))


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
    return np.sqrt(np.square(minimum_image(np.diff(positions, axis=0), cell)).mean(axis=(1, 2)))


def _temperature(settings: list[Mapping[str, str]]) -> tuple[float | None, tuple[str, ...]]:
    targets = {float(each[key]) for each in settings for key in ("TEBEG", "TEEND") if each.get(key)}
    if len(targets) > 1:
        return None, (f"The target temperature runs from {min(targets):g} to {max(targets):g} K.",)
    return next((target for target in targets if target > 0), None), ()


def _method(settings: Mapping[str, str]) -> str:
    """Functional, program and cutoff as the run states them; the functional of "--" is that of the POTCAR."""
    gga, meta = settings.get("GGA", ""), settings.get("METAGGA", "--")
    functional = meta if meta.strip("- ") else _FUNCTIONALS.get(gga, f"GGA = {gga}" if gga.strip("- ") else "")
    if settings.get("LHFCALC", "F").startswith("T"):
        functional = f"hybrid of {functional or 'the POTCAR functional'}"
    dispersion = settings.get("IVDW", "0")
    parts = [
        functional or f"functional {NOT_STATED}",
        f"IVDW = {dispersion}" if dispersion not in ("0", "") else "",
        f"VASP {settings.get('version', '').split(' ')[0]}".strip(),
        f"{float(settings['ENMAX']):g} eV" if settings.get("ENMAX") else "",
    ]
    return ", ".join(part for part in parts if part)


def _sampler(settings: Mapping[str, str]) -> str:
    if settings.get("IBRION", "0") != "0":
        return f"VASP with IBRION = {settings['IBRION']}, not molecular dynamics"
    if settings.get("MDALGO", "0") == "0":
        thermostat = "NVE" if float(settings.get("SMASS", "-3")) <= -3 else "Nosé thermostat"
    else:
        thermostat = _THERMOSTATS.get(settings["MDALGO"], f"MDALGO = {settings['MDALGO']}")
    step = f", {float(settings['POTIM']):g} fs" if settings.get("POTIM") else ""
    return f"AIMD, {thermostat}{step}"
