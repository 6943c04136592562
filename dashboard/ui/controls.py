"""Labelled controls. Ids are `<page>-<field of the view>`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from compute.suites import COMPARED, SUITES
from dashboard.ui.blocks import attributes
from dashboard.ui.text import MINUS, number

FIND = "/find"
"""Where the question is answered, with the address of what is found."""
LEVEL_OPTIONS = [
    {"value": "all", "label": "all compounds"},
    {"value": "comparable", "label": "comparable: no open d or f shell, no +U, same functional"},
]
SUITE_OPTIONS = [{"value": suite, "label": SUITES[suite].title} for suite in COMPARED]


def options(values: Sequence[str], names: Mapping[str, str] | None = None) -> list[dict[str, str]]:
    """Options of a select, with names for people where there are any."""
    return [{"value": v, "label": (names or {}).get(v, v)} for v in values]


def bar(*children: Component, label: str) -> Component:
    """Controls in a row that wraps."""
    return html.Div(list(children), className="controls", role="group", **attributes(aria_label=label))


def select(identity: str, label: str, data: Sequence[Any], value: str | None, **more: Any) -> Component:
    """One of several."""
    found: Component = dmc.Select(
        id=identity,
        label=label,
        data=list(data),
        value=value,
        allowDeselect=False,
        checkIconPosition="right",
        **{"placeholder": "none", **more},
    )
    return found


def multi(identity: str, label: str, data: Sequence[Any], value: Sequence[str], everything: str = "all") -> Component:
    """Any of several; none chosen admits all."""
    found: Component = dmc.MultiSelect(
        id=identity,
        label=label,
        data=list(data),
        value=list(value),
        placeholder="" if value else everything,
        clearable=True,
        hidePickedOptions=True,
    )
    return found


def choice(identity: str, label: str, data: Sequence[Any], value: str) -> Component:
    """One of a few, all visible."""
    return html.Div(
        [
            html.Span(label, className="control-label", id=f"{identity}-label"),
            dmc.SegmentedControl(
                id=identity, data=list(data), value=value, size="sm", **{"aria-labelledby": f"{identity}-label"}
            ),
        ],
        className="control",
    )


def boxes(identity: str, label: str, data: Sequence[Any], value: Sequence[str]) -> Component:
    """Any of a few, all visible."""
    found: Component = dmc.CheckboxGroup(
        id=identity,
        label=label,
        value=list(value),
        children=html.Div(
            [dmc.Checkbox(label=d["label"], value=d["value"], size="sm") for d in data], className="boxes"
        ),
    )
    return found


def slider(
    identity: str, label: str, *, value: float, low: float, high: float, step: float, marks: Sequence[float]
) -> Component:
    """A number within bounds, with its present value beside the label (`<identity>-value`)."""
    return html.Div(
        [
            html.Span([f"{label} ", html.Output(f"{value:.2f}", id=f"{identity}-value")], className="control-label"),
            dmc.Slider(
                id=identity,
                value=value,
                min=low,
                max=high,
                step=step,
                precision=2,
                marks=[{"value": m, "label": f"{m:g}"} for m in marks],
                thumbLabel=label,
                label=None,
                updatemode="drag",
            ),
        ],
        className="control wide",
    )


def tolerance(identity: str, value: float) -> Component:
    """The tolerance of harmonic labels in THz."""
    marks = (0, 0.1, 0.2, 0.3, 0.4, 0.5)
    return slider(identity, "Tolerance (THz)", value=value, low=0, high=0.5, step=0.01, marks=marks)


def threshold(identity: str, value: float) -> Component:
    """The threshold of σ labels."""
    return slider(identity, "σ threshold", value=value, low=0.5, high=2, step=0.05, marks=(0.5, 1, 1.5, 2))


def interval_text(low: float, high: float, top: float, bottom: float = 0.0, decimals: int = 1) -> str:
    """An interval in words, whose ends at `bottom` and `top` stand for no bound; "any" when nothing is excluded."""
    if low <= bottom and high >= top:
        return "any"
    if high >= top:
        return f"{number(low, decimals)} or more"
    if low <= bottom and bottom != 0:
        return f"{number(high, decimals)} or less"
    return f"{number(low, decimals)} to {number(high, decimals)}"


def _mark(value: float, low: float, high: float) -> str:
    if value >= high:
        return "∞"
    return "−∞" if value <= low != 0 else f"{value:g}".replace("-", MINUS)


def range_slider(
    identity: str,
    label: str,
    *,
    value: tuple[float, float],
    low: float,
    high: float,
    step: float,
    marks: Sequence[float],
    decimals: int = 1,
) -> Component:
    """An interval; the ends of the track stand for no bound, but 0 for itself."""
    return html.Div(
        [
            html.Span(
                [f"{label} ", html.Output(interval_text(*value, high, low, decimals), id=f"{identity}-value")],
                className="control-label",
            ),
            dmc.RangeSlider(
                id=identity,
                value=list(value),
                min=low,
                max=high,
                step=step,
                minRange=0,
                precision=decimals,
                marks=[{"value": m, "label": _mark(m, low, high)} for m in marks],
                thumbFromLabel=f"{label}, from",
                thumbToLabel=f"{label}, to",
                label=None,
            ),
        ],
        className="control wide",
    )


def search(identity: str, *, prefix: str = "", hint: str = "") -> Component:
    """A form that asks for a compound; `hint` says beneath the field what may be typed. Enter sends it."""
    field = dmc.TextInput(
        id=identity,
        name="q",
        placeholder="Find a compound",
        size="xs" if not hint else "sm",
        **{"aria-label": "Find a compound by its formula"},
    )
    button = [html.Button("Find", type="submit"), html.Span(hint, className="sub")] if hint else []
    return html.Form([field, *button], action=f"{prefix}{FIND}", method="get", role="search", className="search")
