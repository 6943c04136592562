"""One potential on a file of reference frames: where its error of σ comes from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from compute.potentials.interface import EvaluationError, Potential
from compute.potentials.store import file_sha256
from compute.protocols import HARMONIC_PROTOCOLS, SamplingProtocol
from compute.references import readers
from compute.settings import frames_directory
from compute.stages import rows
from compute.stages.guard import SamplingError
from compute.stages.sampling import Progress, silent
from compute.stages.score import score
from compute.tasks.task import AttributionTask

Row = dict[str, Any]


def attribution_row(
    task: AttributionTask,
    potential: Potential,
    wrap: Callable[[Potential, str | None], Potential],
    report: Callable[[str], None],
    sampling: Progress,
) -> Row:
    """The row of `task`; `wrap`, `report` and `sampling` as of `Means`. Raises `ValueError` for other frames."""
    path = frames_directory() / f"{task.frames}.npz"
    if file_sha256(path) != task.frames_sha256:
        raise ValueError(f"this worker's reference frames {task.frames} differ from those asked for")
    protocol = task.protocol if isinstance(task.protocol, SamplingProtocol) else None
    watched = wrap(potential, "reference frames" if protocol is None else None)
    report("reference frames")
    return scored_row(path, watched, protocol, sampling)


def scored_row(path: Path, potential: Potential, protocol: SamplingProtocol | None, progress: Progress = silent) -> Row:
    """The row of `potential` on a file of reference frames, whose name starts with suite and compound.

    `progress` as of `sample`, while the potential samples frames of its own.
    """
    frames = readers.read(path)
    suite, compound = path.stem.split("-")[:2]
    displacement = HARMONIC_PROTOCOLS["reference-geometry"].displacement
    try:
        result = rows.attribution_row(
            score(frames, potential, displacement=displacement, protocol=protocol, progress=progress)
        )
    except SamplingError as error:
        result = rows.failed(error.status, str(error))
    except EvaluationError as error:
        result = rows.failed("not-described", str(error))
    return {
        "frames": path.stem,
        "suite": suite,
        "compound": compound,
        "potential": potential.id,
        "checkpoint_sha256": potential.checkpoint_sha256,
        "method": frames.method,
        "sampler": frames.sampler if frames.sampled_by is None else f"{frames.sampled_by}: {frames.sampler}",
        "temperature": frames.temperature,
        "n_atoms": len(frames.numbers),
        "n_frames": len(frames),
        "protocol": protocol and protocol.name,
        **result,
    }
