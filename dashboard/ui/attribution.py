"""Attribution of the error of σ: what can be chosen, what stands for the reference, and all sets side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from dash import html
from dash.development.base_component import Component

from compute.physics.attribution import PUBLISHED_PATH
from dashboard.figures.contributions import contributions as contributions_figure
from dashboard.queries import attribution as query
from dashboard.ui.blocks import captioned, table
from dashboard.ui.text import count, number, plural
from dashboard.views.error_sources import ORDERS

CONTRIBUTIONS = "errors-contributions"
STEP_NAMES = {"forces": "forces", "hessian": "Hessian", "sampling": "sampling"}
ROW_REM = 2.6
MOST_ROWS = 24  # rows of a figure

Names = Mapping[str, str]


def order_options(orders: Sequence[str]) -> list[dict[str, str]]:
    """Orders as a select shows them."""
    return [
        {
            "value": order,
            "label": " → ".join(STEP_NAMES[query.STEP_OF[letter]] for letter in order)
            + (" (published)" if order == ORDERS[0] else ""),
        }
        for order in orders
    ]


def reference_options(references: Sequence[str]) -> list[dict[str, str]]:
    """What can stand for the reference, as a control shows it."""
    names = {"dft": "DFT", "surrogate": "surrogate: CHGNet 0.3.0"}
    return [{"value": reference, "label": names[reference]} for reference in references]


def reference_notice(reference: str) -> list[Component]:
    """What must be said where the reference is no DFT."""
    if reference == "dft":
        return []
    sentence = (
        "The reference is CHGNet 0.3.0, not DFT: it has forces for any frame, so all eight corners are known. The "
        "models scored are distilled from it. Where this section speaks of DFT or the reference, read CHGNet 0.3.0; "
        "none of these numbers says how near a potential is to DFT, and none enters an average with those that do. "
        "Frames are independent harmonic samples of each one’s own force constants, so the sampling step carries over "
        "what the Hessian gets wrong."
    )
    return [html.P(sentence, className="notice")]


def all_sets(frame: pd.DataFrame, names: Names) -> list[Any]:
    """Contributions of every set and potential; `frame` as `queries.attribution.contributions` gives it."""
    done = frame[(frame["status"] == "ok") & frame["forces"].notna()]
    failed = frame[frame["status"] != "ok"]
    parts: list[Any] = []
    if len(done) > MOST_ROWS:
        parts.append(html.P(f"{_how_many(done)}{_all_sentence(done)} Too many for a row each: choose one set below."))
    elif not done.empty:
        steps = {
            STEP_NAMES[step]: (done[step].to_numpy(float), done[f"{step}_se"].to_numpy(float))
            for step in PUBLISHED_PATH
        }
        figure = contributions_figure(
            _row_labels(done, names), done[["frames", "potential"]].to_numpy().tolist(), steps
        )
        parts.append(
            captioned(
                figure,
                [html.Strong(_how_many(done)), _all_sentence(done), " Lines are standard errors. "
                 "Click a point to see it in full."],
                label="Contributions of forces, Hessian and sampling to σ, per set of frames and potential",
                identity=CONTRIBUTIONS,
                height=f"{7 + ROW_REM * len(done):g}rem",
            )
        )  # fmt: skip
    if len(failed) > MOST_ROWS:
        parts.append(_failures(failed, names))
    elif not failed.empty:
        reasons = "; ".join(
            f"{names.get(row.potential, row.potential)} on {row.frames} ({row.status}: {row.reason})"
            for row in failed.itertuples(index=False)
        )
        parts.append(html.P(f"Not scored: {reasons}.", className="fine"))
    return parts


def _failures(failed: pd.DataFrame, names: Names) -> Component:
    """How many sets each potential could not be scored on, and why."""
    counted = failed.groupby(["potential", "status"], sort=True).size()
    rows = [[names.get(potential, potential), status, count(int(n))] for (potential, status), n in counted.items()]
    sets = plural(failed["frames"].nunique(), "set")
    caption = f"n = {count(len(failed))} not scored, on {sets} of frames. Choose one of them below for its reason."
    return table(("not scored", "why", "sets of frames"), rows, caption=caption, numeric_from=2)


def _how_many(done: pd.DataFrame) -> str:
    sets, potentials = done["frames"].nunique(), done["potential"].nunique()
    return f"n = {plural(len(done), 'score')}: {plural(sets, 'set')} of frames, {plural(potentials, 'potential')}. "


def _row_labels(done: pd.DataFrame, names: Names) -> list[str]:
    """The compound, or its set of frames where it has several, and the potential where there are several."""
    what = done["compound"].where(done.groupby("compound")["frames"].transform("nunique") == 1, done["frames"])
    if done["potential"].nunique() == 1:
        return list(what)
    return [f"{of}<br>{names.get(p, p)}" for of, p in zip(what, done["potential"], strict=True)]


def _all_sentence(done: pd.DataFrame) -> str:
    both = done[done["hessian"].notna()]
    if both.empty:
        return "Only the forces’ contribution is known."
    larger = int((both["hessian"].abs() > both["forces"].abs()).sum())
    opposed = int((np.sign(both["hessian"]) != np.sign(both["forces"])).sum())
    return (
        f"The Hessian’s contribution is larger than the forces’ in {larger} of {len(both)} and of the opposite sign "
        f"in {opposed}; the median sizes are {number(float(both['hessian'].abs().median()))} and "
        f"{number(float(both['forces'].abs().median()))}."
    )
