"""Errors where potential and DFT mean the same level of theory, first, and elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboard.pages.anharmonicity import data as query
from dashboard.pages.anharmonicity.choices import COMPARABLE, LEVEL_COLUMN, OTHER
from dashboard.pages.anharmonicity.comparison import Cast, error_cells
from dashboard.ui.blocks import table
from dashboard.ui.text import drawn_by
from dashboard.views.anharmonicity import AnharmonicityView

NAMES = {COMPARABLE: "comparable", OTHER: "not comparable"}


def by_level(
    view: AnharmonicityView, frame: pd.DataFrame, published: Mapping[str, Mapping[str, int]], cast: Cast, unit: str
) -> list[Component]:
    """A row per potential of its errors over the compounds at a comparable level, then one over the others.

    `published` counts the compounds with DFT's number by potential and level, since the level is of both; `unit` is
    that of the errors, in brackets behind a space, or empty.
    """
    levels = pd.Categorical(np.where(frame["comparable_level"], COMPARABLE, OTHER))
    found = query.groups(frame.assign(**{LEVEL_COLUMN: levels}), LEVEL_COLUMN, published)
    rows = [
        [
            f"{NAMES[level]}, {cast.name(name)}",
            *error_cells(group),
        ]
        for level in (COMPARABLE, OTHER)
        for name, groups in found.items()
        for group in groups
        if group.name == level
    ]
    return [
        html.H3("By level of theory"),
        table(
            ("level", "n", "failed", "not run", f"median{unit}", f"RMSE{unit}", f"bias{unit}"),
            rows,
            caption="Comparable: no open d or f shell, no +U, the same functional; elsewhere a difference need not be "
            f"an error of the potential. Beneath: 95 % interval, {drawn_by(view.suite)}.",
        ),
    ]
