"""What a visitor may ask to be computed, how it is read, and what it is likely to take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import log
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from compute.jobs import service
from compute.jobs.request import JobRequest, task_of
from compute.jobs.service import JobsUnavailable
from compute.potentials.registry import entry
from compute.protocols import SAMPLING_PROTOCOLS, Andersen, HarmonicProtocol, OneShot, SamplingProtocol
from compute.structures.compounds import Compound, identify
from compute.structures.formula import FormulaError
from compute.tasks.task import AttributionTask, Task
from dashboard.dataset import Dataset
from dashboard.queries.structure import ROLES
from dashboard.views.recompute import OWN_FRAMES, RecomputeView

SUITES = ("abx3", "hdp")
"""Suites whose structures are computed on demand."""

MOST_SUGGESTED = 8
_OF_FIELDS = {"protocol": "calculation", "stage": "calculation", "structure": "compound"}


@dataclass(frozen=True)
class Checked:
    """What a form asks for: `request` with its task and compound, or `errors`, a sentence by field of the form.

    `suites` are those that the formula can mean, and `published` says whether the task's suite lists the compound. An
    uploaded structure has no compound until a worker has read it.
    """

    request: JobRequest | None = None
    task: Task | None = None
    compound: Compound | None = None
    suites: tuple[str, ...] = ()
    published: bool = False
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Rate:
    """The median `seconds` of `n` published calculations of `n_atoms` on `hardware`, scaled to `scaled` atoms.

    They are by `protocol`, and scaled by the number of force calls where that is not the `same` as asked for.
    """

    seconds: float
    n: int
    n_atoms: int
    scaled: int
    hardware: str
    protocol: str
    same: bool


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

    They are `compound`, `suite`, `potential`, `calculation` and `temperature`; `lacking` is that of the function.
    """
    text = asked.get("compound") or ""
    suites = () if structure else _meant(text)
    stage, protocol = _stage(asked.get("calculation"))
    values = {
        "stage": stage,
        "protocol": protocol,
        "temperature": (asked.get("temperature") or None) if stage == "sigma" else None,
        "potential": asked.get("potential") or "",
        **({"structure": structure} if structure else {"compound": text}),
        "suite": (asked.get("suite") or None) if len(suites) > 1 else None,
    }
    try:
        request = JobRequest.model_validate(values)
        task = task_of(request, dataset)
    except ValidationError as error:
        return Checked(suites=suites, errors={_field(e["loc"], e["msg"]): _sentence(e["msg"]) for e in error.errors()})
    except ValueError as error:
        return Checked(suites=suites, errors={"compound": _sentence(str(error))})
    if reason := lacking.get(request.potential):
        name = entry(request.potential).name
        return Checked(suites=suites, errors={"potential": f"{name} cannot run here: {reason}."})
    if structure:
        return Checked(request, task)
    found = identify(task.compound, task.suite, [task.compound])
    return Checked(request, task, found, suites, _is_published(dataset, task))


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
    for suite in SUITES if isinstance(text, str) else ():
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


def _is_published(dataset: Dataset, task: Task) -> bool:
    found = dataset.frame(
        'SELECT count(*) AS n FROM "references" WHERE suite = $suite AND compound = $compound',
        {"suite": task.suite, "compound": task.compound},
    )
    return bool(found["n"].iloc[0])


def view_of(request: JobRequest) -> RecomputeView:
    """The form that asks for `request`; an uploaded structure is not kept in it."""
    calculation = (request.protocol or "quick") if request.stage == "sigma" else request.stage
    if request.stage == "attribution" and request.protocol:
        calculation = f"attribution-{request.protocol}"
    return RecomputeView(
        compound=request.compound or "",
        suite=request.suite or "",
        potential=request.potential,
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
        {"suites": list(SUITES), "text": text.strip(), "most": MOST_SUGGESTED},
    )
    return [str(name) for name in frame["compound"]]


def rate(dataset: Dataset, checked: Checked) -> Rate | None:
    """What the task is likely to take, from published calculations of its potential; None without any.

    Those of its own protocol come first, and for σ those of the protocol with the nearest number of force calls, scaled
    by that; then those of its own suite. Those of another are scaled by the atoms of the supercell.
    """
    task = checked.task
    if task is None or checked.compound is None or isinstance(task, AttributionTask):
        return None
    protocol = task.protocol
    harmonic = protocol if isinstance(protocol, HarmonicProtocol) else protocol.harmonic
    scaled = len(ROLES[checked.compound.prototype]) * int(harmonic.supercell or 1) ** 3
    frame = dataset.frame(
        "SELECT h.protocol, h.suite, median(h.seconds) AS seconds, count(*) AS n, median(h.n_atoms) AS atoms, "
        "string_agg(DISTINCT r.hardware, ', ' ORDER BY r.hardware) AS hardware "
        f"FROM {'harmonic' if harmonic is protocol else 'anharmonic'} h LEFT JOIN runs r USING (run) "
        "WHERE h.potential = $potential AND h.status = 'ok' AND h.seconds IS NOT NULL AND h.n_atoms IS NOT NULL "
        "GROUP BY h.protocol, h.suite ORDER BY h.suite = $suite DESC, n DESC",
        {"potential": task.potential, "suite": task.suite},
    )
    factors = {protocol.name: 1.0}
    if isinstance(protocol, SamplingProtocol):
        calls = _force_calls(protocol)
        factors |= {name: calls / _force_calls(other) for name, other in SAMPLING_PROTOCOLS.items()}
    rows = [row for row in frame.to_dict("records") if row["protocol"] in factors]
    if not rows:
        return None
    row = min(rows, key=lambda row: (row["protocol"] != protocol.name, abs(log(factors[row["protocol"]]))))
    hardware = row["hardware"] if isinstance(row["hardware"], str) else "hardware that is not recorded"
    return Rate(
        seconds=row["seconds"] * factors[row["protocol"]] * scaled / row["atoms"],
        n=int(row["n"]),
        n_atoms=int(row["atoms"]),
        scaled=scaled,
        hardware=hardware,
        protocol=row["protocol"],
        same=row["protocol"] == protocol.name,
    )


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
