"""`softmode reference dft`: DFT of our own, with GPAW under another Python."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import Progress
from rich.table import Table

from compute.cli.common import AsJson, Data, err, one_sentence, out, print_json
from compute.settings import data_directory, var_directory
from compute.statistics.comparable import comparable
from compute.tables import read

if TYPE_CHECKING:
    from compute.dft.jobs import DftJob

app = typer.Typer(no_args_is_help=True, help="DFT of our own, with GPAW under another Python; resumable per point.")

Python = Annotated[str, typer.Option("--python", help="The Python that has GPAW and its PAW data sets.")]
FramesFolder = Annotated[Path, typer.Option("--frames", help="Folder of the reference frames.")]
WriteOnly = Annotated[bool, typer.Option("--write-only", help="Write the input files and stop.")]


@app.command("constants")
def constants(
    formula: Annotated[str, typer.Argument(help="An ABX3 halide of the suite.")],
    python: Python = "/usr/bin/python3",
    write_only: WriteOnly = False,
    data: Data = None,
) -> None:
    """Force constants of an ABX3 compound at its published lattice constant."""
    with one_sentence(ValueError, RuntimeError, OSError):
        from compute.dft import settings
        from compute.dft.plan import constants_job, with_cutoff

        compound, a = _published(formula, data)
        chosen = with_cutoff(settings.FORCE_CONSTANTS, compound.sites["X"])
        _run([constants_job(compound, a, chosen, _directory())], python, write_only)


@app.command("frames")
def frames(
    formula: Annotated[str, typer.Argument(help="An ABX3 halide of the suite.")],
    potential: Annotated[str, typer.Option(help="The potential that samples the frames.")],
    check: Annotated[bool, typer.Option("--check", help="The first frame again, with the full k mesh.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many frames.")] = None,
    python: Python = "/usr/bin/python3",
    write_only: WriteOnly = False,
    data: Data = None,
) -> None:
    """DFT forces on frames that a potential samples at 300 K."""
    with one_sentence(ValueError, RuntimeError, OSError):
        from compute.dft import settings
        from compute.dft.plan import frames_job, kept_frames, with_cutoff

        compound, a = _published(formula, data)
        chosen = with_cutoff(settings.FRAME_CHECK if check else settings.FRAMES, compound.sites["X"])
        found = kept_frames(compound, a, potential, _directory())
        _run([frames_job(found, compound, chosen, _directory())], python, write_only, 1 if check else limit)


@app.command("wells")
def wells(
    k: Annotated[int, typer.Option(min=1, help="k points along each axis of the ten-atom cell.")] = 2,
    cutoff_factor: Annotated[float, typer.Option(min=1, help="Multiplies the plane-wave cutoff.")] = 1.0,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many compounds.")] = None,
    anion: Annotated[str | None, typer.Option(help="Only compounds of this anion.")] = None,
    python: Python = "/usr/bin/python3",
    write_only: WriteOnly = False,
    data: Data = None,
) -> None:
    """Tilt wells of double perovskites at the geometry of the table `harmonic`."""
    with one_sentence(ValueError, RuntimeError, OSError):
        from compute.dft.plan import well_jobs

        directory = data or data_directory()
        jobs = well_jobs(
            read(directory, "references").to_pylist(),
            read(directory, "harmonic").to_pylist(),
            k,
            cutoff_factor,
            _directory(),
        )
        chosen = [job for _, job in jobs if anion is None or anion in job.structures[0].get_chemical_symbols()]
        _run(chosen[:limit], python, write_only)


@app.command("publish")
def publish(
    potential: Annotated[list[str], typer.Option(help="Potentials held against DFT; give it several times.")],
    sampled_by: Annotated[str, typer.Option(help="The potential that sampled the frames.")] = "chgnet-0.3.0",
    protocol: Annotated[
        str | None, typer.Option(help="Let the potentials sample frames of their own too: quick or converged.")
    ] = None,
    directory: FramesFolder = Path("data/frames"),
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Write what is finished: files of frames, and the tables `wells`, `dft_constants` and `attribution`."""
    with one_sentence(ValueError, RuntimeError, OSError):
        from compute.dft import results
        from compute.protocols import SAMPLING_PROTOCOLS

        if protocol not in (None, "quick", "converged"):
            raise ValueError(f"no protocol {protocol} here: it is quick or converged")
        published = data or data_directory()
        frames = results.write_frames(read(published, "references").to_pylist(), sampled_by, _directory(), directory)
        with Progress(console=err) as progress:
            bar = progress.add_task("", total=None)
            counts = results.publish(
                published,
                _directory(),
                sorted(directory.glob("*.npz")),
                potential,
                SAMPLING_PROTOCOLS[protocol] if protocol else None,
                lambda text: progress.update(bar, description=text),
            )
    result = {"written": [path.name for path in frames], **counts}
    if as_json:
        print_json(result)
    else:
        out.print(f"{len(frames)} files of frames in {directory}; rows of tables: {counts}.")


@app.command("summary")
def summary(directory: FramesFolder = Path("data/frames"), data: Data = None, as_json: AsJson = False) -> None:
    """The finished frames: ω and σ of our DFT beside the published ones."""
    with one_sentence(ValueError, RuntimeError, OSError):
        from compute.dft.results import compound_of, frames_summary

        references = read(data or data_directory(), "references").to_pylist()
        published = {(row["suite"], row["compound"]): row for row in references}
        files = sorted(directory.glob("*.npz"))
        found = [frames_summary(path, published[compound_of(path)]) for path in files]
    if as_json:
        print_json(found)
        return
    if not found:
        out.print(f"No frames in {directory}: softmode reference dft frames makes some.")
    for row in found:
        there = row["published"]
        grid = Table(row["frames"], "our DFT", "published")
        for key, name in {"gamma": "Γ, cut at 0", "r": "R", "m": "M", "x": "X"}.items():
            ours, theirs = (comparable(side[f"omega_{key}_thz"], "abx3", key) for side in (row, there))
            grid.add_row(f"ω {name} (THz)", f"{ours:+.2f}", f"{theirs:+.2f}")
        grid.add_row(f"σ ({row['n_frames']} frames of {row['sampled_by']})", f"{row['sigma']:.3f}", "")
        grid.add_row("σ (DFT's own frames)", "not computed", f"{there['sigma']:.3f}")
        out.print(grid)
        for note in row["notes"]:
            out.print(note)


def _run(jobs: list[DftJob], python: str, write_only: bool, first: int | None = None) -> None:
    """Run `jobs`, or the `first` so many structures of each."""
    counts = [min(len(job.structures), first or len(job.structures)) for job in jobs]
    with Progress(console=err) as progress:
        bar = progress.add_task("", total=sum(counts))
        before = 0
        for job, count in zip(jobs, counts, strict=True):
            progress.update(bar, description=job.folder.name)
            if write_only:
                job.write()
                out.print(str(job.folder))
            elif job.done < count:

                def told(done: int, before: int = before) -> None:
                    progress.update(bar, completed=before + done)

                job.run(python, told, count)
            before += count
            progress.update(bar, completed=before)


def _published(formula: str, data: Path | None) -> tuple[Any, float]:
    from compute.structures.compounds import identify

    rows = read(data or data_directory(), "references").to_pylist()
    published = {row["compound"]: row for row in rows if row["suite"] == "abx3"}
    compound = identify(formula, "abx3", published.keys())
    if compound.formula not in published:
        raise ValueError(f"{compound.formula} is not in suite abx3, so it has no published lattice constant")
    return compound, published[compound.formula]["lattice_constant"]


def _directory() -> Path:
    return var_directory() / "dft"
