"""What it saves to let a potential screen first, and what its mistakes cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from dash import dcc, html
from dash.development.base_component import Component

from compute.trust.features import SUITE
from compute.trust.model import NoTrust
from compute.trust.screening import LEVELS, screened
from dashboard.dataset import Dataset
from dashboard.pages.stability import screening_data
from dashboard.pages.stability.screening_data import PER, Economics
from dashboard.pages.stability.screening_figure import CostLine, Trade, costs, saved_and_kept
from dashboard.queries.stability import Compared
from dashboard.queries.trust import screens
from dashboard.ui.blocks import captioned, table
from dashboard.ui.text import NOT_DEFINED, count, number
from dashboard.views.stability import StabilityView

Names = Mapping[str, str]

ABOUT = (
    "A potential screens first; DFT then runs on everything it calls stable or undecidable, and on what it failed on. "
    "A false stable wastes that run, a false unstable loses a material: say what each costs, in DFT runs."
)


def economics(data: Compared, names: Names) -> list[Component]:
    """Recall against DFT runs saved, expected cost over the cut, and the table of both."""
    found = [screening_data.economics(data, screen) for screen in screening_data.screens(data)]
    moved = screening_data.moved_level(data.view.criterion)
    return [
        html.Div([_trade(data, found, names), _costs(found, names, moved)], className="pair"),
        _table(data, found, names, moved),
        html.P(_assumptions(data, moved), className="fine"),
    ]


def with_trust(dataset: Dataset, view: StabilityView, potentials: Sequence[str], names: Names) -> Component | None:
    """The screen in which the trust says where to take the label and where DFT runs; None where there is no trust."""
    if view.suite != SUITE or view.criterion != "harmonic":
        return None
    try:
        known = screens(dataset)
    except NoTrust as error:
        return html.P(str(error), className="fine")
    rows = []
    for potential in potentials:
        if potential not in known:
            continue
        one = known[potential]
        found = screened(
            one.trust, one.says_stable, one.dft_stable, LEVELS,
            false_stable=view.false_stable, false_unstable=view.false_unstable,
        )  # fmt: skip
        best, per = int(np.argmin(found.cost)), PER / found.n
        rows.append(
            [
                names.get(potential, potential),
                count(found.n),
                "DFT on all" if LEVELS[best] > 1 else f"trust ≥ {LEVELS[best]:g}",
                _share(1 - found.dft_runs[best] / found.n),
                _share(found.recall[best]),
                count(int(found.false_stable[best])),
                *(_runs(float(found.cost[place] * per)) for place in (best, -1, 0)),
            ]
        )
    if not rows:
        return None
    head = (
        "potential", "n", "cheapest", "DFT runs saved", "stable kept", "false stable", "cost there",
        "DFT on all", "trust in all",
    )  # fmt: skip
    caption = (
        "The potential’s label where the trust reaches a level, DFT elsewhere, over all compounds with published DFT "
        f"that were run, whatever the filters. Costs per 1,000 candidates: {view.false_stable:g} for a false stable, "
        f"{view.false_unstable:g} for a false unstable, 1 for every DFT run. The trust is of models without "
        "the element on B; the cheapest level is looked for on the same compounds, which is optimistic."
    )
    return html.Div(
        [
            html.H3("Screening with trust"),
            table(head, rows, caption=caption),
            html.P(
                ["Every level, and what the trust rests on: ", dcc.Link("Trust", href="/trust"), "."],
                className="fine",
            ),
        ],
        id="stability-with-trust",
    )


def _trade(data: Compared, found: list[Economics], names: Names) -> Component:
    trades = []
    for one in found:
        saved, kept = one.screen.curve()
        name = names.get(one.screen.potential, one.screen.potential)
        trades.append(Trade(name, one.screen.potential, saved, kept, (one.present.saved, one.present.kept)))
    most = "most, " if len(trades) > 1 else ""
    best = max(trades, key=lambda trade: trade.present[0] if np.isfinite(trade.present[0]) else -1)
    return captioned(
        saved_and_kept(trades),
        [
            html.Strong(f"What a screen saves, {_n(found)}. "),
            f"At present {best.name} saves {most}{_share(best.present[0])} of the DFT runs, and keeps "
            f"{_share(best.present[1])} of the stable compounds. A line that stays high drops little that is stable; "
            "it ends where only undecidable and failed compounds are left.",
        ],
        label="Stable compounds kept over DFT runs saved",
        shape="tall" if len(trades) > 3 else "wide",
    )


def _costs(found: list[Economics], names: Names, moved: str) -> Component:
    lines = [
        CostLine(
            names.get(e.screen.potential, e.screen.potential), e.screen.potential, e.costs, (e.best.level, e.best.cost)
        )
        for e in found
    ]
    unit = " THz" if moved == "tolerance" else ""
    cheapest = min(lines, key=lambda line: line.best[1] if np.isfinite(line.best[1]) else np.inf)
    alone = [
        {round(value, 6) for value in values} for values in ([e.of_all for e in found], [e.of_none for e in found])
    ]
    of_all, of_none = (values.pop() if len(values) == 1 else np.nan for values in alone)
    figure = costs(
        found[0].levels,
        lines,
        found[0].present.level,
        x_title=f"{'tolerance (THz)' if moved == 'tolerance' else 'σ threshold'} of the potential",
        of_all=of_all,
        of_none=of_none,
    )
    return captioned(
        figure,
        [
            html.Strong(f"Expected cost, {_n(found)}. "),
            _verdict_sentence(found),
            f" Cheapest screen: {cheapest.name} at {cheapest.best[0]:.2f}{unit}, {_runs(cheapest.best[1])} runs for "
            f"1,000 candidates; {_runs(found[0].of_all)} with DFT on all, {_runs(found[0].of_none)} with DFT on none.",
        ],
        label=f"Expected cost of 1,000 candidates over the {moved}",
        shape="tall" if len(lines) > 3 else "wide",
    )


def _table(data: Compared, found: list[Economics], names: Names, moved: str) -> Component:
    unit = " (THz)" if moved == "tolerance" else ""
    rows = []
    for one in found:
        rows.append(
            [
                names.get(one.screen.potential, one.screen.potential),
                count(one.screen.n),
                _runs(one.present.cost),
                _level(one),
                _runs(one.best.cost),
                _share(one.best.saved),
                _share(one.best.kept),
                _runs(one.of_all),
                _runs(one.of_none),
                _verdict(one),
            ]
        )
    head = (
        "potential", "n", f"cost at {found[0].present.level:.2f}", f"cheapest {moved}{unit}", "cost there",
        "DFT runs saved", "stable kept", "DFT on all", "DFT on none", "cheapest of all",
    )  # fmt: skip
    return table(
        head,
        rows,
        caption=f"Costs in DFT runs per 1,000 candidates: {data.view.false_stable:g} for a false stable, "
        f"{data.view.false_unstable:g} for a false unstable",
    )


def _assumptions(data: Compared, moved: str) -> str:
    truth = (
        f"its harmonic label at the present tolerance of {data.view.tolerance_thz:.2f} THz"
        if data.view.criterion == "harmonic"
        else f"σ < {data.view.threshold:g}"
    )
    return (
        f"Assumes candidates like these compounds, DFT’s verdict ({truth}) as the truth while only the potential’s "
        f"{moved} moves, no cost for the potential itself or for the DFT run on a compound that is stable, and the "
        f"cheapest {moved} looked for on the same compounds, which is optimistic."
    )


def _level(one: Economics) -> str:
    if not np.isfinite(one.best.cost):
        return NOT_DEFINED
    edge = ", end of the scale" if one.best.level in (one.levels[0], one.levels[-1]) else ""
    return f"{one.best.level:.2f}{edge}"


def _verdict(one: Economics) -> str:
    options = {"the potential": one.best.cost, "DFT on all": one.of_all, "DFT on none": one.of_none}
    if not all(np.isfinite(value) for value in options.values()):
        return NOT_DEFINED
    return min(options, key=lambda name: options[name])


def _verdict_sentence(found: list[Economics]) -> str:
    """Whether any screen is cheaper than doing without a potential: the result that decides."""
    cheaper = [one for one in found if _verdict(one) == "the potential"]
    if cheaper:
        return f"{len(cheaper)} of {len(found)} potentials make it cheaper than DFT on all and on none."
    return "At these costs no potential is cheaper than doing without one."


def _n(found: list[Economics]) -> str:
    sizes = sorted({one.screen.n for one in found})
    return f"n = {count(sizes[0])}" + (f" to {count(sizes[-1])}" if len(sizes) > 1 else "")


def _runs(value: float) -> str:
    return count(round(value)) if np.isfinite(value) else NOT_DEFINED


def _share(value: float) -> str:
    return f"{number(100 * value, 1)} %" if np.isfinite(value) else NOT_DEFINED
