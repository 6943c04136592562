"""One attribution: the way from the reference's σ to a potential's, what interacts, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from dash import html
from dash.development.base_component import Component

from compute.physics.attribution import PUBLISHED_PATH, Value
from dashboard.figures.theme import series_colour
from dashboard.figures.waterfall import Level, WaterfallStep, waterfall
from dashboard.queries import attribution as query
from dashboard.queries.attribution import Scored, Step
from dashboard.ui.attribution import STEP_NAMES
from dashboard.ui.blocks import captioned, not_computed, publish_command, statement, statements, table
from dashboard.ui.text import count, number, plural, with_error

# A reweighted mean over fewer frames than this is the value of those few.
FEW_FRAMES = 10
RESCORE = "softmode distil surrogate --limit 180"
"""What computes the rows of a potential in place of DFT anew."""

Names = Mapping[str, str]


def breakdown(found: Scored, order: str, names: Names) -> list[Any]:
    """Everything about one potential on one set of frames, in reading order."""
    row = found.row
    called = names.get(row["potential"], row["potential"])
    if row["status"] != "ok":
        return [html.P(f"{called} could not be scored on {row['frames']}: {row['status']}. {row['reason']}")]
    steps = query.steps(found, order)
    return [
        html.P(_frames_sentence(found, names), className="about"),
        html.Div(
            [
                _waterfall(found, steps, called),
                html.Div([_tiles(found), html.P(_softening_sentences(found, called)), _split(found, steps)]),
            ],
            className="side-by-side",
        ),
        html.Div([html.Div(_ensemble(found, names)), html.Div(_missing(found))], className="pair"),
    ]


def _frames_sentence(found: Scored, names: Names) -> str:
    row = found.row
    temperature = f" at {row['temperature']:g} K" if row["temperature"] is not None else ""
    size = f" of {count(int(row['n_atoms']))} atoms" if row["n_atoms"] is not None else ""
    sampler = str(row["sampler"])
    if found.sampled_by:
        how = sampler.removeprefix(f"{found.sampled_by}: ")
        sampler = f"frames sampled by {names.get(found.sampled_by, found.sampled_by)} ({how})"
    frames = "" if row["n_frames"] is None else f"{plural(int(row['n_frames']), 'frame')}{size}{temperature}"
    own = ""
    if row["n_model_frames"] is not None:
        own = f" The potential’s own frames: {count(int(row['n_model_frames']))}, protocol {row['protocol']}."
    return f"{row['compound']}: {frames}; {sampler}. Reference forces: {row['method']}.{own}"


def _waterfall(found: Scored, steps: Sequence[Step], called: str) -> Component:
    known = _leading(steps)
    start, end = steps[0].before, known[-1].after if known else steps[0].before
    if start not in found.corners:
        return not_computed(f"σ[{start}] of these frames.", publish_command(found.row["potential"]))
    figure = waterfall(
        _level(found, start),
        [_change(step, step in known) for step in steps],
        _level(found, end),
        found.published,
    )
    dotted = f"Dotted: published σ, {number(found.published)}. " if found.published is not None else ""
    return captioned(
        figure,
        [
            html.Strong(f"n = {plural(int(found.row['n_frames'] or 0), 'frame')}. "),
            *_path_sentences(known, called),
            dotted,
            "σ[T, F, Φ] takes frames T, forces F and force constants Φ from the reference (r), the potential (m) or, "
            "frames alone, from another sampler (s). "
            "Bars are the replacements one after another, with standard errors",
            "." if all(step.exact for step in known) else "; in this order they are upper limits.",
        ],
        label="σ from the reference to the potential, one replacement after another",
        shape="tall",
    )


def _leading(steps: Sequence[Step]) -> list[Step]:
    """The steps up to the first that is not known."""
    known = []
    for step in steps:
        if step.change is None:
            break
        known.append(step)
    return known


_ON = {"rr": "reference’s F, Φ", "mm": "potential’s F, Φ"}
"""What a corner is on frames that are not its own."""


def _level(found: Scored, corner: str) -> Level:
    value = found.corners[corner]
    who = "reference" if corner == "rrr" else "potential" if corner == "mmm" else _ON.get(corner[1:], "so far")
    return Level(f"{who}<br>[{corner}]", value.value, value.se, _two_lines(value, sign=False))


def _change(step: Step, known: bool) -> WaterfallStep:
    colour = series_colour(PUBLISHED_PATH.index(step.name))
    label = f"{STEP_NAMES[step.name]}<br>[{step.after}]"
    if step.change is None or not known:
        return WaterfallStep(label, None, float("nan"), "not<br>computed", colour)
    return WaterfallStep(label, step.change.value, step.change.se, _two_lines(step.change, exact=step.exact), colour)


def _two_lines(value: Value, *, sign: bool = True, exact: bool = True) -> str:
    first = number(value.value, sign=sign)
    if not np.isfinite(value.se):
        return first
    return f"{first}<br>{'± ' if exact else '±≤'}{number(value.se)}"


def _path_sentences(known: Sequence[Step], called: str) -> list[str]:
    """What the steps do, and whether they cancel; from the numbers."""
    changes = {step.name: step.change for step in known if step.change is not None}
    if not changes:
        return []
    largest = max(changes, key=lambda name: abs(changes[name].value))
    sentences = [f"The largest step is {called}’s {STEP_NAMES[largest]}, {number(changes[largest].value, sign=True)}. "]
    total = sum(change.value for change in changes.values())
    size = sum(abs(change.value) for change in changes.values())
    if len(changes) > 1 and abs(total) < size / 2:
        sentences.append(
            f"Most of it cancels: the steps add up to {number(total, sign=True)}, their sizes to {number(size)}. "
        )
    return sentences


def _tiles(found: Scored) -> Component:
    slope, amplification = found.value("slope"), found.value("amplification")
    force, constants = found.value("force_error"), found.value("constants_error")
    interaction = found.interactions.get("forces_hessian")
    return statements(
        statement(with_error(slope.value, slope.se, 2), "softening slope of forces", "1: neither soft nor stiff"),
        statement(
            with_error(amplification.value, amplification.se, 2),
            "Hessian amplification",
            f"Φ off by {_percent(constants.value)}, forces by {_percent(force.value)}",
        ),
        *(
            [
                statement(
                    with_error(interaction.value, interaction.se, 2, sign=True),
                    "interaction of forces and Hessian",
                    "both together, less each alone",
                )
            ]
            if interaction
            else []
        ),
    )


def _percent(share: float) -> str:
    return f"{number(100 * share, 0)} %" if np.isfinite(share) else number(share)


def _softening_sentences(found: Scored, called: str) -> str:
    slope, slope_constants = found.value("slope"), found.value("slope_constants")
    rmse, rescaled = found.value("force_rmse"), found.value("sigma_rescaled")
    soft = "too soft" if slope.value < 1 else "too stiff"
    parts = [
        f"{called}’s forces are {number(slope.value)} times the reference’s ({soft}), its force constants "
        f"{number(slope_constants.value)} times; the forces’ RMSE is {with_error(rmse.value, rmse.se)} eV/Å."
    ]
    error, residual = found.value("force_error"), found.value("force_error_residual")
    if np.isfinite(residual.value):
        parts.append(
            f"Divided by that number they are still off by {_percent(residual.value)}, before it by "
            f"{_percent(error.value)}: what is left is no softening."
        )
    if elements := found.row.get("elements"):
        slopes = [np.nan if slope is None else slope for slope in found.row["element_slopes"]]
        said = (f"{element} {number(slope)}" for element, slope in zip(elements, slopes, strict=True))
        parts.append(f"By element: {', '.join(said)}.")
    start, moved = found.start, found.on_frames("rmr")
    if np.isfinite(rescaled.value) and {start, moved} <= set(found.corners):
        reference, forces = found.corners[start].value, found.corners[moved].value
        nearer = abs(rescaled.value - reference) < abs(forces - reference)
        parts.append(
            f"With its forces divided by that slope, σ[{moved}] goes from {number(forces)} to "
            f"{with_error(rescaled.value, rescaled.se, 2)}, {'nearer to' if nearer else 'no nearer to'} σ[{start}] = "
            f"{number(reference)}: σ is a norm, so this alone says nothing of single forces."
        )
    return " ".join(parts)


def _split(found: Scored, steps: Sequence[Step]) -> Component:
    orders = int(found.row["shapley_orders"] or 0)
    rows = []
    for step in steps:
        mean = found.shapley.get(step.name)
        rows.append(
            [
                STEP_NAMES[step.name],
                f"[{step.before}] → [{step.after}]",
                _cell(step.change, exact=step.exact),
                _cell(mean),
            ]
        )
    net = found.net
    if np.isfinite(net.value):
        corners = f"[{found.start}] → [{found.on_frames('rmm')}]"
        rows.insert(0, ["forces and Hessian, net", corners, _cell(net), ""])
    total = found.value("total")
    known = np.isfinite(total.value)
    rows.append(["all", "[rrr] → [mmm]", _cell(total if known else None), ""])
    meaning = (
        f"Shapley: mean over the {orders} of 6 orders whose corners are all known."
        if found.shapley
        else "Shapley, the mean over orders, needs σ[mmm]."
    )
    return html.Div(
        [
            table(("step", "corners", "this order", "Shapley"), rows, caption=f"Contributions to σ. {meaning}"),
            _interactions(found),
        ]
    )


def _cell(value: Value | None, *, exact: bool = True) -> Any:
    if value is None:
        return html.Span("not computed", className="muted")
    text = number(value.value, 3, sign=True)
    if not np.isfinite(value.se):
        return [text, html.Span("error not known", className="sub")]
    return [
        text,
        html.Span(f"± {number(value.se, 3)}" if exact else f"± at most {number(value.se, 3)}", className="sub"),
    ]


def _interactions(found: Scored) -> Component:
    rows = []
    for name, value in found.interactions.items():
        one, two, given = query.INTERACTIONS[name]
        third = next(step for step in PUBLISHED_PATH if step not in (one, two))
        rows.append(
            [
                f"{STEP_NAMES[one]} and {STEP_NAMES[two]}",
                f"{STEP_NAMES[third]} of the {'potential' if given else 'reference'}",
                _cell(value),
            ]
        )
    if not rows:
        return html.P("No interaction is known.", className="fine")
    return html.Details(
        [
            html.Summary(f"Interactions ({count(len(rows))} of {count(len(query.INTERACTIONS))} known)"),
            table(
                ("replaced together", "with the", "interaction"),
                rows,
                caption="How much two replacements together differ from their sum: what moves between the bars when "
                "the order changes.",
            ),
        ],
        className="more",
    )


def _ensemble(found: Scored, names: Names) -> list[Component]:
    """Which ensemble T = r is, what DFT's own would give, and what the source of the compound published."""
    row, start = found.row, found.start
    parts: list[Component] = [html.H3("Whose frames, whose σ")]
    rrr = found.corners.get(start)
    if found.sampled_by:
        sampler = names.get(found.sampled_by, found.sampled_by)
        parts.append(
            html.P(
                f"The frames are of the dynamics of {sampler} (T = {found.frames}): σ[{start}] is of the reference’s "
                "forces on that ensemble, and the reference’s own σ[rrr] is not known from it."
            )
        )
    virial, own = found.value("virial_ratio"), found.value("virial_ratio_own")
    if np.isfinite(virial.value):
        of_own = (
            f"; of the potential’s forces on its own frames {with_error(own.value, own.se, 2)}"
            if np.isfinite(own.value)
            else ""
        )
        parts.append(
            html.P(
                f"Virial ratio −⟨F·u⟩/3(N − 1)k_BT of the reference’s forces on these frames: "
                f"{with_error(virial.value, virial.se, 2)}{of_own}. It is 1 in the ensemble of those forces, and above "
                "where the frames go where those forces would not let them."
            )
        )
    if row.get("frames_of") is None:
        parts.append(
            not_computed(
                "Virial ratios, the error of the net step, slopes by element, and what dividing by the slope leaves of "
                "the forces’ error: this row is older than these columns.",
                RESCORE if found.of_surrogate else publish_command(row["potential"]),
            )
        )
    reweighted, effective = row["sigma_reweighted"], row["effective_frames"]
    if reweighted is not None:
        few = " That is too few to trust." if effective < FEW_FRAMES else ""
        parts.append(
            html.P(
                f"Reweighted to DFT’s own ensemble, w ∝ exp(−(E_DFT − E_potential)/k_BT), σ is {number(reweighted)}; "
                f"the weights leave {number(effective, 1)} effective frames of {count(int(row['n_frames']))}.{few}"
            )
        )
    if found.published is not None and rrr is not None:
        difference = number(rrr.value - found.published, sign=True)
        parts.append(
            html.P(
                f"Published σ of {row['compound']}: {number(found.published)} ({found.functional}); here σ[{start}] = "
                f"{with_error(rrr.value, rrr.se, 2)}, a difference of {difference}. The two differ in k points and "
                f"cutoff (here {row['method']}) and in the ensemble: the source’s frames are a short Andersen run of "
                "DFT itself, in which soft modes do not reach equilibrium."
            )
        )
    if len(parts) == 1:
        parts.append(html.P("Neither a published nor a reweighted σ is known."))
    return parts


def _missing(found: Scored) -> list[Component]:
    if not found.missing:
        return [html.H3("Missing corners"), html.P("None: all eight are known.")]
    items = [html.Li([html.Code(f"σ[{corner}]"), f": {needs}"]) for corner, needs in found.missing.items()]
    parts: list[Component] = [html.H3("Missing corners"), html.Ul(items, className="plain")]
    if {"mmr", "mmm"} & set(found.missing):
        parts.append(
            not_computed(
                "Frames sampled by the potential itself.", publish_command(found.row["potential"], sampling=True)
            )
        )
    return parts
