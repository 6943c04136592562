"""Writes frames of an analytic crystal in the layouts that other programs use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from ase import Atoms

SETTINGS = {"GGA": "PE", "ENMAX": "500.0", "IBRION": "0", "MDALGO": "1", "POTIM": "2.0", "TEBEG": "300", "TEEND": "300"}


def write_vasprun(path: Path, steps: list[Atoms], forces: np.ndarray, settings: dict[str, str] | None = None) -> None:
    """A vasprun.xml of molecular dynamics: T steps, and T + 2 blocks of positions as VASP writes them.

    The run starts at the first of `steps` and ends where the step after the last would be.
    """
    beyond = 2 * steps[-1].get_scaled_positions(wrap=False) - steps[-2].get_scaled_positions(wrap=False)
    atoms = "".join(f"<rc><c>{symbol:<2}</c><c>1</c></rc>" for symbol in steps[0].symbols)
    parameters = "".join(f'<i name="{key}">{value}</i>' for key, value in (SETTINGS | (settings or {})).items())
    parts = [
        '<?xml version="1.0" encoding="ISO-8859-1"?>\n<modeling>\n<generator><i name="program">vasp</i>',
        '<i name="version">6.3.2  20Jan23</i></generator>\n',
        f'<atominfo><atoms>{len(steps[0])}</atoms><array name="atoms"><set>{atoms}</set></array></atominfo>\n',
        f'<parameters><separator name="ionic md">{parameters}</separator></parameters>\n',
        f'<structure name="initialpos">{_structure(steps[0].cell, steps[0].get_scaled_positions())}</structure>\n',
    ]
    for number, (step, force) in enumerate(zip(steps, forces, strict=True)):
        parts.append(
            "<calculation>\n<scstep><energy><i name='e_fr_energy'>0.0</i></energy></scstep>\n"
            f"<structure>{_structure(step.cell, step.get_scaled_positions())}</structure>\n"
            f"{_rows('forces', force)}<energy><i name='e_fr_energy'>{-number:.8f}</i></energy>\n</calculation>\n"
        )
    parts.append(f'<structure name="finalpos">{_structure(steps[0].cell, beyond)}</structure>\n</modeling>\n')
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(parts), encoding="latin-1")


def _structure(cell: np.ndarray, scaled: np.ndarray) -> str:
    return f"<crystal>{_rows('basis', np.asarray(cell))}</crystal>{_rows('positions', scaled)}"


def _rows(name: str, values: np.ndarray) -> str:
    rows = "\n".join(f"<v> {x:.12f} {y:.12f} {z:.12f} </v>" for x, y, z in values)
    return f'<varray name="{name}">\n{rows}\n</varray>\n'
