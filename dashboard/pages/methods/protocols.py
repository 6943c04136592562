"""Suites and protocols as tables, made from `compute.protocols`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from dash import html
from dash.development.base_component import Component
from pydantic import BaseModel

from compute.protocols import HARMONIC_PROTOCOLS, SAMPLING_PROTOCOLS, SamplingProtocol, sampling_protocol
from compute.suites import SUITES, Suite
from dashboard.pages.methods.part import part
from dashboard.ui.blocks import table
from dashboard.ui.text import count

_POINTS = {"gamma": "Γ"}
_SAMPLERS = {
    "andersen": "Velocity Verlet with Andersen collisions, from rest on the ideal sites",
    "langevin": "BAOAB dynamics from thermal harmonic displacements, per replica",
    "one-shot": "Independent samples of the classical harmonic crystal",
}


@cache
def protocols() -> Component:
    """Every suite, harmonic protocol and sampling protocol with its settings and digests."""
    return part(
        "protocols",
        "Suites and protocols",
        html.H3("Suites"),
        table(
            ("suite", "title", "compounds", "harmonic protocol", "q points compared"),
            [
                [html.Code(s.id), s.title, count(s.size), html.Code(s.protocol), ", ".join(_points(s))]
                for s in SUITES.values()
            ],
            caption="Sets of compounds with published DFT",
            numeric_from=5,
        ),
        html.H3("Harmonic"),
        table(
            ("setting", *(html.Code(name) for name in HARMONIC_PROTOCOLS)),
            [
                *_settings(HARMONIC_PROTOCOLS.values(), skip={"name"}),
                ["digest", *(html.Code(p.digest) for p in HARMONIC_PROTOCOLS.values())],
            ],
            caption="Harmonic protocols; runs and results name the digest of their settings",
            numeric_from=9,
        ),
        html.H3("Sampling"),
        *(_sampler(kind, text) for kind, text in _SAMPLERS.items()),
        table(
            ("setting", *(html.Code(name) for name in SAMPLING_PROTOCOLS)),
            [
                *_settings(SAMPLING_PROTOCOLS.values(), skip={"name", "harmonic", "sampler"}),
                *_sampling_digests(),
            ],
            caption="Common to all. Geometry and Φ are of the suite’s harmonic protocol, hence a digest per suite",
            numeric_from=9,
        ),
        html.P(
            [
                html.Code("published"),
                " repeats the schedule of the source and is what the published σ is compared with. Its thermostat is "
                "overdamped: modes of 0.5, 1 and 2 THz reach about 6, 21 and 62 % of equipartition in the last frame "
                "of ",
                html.Code("published-hdp"),
                ", and 10, 33 and 80 % in that of ",
                html.Code("published-abx3"),
                ". What lies between it and ",
                html.Code("converged"),
                " of one potential is no error of the potential.",
            ]
        ),
        about="A protocol is a named, frozen set of settings. Its digest is part of the identity of every result.",
    )


def _points(suite: Suite) -> list[str]:
    return [_POINTS.get(name, name.upper()) for name in suite.q_points]


def _sampler(kind: str, caption: str) -> Component:
    """Settings of the sampler `kind` in the protocols that use it."""
    using = {name: p.sampler for name, p in SAMPLING_PROTOCOLS.items() if p.sampler.kind == kind}
    head = ("setting", *(html.Code(name) for name in using))
    return table(head, _settings(using.values(), skip={"kind"}), caption=caption, numeric_from=9)


def _settings(models: Iterable[BaseModel], skip: set[str]) -> list[list[Any]]:
    """A row per field of the models, which are of one class, and a cell per model."""
    listed = list(models)
    return [
        [_named(name, field.description), *(_written(getattr(m, name)) for m in listed)]
        for name, field in type(listed[0]).model_fields.items()
        if name not in skip
    ]


def _named(name: str, text: str | None) -> list[Component]:
    return [html.Code(name), *([html.Span(text, className="sub")] if text else [])]


def _written(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _sampling_digests() -> list[list[Any]]:
    rows = []
    for suite in SUITES.values():
        if HARMONIC_PROTOCOLS[suite.protocol].supercell is None:
            continue
        cells = [_digest(p, suite) for p in SAMPLING_PROTOCOLS.values()]
        rows.append([f"digest, suite {suite.id}", *cells])
    return rows


def _digest(protocol: SamplingProtocol, suite: Suite) -> Component | str:
    """The digest of `protocol` in `suite`; the published schedules are each of one suite."""
    published = protocol.name.startswith("published-")
    if published and protocol.name != f"published-{suite.id}":
        return "–"
    return html.Code(sampling_protocol("published" if published else protocol.name, suite.id).digest)
