"""`softmode campaign`: one potential over a whole suite, resumable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from compute.campaigns.stage import STAGES
from compute.cli import presets
from compute.cli.common import AsJson, Data, err, fail, one_sentence, out, print_json
from compute.settings import data_directory, var_directory
from compute.suites import SUITES

if TYPE_CHECKING:
    from compute.campaigns.campaign import Campaign
    from compute.tasks.task import Task

app = typer.Typer(no_args_is_help=True, help="One potential over a whole suite; interrupted anywhere, it resumes.")

SuiteOption = Annotated[str, typer.Option("--suite", help=" or ".join(SUITES))]
PotentialOption = Annotated[str, typer.Option("--potential", help="As listed by: softmode potentials list.")]
ProtocolOption = Annotated[
    str | None,
    typer.Option(
        "--protocol",
        help="; ".join(f"{stage.name}: {', '.join(stage.protocols)}" for stage in STAGES.values())
        + ". Default: the suite's own; for sigma, published.",
    ),
]
SourceOption = Annotated[
    Path | None, typer.Option("--source", help="Folder of stored forces, for suites alexandria50 and mp0b3.")
]
StageOption = Annotated[str, typer.Option("--stage", help=" or ".join(STAGES))]
ExtendOption = Annotated[
    bool,
    typer.Option(
        "--extend",
        help="Take on the published harmonic rows of the same settings and compute only the ladder of displacements;"
        " what is not reached stays as published.",
    ),
]


@app.command("run")
def run(
    suite: Annotated[str | None, typer.Option("--suite", help=" or ".join(SUITES))] = None,
    potential: Annotated[
        str | None, typer.Option("--potential", help="As listed by: softmode potentials list.")
    ] = None,
    stage: Annotated[str | None, typer.Option("--stage", help=f"{' or '.join(STAGES)}. Default: harmonic.")] = None,
    protocol: ProtocolOption = None,
    source: SourceOption = None,
    extend: ExtendOption = False,
    preset: Annotated[
        str | None,
        typer.Option(
            help="pccp2026: the four MACE models of doi:10.1039/d5cp04693a over both suites, both stages."
            " --suite, --potential and --stage then choose among its campaigns."
        ),
    ] = None,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="With --preset: you accept the licences of the weights.")
    ] = False,
    mirror: Annotated[
        str | None, typer.Option(help="With --preset: address of a folder that has the files of the weights.")
    ] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Only print what would be computed, and its cost.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many compounds, balanced over σ and anion.")] = None,
    anion: Annotated[str | None, typer.Option(help="Only compounds of these anions, such as Cl,Br.")] = None,
    compound: Annotated[str | None, typer.Option(help="Only these, such as CsPbBr3,CsSnI3.")] = None,
    sample: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Only so many, drawn by chance within strata of anion and DFT's harmonic label, with --anion of these;"
            " each row has its weight. A larger number extends the same draw.",
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="With --sample: the seed of the draw, fixed before the first run.")
    ] = 0,
    shard: Annotated[str | None, typer.Option(help="i/n: this part of n equal ones; merge afterwards.")] = None,
    engine: Annotated[str | None, typer.Option(help="Address of a Dask scheduler, tcp://…")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Local processes. Default: all processors.")] = None,
    chunk: Annotated[
        int | None,
        typer.Option(
            min=1, help="Compounds that a worker computes together. Default: 16 for MACE, 1 for others; more on a GPU."
        ),
    ] = None,
    publish: Annotated[bool, typer.Option(help="Merge and publish at the end; not with --shard.")] = True,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Compute what is missing, then merge and publish."""
    with one_sentence(ValueError, OSError):
        from compute.campaigns.campaign import note_start, status
        from compute.campaigns.dask_cluster import default_workers, executor
        from compute.campaigns.plan import of_compounds, slice_of, with_anions
        from compute.campaigns.publish import publish as publish_campaign
        from compute.campaigns.publish import refuse_loss, standing
        from compute.campaigns.sample import Draw, keep, members
        from compute.potentials.load import load
        from compute.tables import read_manifest

        anions = tuple(name.strip() for name in anion.split(",")) if anion else ()
        if sample is not None and (limit, compound) != (None, None):
            fail("--sample says which compounds: leave out --limit and --compound.")
        draw = None if sample is None else Draw(n=sample, seed=seed, anions=anions)

        def chosen(planned: Campaign) -> list[Task]:
            todo = list(planned.tasks)
            if draw is not None:
                by_name = {task.compound: task for task in todo}
                todo = [by_name[member.compound] for member in members(planned.references, draw)]
            elif anions:
                todo = with_anions(todo, planned.references, anions)
            if compound is not None:
                todo = of_compounds(todo, [name.strip() for name in compound.split(",")])
            todo = todo[:limit]
            return todo if shard is None else slice_of(todo, *_fraction(shard))

        processes = workers or default_workers()
        if preset is None:
            if suite is None or potential is None:
                fail("Give --suite and --potential, or --preset.")
            planned = [_campaign(suite, potential, stage or "harmonic", protocol, source, data, extend)]
        else:
            planned = presets.campaigns(
                preset, suite, potential, stage, data, fetched=not plan, accept_licence=accept_licence, mirror=mirror
            )
        if plan or preset is not None:
            presets.show_costs(planned, chosen, processes, data or data_directory(), as_json and plan)
        if plan:
            return
        asked = [(each, chosen(each)) for each in planned]
        missing = [any(not each.shards.has(task.digest) for task in todo) for each, todo in asked]
        for name in {each.potential for each, lacks in zip(planned, missing, strict=True) if lacks and source is None}:
            load(name, device="cpu")  # what cannot be loaded is said before a process is started
        publishes = publish and shard is None
        for (each, todo), lacks in zip(asked, missing, strict=True):
            if draw is not None:
                keep(each.directory / each.run, draw)
            if publishes:  # before hours are spent
                known = standing(each, read_manifest(data or data_directory()))
                refuse_loss(each, known, [task.compound for task in todo])
            note_start(each)
            if lacks:
                with _progress() as progress, executor(processes, engine) as pool:
                    _compute(each, todo, pool, progress, chunk, 1 if engine else processes)
            if publishes:
                publish_campaign(each, data or data_directory())
        _report_all(planned, [status(each) for each in planned], as_json)


