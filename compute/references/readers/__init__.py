"""Readers of reference frames: `read` chooses by what is there; one module for each layout."""

from __future__ import annotations

from pathlib import Path

from compute.references.readers import npz, phonopy_yaml, trajectory, vasp
from compute.references.readers.source import Extras
from compute.structures.frames import Frames
from compute.structures.sites import FramesError
from compute.text import unpacked

_ARCHIVES = (".zip", ".tar", ".tgz", ".7z", ".rar")
LAYOUTS = (
    "a folder with SPOSCAR and MD/vasprun_prod_*.xml; a vasprun.xml; a folder with phonopy_params.yaml or"
    " phonopy_disp.yaml, or such a file; a folder with *.extxyz or *.traj, or such a file or a .db; a .npz file."
    " gz, xz and bz2 are unpacked"
)


def read(
    path: Path | str,
    *,
    ideal: Path | str | None = None,
    first_is_ideal: bool = False,
    force_constants: Path | str | None = None,
    forces_key: str | None = None,
    skip: int = 0,
    every: int = 1,
) -> Frames:
    """The frames at `path`, in Å, eV and eV/Å.

    `ideal` is a structure file with the ideal supercell, for layouts that hold none; a trajectory may instead declare
    that its first frame is the ideal structure, which is then not counted as a frame. `force_constants` is a phonopy
    file (force_constants.hdf5, FORCE_CONSTANTS, FORCE_SETS or a yaml) that replaces what the layout holds. `forces_key`
    names the forces of a trajectory that are meant, where it holds several. The first `skip` steps of every trajectory
    file are left out, and of the rest every `every`-th is kept.
    Raises `FramesError`, which says what was looked for and what was found.
    """
    path = Path(path)
    if skip < 0 or every < 1:
        raise FramesError(f"skip must not be negative and every must be at least 1, not {skip} and {every}.")
    extras = Extras(
        ideal=None if ideal is None else Path(ideal),
        first_is_ideal=first_is_ideal,
        force_constants=None if force_constants is None else Path(force_constants),
        forces_key=forces_key,
    )
    if not path.exists():
        raise FramesError(f"{path} does not exist.")
    if vasp.found(path):
        # Each file of a run starts anew, so the first steps of each are left out, not of the run.
        return vasp.read(path, extras, skip, every)
    for layout in (npz, phonopy_yaml, trajectory):
        if layout.found(path):
            frames: Frames = layout.read(path, extras).thinned(skip, every)
            return frames
    if unpacked(path).suffix in _ARCHIVES:
        raise FramesError(f"{path.name} is an archive: unpack it, and give the file or folder that is in it.")
    held = ", ".join(sorted(entry.name for entry in path.iterdir())[:8]) if path.is_dir() else "a file of another kind"
    raise FramesError(f"{path} holds no frames that can be read, but {held or 'nothing'}. Readable are: {LAYOUTS}.")
