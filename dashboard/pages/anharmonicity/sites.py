"""σ of each site of the crystal, of DFT and of potentials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboard.pages.anharmonicity import choices as offer
from dashboard.pages.anharmonicity import data as query
from dashboard.pages.anharmonicity.comparison import Cast, interval_text, points
from dashboard.pages.anharmonicity.sigma_parity_figure import DENSE, outside, sigma_density, sigma_parity, window
from dashboard.ui.blocks import captioned, table
from dashboard.ui.text import count, number, plural
from dashboard.views.anharmonicity import AnharmonicityView

NO_SITES = "No compound that is chosen has σ per site of both DFT and a potential."
NO_PUBLISHED_SITES = "No σ per site is published for the compounds that are chosen."
SITE_NAMES = {"A": "A", "B": "B", "Bp": "B′", "X": "X"}


def sites(view: AnharmonicityView, frame: pd.DataFrame, cast: Cast) -> list[Any]:
    """σ of each site against DFT's, and how far they are apart; says so where DFT publishes none."""
    known = {
        site: frame[frame[column].notna() & frame[f"dft_{column}"].notna() & (frame["status"] == "ok")]
        for site, column in query.SITE_SIGMAS.items()
    }
    known = {site: mine for site, mine in known.items() if not mine.empty}
    if not known:
        published = frame.empty or frame["dft_sigma_x"].notna().any()
        return [html.P(NO_SITES if published else NO_PUBLISHED_SITES)]
    log = "log" in view.shown
    everything = [mine[c] for site, mine in known.items() for c in _site_columns(site)]
    limits = window(np.concatenate(everything), log)
    return [
        html.Div(
            [_site(view, site, mine, cast, limits, log) for site, mine in known.items()],
            className="anharmonicity-sites",
        ),
        _site_table(known, cast) if offer.is_published(view) else None,
    ]


def _site_columns(site: str) -> tuple[str, str]:
    column = query.SITE_SIGMAS[site]
    return f"dft_{column}", column


def _site(
    view: AnharmonicityView,
    site: str,
    mine: pd.DataFrame,
    cast: Cast,
    limits: tuple[float, float],
    log: bool,
) -> Component:
    dft, value = _site_columns(site)
    above = int((mine[value] > mine[dft]).sum())
    missed = outside(mine[dft].to_numpy(), mine[value].to_numpy(), limits)
    symbol = f"σ of {SITE_NAMES[site]}"
    if len(mine) > DENSE:
        figure = sigma_density(
            mine[dft].to_numpy(), mine[value].to_numpy(), limits, log=log, name="potential", symbol=symbol
        )
    else:
        groups, _ = points(view, mine, cast, dft, value)
        figure = sigma_parity(groups, [None] * len(groups), limits, log=log, symbol=symbol)
    return captioned(
        figure,
        [
            html.Strong(f"Site {SITE_NAMES[site]}: {count(above)} of {count(len(mine))} above DFT."),
            f" n = {count(len(mine))}.",
            f" {plural(missed, 'point')} outside the axes." if missed else "",
        ],
        label=f"σ on site {SITE_NAMES[site]} of the potential against DFT, n = {len(mine)}",
        shape="square",
    )


def _site_table(known: Mapping[str, pd.DataFrame], cast: Cast) -> Component:
    body = []
    for site, mine in known.items():
        dft, value = _site_columns(site)
        for name, part in mine.groupby("potential", sort=False):
            found = query.compared(part[value].to_numpy(), part[dft].to_numpy(), query.ways(part))
            body.append(
                [
                    f"{SITE_NAMES[site]}, {cast.name(name)}",
                    count(found.n),
                    number(float(part[dft].median())),
                    number(float(part[value].median())),
                    interval_text(found.rmse),
                    interval_text(found.bias, sign=True),
                    interval_text(found.spearman, sign=True),
                ]
            )
    return table(
        ("site", "n", "median σ, DFT", "median σ, potential", "RMSE", "bias", "Spearman"),
        body,
        caption="σ per site over the compounds that both have. Beneath: 95 % bootstrap interval.",
    )