def _compute(
    planned: Campaign, todo: list[Task], pool: Executor, progress: Progress, chunk: int | None, workers: int
) -> None:
    from compute.campaigns.campaign import compute
    from compute.potentials.registry import families
    from compute.potentials.store import locate

    bar = progress.add_task(planned.run, total=len(todo), rate="")
    progress.update(bar, completed=sum(planned.shards.has(task.digest) for task in todo))

    def advance(task: Task, row: dict[str, Any]) -> None:
        progress.advance(bar)
        speed = progress.tasks[bar].finished_speed or progress.tasks[bar].speed
        progress.update(bar, rate=f"{60 * speed:.0f}/min" if speed else "")

    try:
        size = chunk or families()[locate(planned.potential).family].chunk
        compute(planned, todo, pool, chunk=size, workers=workers, progress=advance)
    except KeyboardInterrupt:
        fail("Interrupted. What is done is kept: run the same command again to go on.")


def _status(planned: Campaign, data: Path, as_json: bool) -> None:
    """How far a campaign is."""
    from compute.campaigns.campaign import status

    _report(planned, status(planned), as_json)


def _merge(planned: Campaign, data: Path, as_json: bool) -> None:
    """Merge the finished tasks and publish them; compounds without one become rows that say so."""
    from compute.campaigns.campaign import status
    from compute.campaigns.publish import publish

    publish(planned, data)
    _report(planned, status(planned), as_json)


def _retry(planned: Campaign, data: Path, as_json: bool) -> None:
    """Forget the failures, so that the next `run` does them again."""
    forgotten = planned.shards.forget_failures(task.digest for task in planned.tasks)
    if as_json:
        print_json({"run": planned.run, "forgotten": forgotten})
    else:
        out.print(f"{planned.run}: {forgotten} failures forgotten; run the campaign again.")


def _command(action: Callable[[Campaign, Path, bool], None]) -> Callable[..., None]:
    """`action` as a command that takes the options which name a campaign."""

    def command(
        suite: SuiteOption,
        potential: PotentialOption,
        stage: StageOption = "harmonic",
        protocol: ProtocolOption = None,
        source: SourceOption = None,
        extend: ExtendOption = False,
        data: Data = None,
        as_json: AsJson = False,
    ) -> None:
        with one_sentence(ValueError, OSError):
            planned = _campaign(suite, potential, stage, protocol, source, data, extend)
            action(planned, data or data_directory(), as_json)

    return command


for _name, _action in {"status": _status, "merge": _merge, "retry": _retry}.items():
    app.command(_name, help=_action.__doc__)(_command(_action))


def _campaign(
    suite: str,
    potential: str,
    stage: str,
    protocol: str | None,
    source: Path | None,
    data: Path | None,
    extend: bool = False,
) -> Campaign:
    from compute.campaigns.campaign import campaign
    from compute.campaigns.plan import DISPLACEMENTS
    from compute.potentials.load import sha256_of

    if suite not in SUITES:
        fail(f"No suite {suite}: it is one of {', '.join(SUITES)}.")
    if stage not in STAGES:
        fail(f"No stage {stage}: it is {' or '.join(STAGES)}.")
    checkpoint = None if source is not None else sha256_of(potential)
    chosen = protocol or STAGES[stage].default(suite)
    if protocol is None and source is None and chosen == "published-forces":
        chosen = DISPLACEMENTS
    directory = var_directory() / "runs"
    folder = data or data_directory()
    return campaign(suite, potential, checkpoint, chosen, folder, directory, source, stage, extend=extend)


def _fraction(text: str) -> tuple[int, int]:
    part, slash, parts = text.partition("/")
    if not (slash and part.isdigit() and parts.isdigit()):
        fail(f"--shard {text}: write i/n, such as 1/4.")
    return int(part), int(parts)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=err,
    )


def _report(planned: Campaign, state: Any, as_json: bool) -> None:
    _report_all([planned], [state], as_json)


def _report_all(planned: Sequence[Campaign], states: Sequence[Any], as_json: bool) -> None:
    """One summary, or a list of them where there are several campaigns."""
    summaries = [_summary(campaign, state) for campaign, state in zip(planned, states, strict=True)]
    if as_json:
        print_json(summaries[0] if len(summaries) == 1 else summaries)
        return
    for summary, state in zip(summaries, states, strict=True):
        counts = ", ".join(f"{n} {word}" for word, n in summary["status"].items())
        out.print(f"{summary['run']}: {summary['compounds']} compounds: {counts}.")
        if state.force_fraction is not None:
            out.print(f"{state.force_fraction:.0%} of {state.seconds:.0f} s of computing went into force calls.")


def _summary(planned: Campaign, state: Any) -> dict[str, Any]:
    return {
        "run": planned.run,
        "compounds": len(planned.tasks),
        "status": dict(sorted(state.counts.items())),
        "seconds": round(state.seconds, 1),
        "force_fraction": None if state.force_fraction is None else round(state.force_fraction, 3),
    }
