"""What a visitor may ask to be computed, how it is read, and what it is likely to take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log
from statistics import median
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from compute.jobs import service
from compute.jobs.request import HARMONIC_NAMES, JobRequest, task_of
from compute.jobs.service import JobsUnavailable, Timing
from compute.potentials.registry import entry
from compute.protocols import SAMPLING_PROTOCOLS, Andersen, HarmonicProtocol, OneShot, SamplingProtocol
from compute.structures.compounds import Compound, identify
from compute.structures.formula import FormulaError, parse
from compute.suites import COMPUTABLE, SUITES
from compute.tasks.task import AttributionTask, Task
from dashboard.dataset import Dataset
from dashboard.queries.structure import ROLES
from dashboard.views.recompute import OWN_FRAMES, RecomputeView

OFFERED = tuple(sorted(COMPUTABLE, key=lambda suite: SUITES[suite].prototype != "cubic-perovskite"))
"""Suites whose structures are computed on demand; five atoms mean a cubic perovskite first."""

MOST_SUGGESTED = 8
_OF_FIELDS = {"protocol": "calculation", "stage": "calculation", "structure": "compound", "potential": "potentials"}


@dataclass(frozen=True)
class Checked:
    """What a form asks for: one of `requests` and `tasks` per potential, or `errors`, a sentence by field of the form.

    `suites` are those that the formula can mean, and `published` says whether the tasks' suite lists the compound. An
    uploaded structure has no compound here: what it is, the reader of files says.
    """

    requests: tuple[JobRequest, ...] = ()
    tasks: tuple[Task, ...] = ()
    compound: Compound | None = None
    suites: tuple[str, ...] = ()
    published: bool = False
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Rate:
    """`seconds` that a calculation of `potential` is likely to take, from `n` others, and of what kind they are.

    `source`: "here" for those of this site; "scaled" for published ones times what this site took for others of them,
    and "elsewhere" for published ones alone.
    """

    potential: str
    seconds: float
    n: int
    source: str


def lacking() -> dict[str, str]:
    """What keeps each potential from running here, in a few words; empty where no worker tells."""
    try:
        return service.lacking() if service.JobSettings().live else {}
    except JobsUnavailable:
        return {}


def check(
    dataset: Dataset, structure: str | None = None, lacking: Mapping[str, str] = MappingProxyType({}), **asked: Any
) -> Checked:
    """What the form's raw values ask for, for a `structure` or for a formula.

    They are `compound`, `suite`, `potentials`, `calculation` and `temperature`; `lacking` is that of the function.
    """
    text = asked.get("compound") or ""
    suites = () if structure else _meant(text)
    stage, protocol = _stage(asked.get("calculation"))
    potentials = asked.get("potentials") or ()
    if not isinstance(potentials, list | tuple) or not potentials:
        return Checked(suites=suites, errors={"potentials": "Choose a potential."})
    values = {
        "stage": stage,
        "protocol": protocol,
        "temperature": (asked.get("temperature") or None) if stage == "sigma" else None,
        **({"structure": structure} if structure else {"compound": text}),
        "suite": asked.get("suite") if len(suites) > 1 and asked.get("suite") in suites else None,
    }
    try:
        requests = tuple(JobRequest.model_validate({**values, "potential": name}) for name in potentials)
        tasks = tuple(task_of(request, dataset) for request in requests)
    except ValidationError as error:
        said = {_field(e["loc"], e["msg"]): _sentence(e["msg"]) for e in error.errors()}
        if not suites and "compound" in said:
            said["compound"] = _neither(text) or said["compound"]
        return Checked(suites=suites, errors=said)
    except ValueError as error:
        return Checked(suites=suites, errors={"compound": _sentence(str(error))})
    if missing := [f"{entry(name).name} cannot run here: {lacking[name]}." for name in potentials if name in lacking]:
        return Checked(suites=suites, errors={"potentials": " ".join(missing)})
    if structure:
        return Checked(requests, tasks)
    first = tasks[0]
    found = identify(first.compound, first.suite, [first.compound])
    return Checked(requests, tasks, found, suites, _is_published(dataset, first))


def _stage(calculation: Any) -> tuple[Any, Any]:
    """The stage and the protocol that a calculation of the form is; what is none of them is taken for a σ."""
    if calculation in ("harmonic", "attribution"):
        return calculation, None
    if isinstance(calculation, str) and calculation in OWN_FRAMES:
        return "attribution", OWN_FRAMES[calculation]
    return "sigma", calculation


def _meant(text: Any) -> tuple[str, ...]:
    """Suites whose structure type `text` can be."""
    found = []
    for suite in OFFERED if isinstance(text, str) else ():
        try:
            identify(text, suite)
        except FormulaError:
            continue
        found.append(suite)
    return tuple(found)


def _field(location: tuple[int | str, ...], message: str) -> str:
    """The field of the form that what is wrong with a request belongs to."""
    if not location:
        return "calculation" if "no protocol" in message else "compound"
    return _OF_FIELDS.get(str(location[0]), str(location[0]))


def _sentence(message: str) -> str:
    text = message.removeprefix("Value error, ")
    return text[:1].upper() + text[1:]


def _neither(text: Any) -> str | None:
    """That a formula is of neither structure type; None where it is no formula, or has the number of atoms of one."""
    try:
        atoms = sum(parse(str(text)).values())
    except FormulaError:
        return None
    if atoms in (5, 10):
        return None
    return f"{text} is neither ABX₃ nor A₂MM′X₆. Upload the structure of any other crystal."


def _is_published(dataset: Dataset, task: Task) -> bool:
    found = dataset.frame(
        'SELECT count(*) AS n FROM "references" WHERE suite = $suite AND compound = $compound',
        {"suite": task.suite, "compound": task.compound},
    )
    return bool(found["n"].iloc[0])


def view_of(requests: Sequence[JobRequest]) -> RecomputeView:
    """The form that asks for `requests`, which differ in potential; an uploaded structure is not kept in it."""
    request = requests[0]
    calculation = (request.protocol or "quick") if request.stage == "sigma" else request.stage
    if request.stage == "attribution" and request.protocol:
        calculation = f"attribution-{request.protocol}"
    return RecomputeView(
        compound=request.compound or "",
        suite=request.suite or "",
        potentials=tuple(one.potential for one in requests),
        calculation=calculation,
        temperature=request.temperature or RecomputeView.temperature,
    )


def suggestions(dataset: Dataset, text: Any) -> list[str]:
    """Published compounds that begin with `text`, then those that hold it, the shortest first."""
    if not isinstance(text, str) or not text.strip():
        return []
    frame = dataset.frame(
        'SELECT DISTINCT compound FROM "references" WHERE list_contains($suites, suite) '
        "AND contains(lower(compound), lower($text)) "
        "ORDER BY starts_with(lower(compound), lower($text)) DESC, length(compound), compound LIMIT $most",
        {"suites": list(OFFERED), "text": text.strip(), "most": MOST_SUGGESTED},
    )
    return [str(name) for name in frame["compound"]]


def rates(dataset: Dataset, checked: Checked) -> list[Rate | None]:
    """What each task is likely to take; None where nothing like it was computed here or is published.

    Calculations of this site by the same potential and protocol come first. Else those published of it, of the protocol
    with the nearest number of force calls and scaled by that, times what others took here over what is published.
    """
    try:
        timings = service.timings()
    except JobsUnavailable:
        timings = []
    return [_rate(dataset, task, checked.compound, timings) for task in checked.tasks]


def _rate(dataset: Dataset, task: Task, compound: Compound | None, timings: Sequence[Timing]) -> Rate | None:
    if compound is None or isinstance(task, AttributionTask):
        return None
    protocol = task.protocol
    harmonic = protocol if isinstance(protocol, HarmonicProtocol) else protocol.harmonic
    atoms = len(ROLES[compound.prototype]) * int(harmonic.supercell or 1) ** 3
    own = [t.seconds / t.atoms for t in timings if (t.potential, t.protocol) == (task.potential, protocol.name)]
    if own:
        return Rate(task.potential, median(own) * atoms, len(own), "here")
    published = _published_seconds(dataset)
    factors = {protocol.name: 1.0}
    if isinstance(protocol, SamplingProtocol):
        calls = _force_calls(protocol)
        factors |= {name: calls / _force_calls(other) for name, other in SAMPLING_PROTOCOLS.items()}
    else:
        factors |= dict.fromkeys(HARMONIC_NAMES, 1.0)
    listed = [name for name in factors if (task.potential, name) in published]
    if not listed:
        return None
    nearest = min(listed, key=lambda name: (name != protocol.name, abs(log(factors[name]))))
    seconds, n = published[task.potential, nearest]
    slower = [
        t.seconds / t.atoms / published[t.potential, t.protocol][0]
        for t in timings
        if (t.potential, t.protocol) in published
    ]
    here = median(slower) if slower else 1.0
    return Rate(task.potential, seconds * factors[nearest] * atoms * here, n, "scaled" if slower else "elsewhere")


def _published_seconds(dataset: Dataset) -> dict[tuple[str, str], tuple[float, int]]:
    """Median seconds per atom of the supercell, and of how many, by potential and protocol."""
    found = {}
    for table in ("harmonic", "anharmonic"):
        frame = dataset.frame(
            f"SELECT potential, protocol, median(seconds / n_atoms) AS seconds, count(*) AS n FROM {table} "
            "WHERE status = 'ok' AND seconds IS NOT NULL AND n_atoms > 0 GROUP BY potential, protocol"
        )
        for row in frame.to_dict("records"):
            found[row["potential"], row["protocol"]] = (float(row["seconds"]), int(row["n"]))
    return found


def _force_calls(protocol: SamplingProtocol) -> float:
    """Structures of which `protocol` has the forces computed: the fewest, where it goes on until a target is met."""
    sampler = protocol.sampler
    if isinstance(sampler, OneShot):
        one = float(sampler.samples)
    elif isinstance(sampler, Andersen):
        one = float(sampler.ramp_steps + sampler.steps)
    else:
        one = (sampler.discard + sampler.keep) / sampler.timestep
    return one * protocol.replicas
