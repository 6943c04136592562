"""`softmode frames`: reference frames in files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import Progress
from rich.table import Table

from compute.cli.common import AsJson, Data, err, fail, one_sentence, out, print_json
from compute.settings import data_directory

if TYPE_CHECKING:
    from compute.structures.frames import Frames

app = typer.Typer(no_args_is_help=True, help="Reference frames: displacements and the forces they meet.")

Source = Annotated[
    Path,
    typer.Argument(
        help="A folder with SPOSCAR and MD/vasprun_prod_*.xml, with a phonopy yaml, or with trajectories; or one file:"
        " vasprun.xml, .yaml, .extxyz, .traj, .npz."
    ),
]
Ideal = Annotated[Path | None, typer.Option("--ideal", help="Structure file of the ideal supercell.")]
FirstIsIdeal = Annotated[
    bool, typer.Option("--first-is-ideal", help="The first frame of the trajectory is the ideal supercell.")
]
Constants = Annotated[
    Path | None,
    typer.Option("--force-constants", help="force_constants.hdf5, FORCE_CONSTANTS, FORCE_SETS or phonopy yaml."),
]
ForcesKey = Annotated[
    str | None,
    typer.Option("--forces-key", help="Name of the forces in an extxyz or traj file, where it holds several."),
]
# Columns of the table attribution by their beginning, and what a reader calls them.
_PARTS = {
    "corner_": "σ\\[{}]",
    "path_": "published path: {}",
    "virial_ratio": "virial ratio −⟨F·u⟩/3(N−1)kT{}",
    "shapley_f": "Shapley value: f{}",
    "shapley_h": "Shapley value: h{}",
    "shapley_s": "Shapley value: s{}",
    "interaction_": "interaction: {}",
    "total": "σ\\[mmm] − σ\\[rrr]{}",
    "slope": "softening slope{}",
    "sigma_rescaled": "σ of forces rescaled by 1/slope{}",
    "force_rmse": "RMSE of forces (eV/Å){}",
    "force_error": "relative error of forces{}",
    "constants_error": "relative error of force constants{}",
    "amplification": "amplification in the Hessian{}",
    "sigma_reweighted": "σ reweighted to the reference's ensemble{}",
    "effective_frames": "effective frames of that{}",
}
_NAMES = {
    "path_forces_hessian": "forces and Hessian, net",
    "force_error_residual": "relative error of forces / slope",
}
_FEW = 20

Skip = Annotated[int, typer.Option("--skip", min=0, help="Leave out the first N steps of every trajectory file.")]
Every = Annotated[int, typer.Option("--every", min=1, help="Of the rest, keep every N-th.")]


@app.command("info")
def info(
    path: Source,
    ideal: Ideal = None,
    first_is_ideal: FirstIsIdeal = False,
    force_constants: Constants = None,
    forces_key: ForcesKey = None,
    skip: Skip = 0,
    every: Every = 1,
    as_json: AsJson = False,
) -> None:
    """What was read, and σ where the force constants are there."""
    with one_sentence(ValueError, OSError):
        from compute.references.readers import read

        result = _described(
            read(
                path,
                ideal=ideal,
                first_is_ideal=first_is_ideal,
                force_constants=force_constants,
                forces_key=forces_key,
                skip=skip,
                every=every,
            )
        )
    if as_json:
        print_json(result)
    else:
        _print(result)


@app.command("convert")
def convert(
    path: Source,
    to: Annotated[Path, typer.Argument(metavar="OUT.npz", help="File to write; it is replaced if it exists.")],
    ideal: Ideal = None,
    first_is_ideal: FirstIsIdeal = False,
    force_constants: Constants = None,
    forces_key: ForcesKey = None,
    skip: Skip = 0,
    every: Every = 1,
    method: Annotated[str | None, typer.Option(help="What gave the forces: “PBE, VASP”.")] = None,
    sampler: Annotated[str | None, typer.Option(help="What the frames are a sample of: “AIMD”.")] = None,
    temperature: Annotated[float | None, typer.Option(help="Temperature of the sample in K.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write the frames, with their force constants and origin, to one npz file."""
    if to.suffix != ".npz":
        fail(f"{to} must end in .npz.")
    if to.exists() and path.exists() and to.samefile(path):
        fail("The file to write is the file to read.")
    stated: dict[str, Any] = {"method": method, "sampler": sampler, "temperature": temperature}
    with one_sentence(ValueError, OSError):
        from dataclasses import replace

        from compute.references.readers import read
        from compute.references.readers.npz import write_npz

        frames = read(
            path,
            ideal=ideal,
            first_is_ideal=first_is_ideal,
            force_constants=force_constants,
            forces_key=forces_key,
            skip=skip,
            every=every,
        )
        frames = replace(frames, **{name: value for name, value in stated.items() if value is not None})
        write_npz(frames, to)
    if as_json:
        print_json({"written": str(to), "frames": len(frames), "atoms": len(frames.numbers), "notes": [*frames.notes]})
        return
    out.print(f"{len(frames)} frames of {len(frames.numbers)} atoms in {to}.", markup=False, soft_wrap=True)
    for note in frames.notes:
        out.print(f"Note: {note}", markup=False, soft_wrap=True)


