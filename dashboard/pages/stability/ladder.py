"""What the label depends on: how many compounds are called stable at each displacement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from dash import html
from dash.development.base_component import Component

from dashboard.dataset import Dataset
from dashboard.figures.ladder import Climb, over_displacement
from dashboard.figures.theme import Figure
from dashboard.pages.stability.ladder_data import Climbed, climbed
from dashboard.queries.stability import Compared
from dashboard.ui.blocks import captioned, section, table
from dashboard.ui.text import count, few, percent
from dashboard.views.stability import StabilityView

TITLE = "Does the label depend on the displacement?"
ABOUT = (
    "A label is computed at some displacement. Here the softest mode of each compound is frozen in at several and "
    "labelled at each; the displacement is that of the atom that moves most. A smooth potential gives one label; a "
    "cusp gives “unstable” at small displacements. The score counts the label at 0.01 Å."
)
CLASSES = ("stable", "unstable")
DASHES = ("solid", "dot")


def displacements(dataset: Dataset, data: Compared, names: Mapping[str, str]) -> Component | None:
    """Figure and table of the potentials of the view that have a ladder; None for criteria without a harmonic label."""
    view = data.view
    if view.criterion != "harmonic":
        return None
    found = climbed(
        dataset, view.suite, data.potentials, view.tolerance_thz, view.anion, comparable=view.level == "comparable"
    )
    without = [names.get(p, p) for p in data.potentials if p not in {one.potential for one in found}]
    missing = f"Not computed at several displacements: {few(without)}." if without else ""
    if not found:
        return section(TITLE, html.P(missing or "No potential is shown."), about=ABOUT)
    return section(TITLE, _figure(data, found, names), _table(view, found, names, missing), about=ABOUT)


def _figure(data: Compared, found: list[Climbed], names: Mapping[str, str]) -> Component:
    most = max(found, key=lambda one: float(one.turned.sum() / max(one.n.sum(), 1)))
    said = (
        f"Of {names.get(most.potential, most.potential)} {count(int(most.turned.sum()))} of "
        f"{count(int(most.n.sum()))} labels change, the largest share. A level line: the label does not depend on the "
        "displacement."
    )
    stable, unstable = (_from_to([int(one.n[place]) for one in found]) for place in range(len(CLASSES)))
    return captioned(
        called_stable(found, names),
        [
            html.Strong(f"n = {stable} compounds that DFT calls stable and {unstable} that it calls unstable. "),
            f"Solid: of DFT’s stable ones; dotted: of its unstable ones. {said}",
        ],
        label="Share of compounds called stable over the displacement",
    )


def _from_to(sizes: list[int]) -> str:
    low, high = min(sizes), max(sizes)
    return count(low) if low == high else f"{count(low)} to {count(high)}"


def called_stable(found: list[Climbed], names: Mapping[str, str]) -> Figure:
    """Per potential and class of DFT, the share (%) that it calls stable over the displacement."""
    climbs = [
        Climb(
            potential=one.potential,
            name=f"{names.get(one.potential, one.potential)}, DFT {kind}",
            amplitudes=one.amplitudes,
            values=100 * stable / n,
            dash=dash,
        )
        for one in found
        for kind, dash, n, stable in zip(CLASSES, DASHES, one.n, one.stable, strict=True)
        if n
    ]
    return over_displacement(climbs, y_title="called stable (%)", unit="%", y_range=(-3, 103))


def _table(view: StabilityView, found: list[Climbed], names: Mapping[str, str], missing: str) -> Component:
    heights = sorted({float(a) for one in found for a in one.amplitudes})
    rows: list[list[Any]] = []
    for one in found:
        for place, kind in enumerate(CLASSES):
            n = int(one.n[place])
            at = dict(zip(np.round(one.amplitudes, 4).tolist(), one.stable[place].tolist(), strict=True))
            rows.append(
                [
                    f"{names.get(one.potential, one.potential)}, DFT {kind}",
                    count(n),
                    *(count(at[height]) if height in at else "–" for height in heights),
                    [count(int(one.turned[place])), html.Span(percent(int(one.turned[place]), n), className="sub")],
                ]
            )
    return table(
        ("", "n", *(f"stable at {height:g} Å" for height in heights), "label changes"),
        rows,
        caption=f"Compounds called stable, by ω of the frozen softest mode above −{view.tolerance_thz:.2f} THz, over "
        f"those that DFT decides and that have all displacements: not the whole suite unless n says so. {missing}",
    )
