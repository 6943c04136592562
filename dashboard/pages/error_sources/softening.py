"""Softening and amplification against DFT's σ, and what a single number per compound mends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from dash import html
from dash.development.base_component import Component

from dashboard.pages.error_sources.amplification_figure import MOST, Cloud, amplification, thinned
from dashboard.pages.error_sources.mean_contributions_data import FEWEST, Softening
from dashboard.ui.blocks import captioned, table
from dashboard.ui.text import count, number, plural

Names = Mapping[str, str]


def softening(found: Sequence[Softening], names: Names) -> list[Component]:
    """Amplification and slope against DFT's σ, and what division by the slope does to the error of σ."""
    return [
        html.Div(
            [
                _cloud(found, "amplification", names),
                _cloud(found, "slope", names),
            ],
            className="pair",
        ),
        html.H3("Forces divided by their slope"),
        *_rescaled(found, names),
    ]


_CLOUDS = {
    "amplification": (
        "Hessian error / force error",
        "equal errors",
        "Above the dotted line the Hessian is relatively worse than the forces at 300 K. ",
    ),
    "slope": ("softening slope of forces", "neither soft nor stiff", "Below the dotted line the forces are too soft. "),
}


def _cloud(found: Sequence[Softening], what: str, names: Names) -> Component:
    y_title, unity, see = _CLOUDS[what]
    clouds = [
        Cloud(names.get(s.potential, s.potential), s.frames.tolist(), s.sigma, getattr(s, what), s.potential)
        for s in found
    ]
    n = sum(int(np.sum(np.isfinite(cloud.x) & np.isfinite(cloud.y))) for cloud in clouds)
    every = thinned(clouds)
    thin = f"One point in {every} is drawn: at most {count(MOST)}. " if every > 1 else ""
    return captioned(
        amplification(clouds, y_title=y_title, unity=unity),
        [
            html.Strong(f"n = {plural(n, 'score')}. "),
            see,
            _medians(found, what, names),
            thin,
        ],
        label=f"{y_title} against σ of DFT, per set of frames and potential",
    )


def _medians(found: Sequence[Softening], what: str, names: Names) -> str:
    """The medians, the number above 1, and the rank correlation with DFT’s σ: of one potential, or their range."""
    known = {s.potential: _finite(getattr(s, what)) for s in found}
    known = {potential: values for potential, values in known.items() if len(values)}
    if not known:
        return "Not computed. "
    medians = [float(np.median(values)) for values in known.values()]
    every = np.concatenate(list(known.values()))
    rho = [s.correlation(getattr(s, what)) for s in found if len(_finite(getattr(s, what))) >= FEWEST]
    correlation = f", Spearman ρ with σ {_span(rho)}" if rho else ", too few for a rank correlation"
    who = names.get(next(iter(known)), next(iter(known))) if len(known) == 1 else plural(len(known), "potential")
    above = f"above 1 in {count(int(np.sum(every > 1)))} of {count(len(every))}"
    return f"{who}: median {_span(medians)}, {above}{correlation}. "


def _finite(values: np.ndarray) -> np.ndarray:
    return np.asarray(values[np.isfinite(values)])


def _span(values: Sequence[float]) -> str:
    low, high = number(min(values)), number(max(values))
    return low if low == high else f"{low} to {high}"


def _rescaled(found: Sequence[Softening], names: Names) -> list[Component]:
    known = [s for s in found if s.rescaled.n]
    if not known:
        return [html.P("Not computed: it needs DFT’s forces and force constants on reference frames.")]
    rows = [
        [
            names.get(s.potential, s.potential),
            count(s.rescaled.n),
            number(s.rescaled.first, 3),
            number(s.rescaled.second, 3),
            [number(-s.rescaled.difference, 3, sign=True), html.Span(_interval(s), className="sub")],
            f"{count(s.n_nearer)} of {count(s.rescaled.n)}",
            f"{number(s.force_errors[0])} → {_or_not_computed(s.force_errors[1])}",
        ]
        for s in known
    ]
    return [
        html.P(_rescaled_sentence(known)),
        table(
            ("potential", "n", "mean |σ error| before", "after", "change", "nearer to DFT", "relative force error"),
            rows,
            caption="σ of the potential’s forces with DFT’s force constants against that of DFT’s forces, on the "
            "frames of the set: as they are and divided by the slope of that set. A pure softening would leave no "
            "error of σ and none of the forces. σ is a norm: where the last column hardly falls, the error of the "
            "forces is no softening, whatever σ says.",
        ),
    ]


def _or_not_computed(value: float) -> str:
    """NaN: rows that are older than the column."""
    return number(value) if np.isfinite(value) else "not computed"


def _interval(s: Softening) -> str:
    if s.rescaled.n < FEWEST:
        return f"no interval below {FEWEST} sets"
    return f"95 % {number(-s.rescaled.high, 3)} to {number(-s.rescaled.low, 3)}"


def _rescaled_sentence(known: Sequence[Softening]) -> str:
    removed = [100 * (1 - s.rescaled.second / s.rescaled.first) for s in known if s.rescaled.first]
    nearer = sum(share > 0 for share in removed)
    return (
        f"Dividing the forces by one number per compound brings σ nearer to DFT for {nearer} of "
        f"{plural(len(known), 'potential')}; it changes the forces’ contribution by {number(-max(removed), 0)} to "
        f"{number(-min(removed), 0)} %."
    )