@app.command("score")
def score(
    path: Source,
    potential: Annotated[str, typer.Option(help="As listed by: softmode potentials list.")],
    protocol: Annotated[
        str | None,
        typer.Option(help="Let the potential sample frames of its own too: quick or converged. Default: it does not."),
    ] = None,
    ideal: Ideal = None,
    first_is_ideal: FirstIsIdeal = False,
    force_constants: Constants = None,
    forces_key: ForcesKey = None,
    skip: Skip = 0,
    every: Every = 1,
    seed: Annotated[int, typer.Option(help="Of the potential's own frames.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Where the error of a potential's σ comes from: its forces, its force constants, or its own frames."""
    if protocol not in (None, "quick", "converged"):
        fail(f"No protocol {protocol} here: it is quick or converged.")
    with one_sentence(ValueError, RuntimeError, OSError):
        from compute.potentials.load import load
        from compute.protocols import HARMONIC_PROTOCOLS, SAMPLING_PROTOCOLS
        from compute.references.readers import read
        from compute.stages.rows import attribution_row
        from compute.stages.score import score as scored

        frames = read(
            path,
            ideal=ideal,
            first_is_ideal=first_is_ideal,
            force_constants=force_constants,
            forces_key=forces_key,
            skip=skip,
            every=every,
        )
        harmonic = HARMONIC_PROTOCOLS["reference-geometry"]
        loaded = load(potential, dtype=harmonic.dtype)
        with Progress(console=err, transient=True, disable=protocol is None) as progress:
            bar = progress.add_task(f"frames of {potential}", total=None)
            found = scored(
                frames,
                loaded,
                displacement=harmonic.displacement,
                protocol=None if protocol is None else SAMPLING_PROTOCOLS[protocol],
                seed=seed,
                progress=lambda done, planned, sigma, error: progress.update(bar, completed=done, total=planned),
            )
    result = {
        **{key: value for key, value in _described(frames).items() if not key.startswith(("sigma", "virial"))},
        "potential": potential,
        "checkpoint_sha256": loaded.checkpoint_sha256,
        "displacement": harmonic.displacement,
        "dtype": loaded.dtype,
        "protocol": protocol,
        **attribution_row(found),
        "missing": dict(found.attribution.missing),
        "sigma_by_element": found.sigma_by_element,
    }
    if as_json:
        print_json(result)
    else:
        _print_score(result)


@app.command("publish")
def publish(
    potential: Annotated[
        list[str] | None,
        typer.Option(help="May be repeated. Default: every potential whose weights are on this machine."),
    ] = None,
    directory: Annotated[Path, typer.Option("--frames", help="Folder of npz files.")] = Path("data/frames"),
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Score potentials on all files of frames, named suite-compound-method.npz, and publish the table `attribution`."""
    with one_sentence(ValueError, RuntimeError, OSError):
        from compute.dft.results import publish_attribution
        from compute.potentials import store
        from compute.potentials.load import load

        files = sorted(directory.glob("*.npz"))
        if not files:
            fail(f"No npz files in {directory}.")
        ids = potential or [row["potential"] for row in store.rows() if store.locate(row["potential"]).path.is_file()]
        loaded = [load(name, dtype="float64") for name in ids]
        with Progress(console=err, transient=True) as progress:
            bar = progress.add_task("", total=len(files) * len(loaded))
            n = publish_attribution(
                data or data_directory(),
                files,
                loaded,
                None,
                lambda text: progress.update(bar, advance=1, description=text),
            )
    if as_json:
        print_json({"potentials": ids, "frames": [path.stem for path in files], "rows": n})
    else:
        out.print(f"{n} rows: {', '.join(ids)} on {len(files)} sets of frames.")


def _print_score(result: dict[str, Any]) -> None:
    out.print(f"[bold]{result['formula']}[/bold]  {result['frames']} frames, {result['atoms']} atoms", end="; ")
    out.print(f"reference {result['method']} ({result['sampler']}), model {result['potential']}", markup=False)
    grid = Table("quantity", "value", "standard error")
    for prefix, name in _PARTS.items():
        for key in (key for key in result if key.startswith(prefix) and not key.endswith("_se")):
            value, se = result[key], result.get(f"{key}_se")
            if value is not None:
                grid.add_row(_NAMES.get(key, name.format(key.removeprefix(prefix))), f"{value:+.4f}", _number(se))
    out.print(grid)
    columns = (result[name] for name in ("elements", "element_slopes", "element_force_errors"))
    said = "; ".join(f"{name} {slope:.3f} ({error:.3f})" for name, slope, error in zip(*columns, strict=True))
    out.print(f"Softening slope, and relative error of forces, by element: {said}.")
    out.print(
        "Corners: frames, forces and force constants, each of the reference (r) or the model (m); frames of another"
        f" sampler are s. These frames: {result['frames_of']}."
    )
    if result["frames"] < _FEW:
        out.print(f"{result['frames']} frames are few: a standard error from them is itself uncertain.")
    for corner, needs in result["missing"].items():
        out.print(f"σ[{corner}] is not computed: it takes {needs}.", markup=False)
    for note in result["notes"]:
        out.print(f"Note: {note}", markup=False, soft_wrap=True)


def _described(frames: Frames) -> dict[str, Any]:
    return {
        "source": frames.source,
        "formula": frames.ideal_atoms().get_chemical_formula(),
        "atoms": len(frames.numbers),
        "frames": len(frames),
        "seeds": len(set(frames.seeds.tolist())),
        "temperature": frames.temperature,
        "method": frames.method,
        "sampler": frames.sampler,
        "sampled_by": frames.sampled_by,
        "energies": frames.energies is not None,
        "force_constants": frames.force_constants is not None,
        **_sigmas(frames),
        "virial_ratio": _virial(frames),
        "notes": [*frames.notes],
    }


def _virial(frames: Frames) -> float | None:
    """Mean virial ratio of the forces; None without a temperature."""
    from compute.physics.thermal import virial_ratio, without_drift

    u = without_drift(frames.displacements, frames.ideal_atoms().get_masses())
    return frames.temperature and float(virial_ratio(frames.forces, u, frames.temperature).mean())


def _sigmas(frames: Frames) -> dict[str, Any]:
    """σ in its forms, None where it is not defined: without force constants, and where no force acts."""
    import math

    from compute.physics import anharmonicity

    if frames.force_constants is None:
        return dict.fromkeys(("sigma", "sigma_se", "sigma_frame_mean", "sigma_by_element"))
    anharmonic = anharmonicity.anharmonic_forces(frames.forces, frames.displacements, frames.force_constants)
    by_element = anharmonicity.sigma_by_label(frames.forces, anharmonic, frames.symbols)

    def defined(value: float) -> float | None:
        return value if math.isfinite(value) else None

    return {
        "sigma": defined(anharmonicity.sigma_pooled(frames.forces, anharmonic)),
        "sigma_se": defined(anharmonicity.standard_error(frames.forces, anharmonic, frames.seeds)),
        "sigma_frame_mean": defined(anharmonicity.sigma_frame_mean(frames.forces, anharmonic)),
        "sigma_by_element": {element: defined(value) for element, value in by_element.items()},
    }


def _print(result: dict[str, Any]) -> None:
    temperature = "not stated" if result["temperature"] is None else f"{result['temperature']:.1f} K"
    seeds = f" in {result['seeds']} trajectories" if result["seeds"] > 1 else ""
    out.print(f"[bold]{result['formula']}[/bold]  {result['frames']} frames{seeds}, {result['atoms']} atoms")
    out.print(
        f"Source: {result['source']}. Forces: {result['method']}. Sample: {result['sampler']}.",
        markup=False,
        soft_wrap=True,
    )
    out.print(f"Temperature: {temperature}. Energies: {'yes' if result['energies'] else 'no'}.")
    if not result["force_constants"]:
        out.print("No force constants: σ is not computed. Give them with --force-constants.")
    elif result["sigma"] is None:
        out.print("No force acts in any frame: σ is not defined.")
    else:
        error = "" if result["sigma_se"] is None else f" ± {result['sigma_se']:.4f}"
        out.print(f"σ = {result['sigma']:.4f}{error}; mean over frames {_number(result['sigma_frame_mean'])}")
        grid = Table("element", "σ")
        for element, value in result["sigma_by_element"].items():
            grid.add_row(element, _number(value))
        out.print(grid)
    if result["virial_ratio"] is not None:
        out.print(f"Virial ratio −⟨F·u⟩/3(N−1)kT: {result['virial_ratio']:.3f}; 1 in the ensemble of these forces.")
    for note in result["notes"]:
        out.print(f"Note: {note}", markup=False, soft_wrap=True)


def _number(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.4f}"
