"""The steps from a file to a scorecard: what to run, what it takes and writes, and where the potential is then."""

from __future__ import annotations

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from compute.scorecard.tiers import TIERS
from dashboard.ui.blocks import Child, card_id, copy_button
from dashboard.ui.glossary import documentation
from dashboard.ui.text import count
from dashboard.views.add import AddView
from dashboard.views.codec import encode
from dashboard.views.stability import StabilityView

KIND_NAMES = {
    "mace": "MACE checkpoint",
    "sevennet": "SevenNet checkpoint",
    "chgnet": "CHGNet checkpoint",
    "calculator": "ASE calculator",
}
_FILES = {"mace": "my.model", "sevennet": "my.pth", "chgnet": "my.pth.tar"}
_CALCULATOR = """\
# my_calculator.py
from my_package import MyCalculator


def calculator(device, dtype):
    return MyCalculator("my.ckpt", device=device, dtype=dtype)
"""


def commands(view: AddView) -> dict[str, str]:
    """The commands of each step, a line each, by its name."""
    return {
        "record": _record(view),
        "score": f"softmode score {view.name} --tier quick",
        "look": "softmode serve",
        "offer": f"softmode data promote var/scorecards/{view.name}/tables\nsoftmode data check",
    }


def _record(view: AddView) -> str:
    if view.kind == "calculator":
        return (
            f"softmode potentials add-calculator my_calculator.py --id {view.name} --requirements my_requirements.txt"
        )
    add = f"softmode potentials add {_FILES[view.kind]} --id {view.name}"
    return f"softmode potentials install SevenNet\n{add}" if view.kind == "sevennet" else add


def steps(view: AddView, *, scored: bool) -> list[Component]:
    """Every step for what `view` has; `scored` says whether this site has results of it."""
    run, quick = commands(view), TIERS["quick"].drawn
    return [
        _step(
            "1. Record it",
            html.P(_recording(view)),
            html.Pre(html.Code(_CALCULATOR), tabIndex=0, className="sql") if view.kind == "calculator" else None,
            *_copied("add-record", run["record"]),
            _facts(
                ("takes", "one force call on a small crystal"),
                ("writes", "the path and the sha256 of the file; the file stays where it is"),
                ("mind", "the file is run as code: add only one that you trust"),
            ),
        ),
        _step(
            "2. Score it",
            html.P(
                f"On {count(quick['abx3'] or 0)} cubic ABX₃ and {count(quick['hdp'] or 0)} double perovskites, drawn "
                "once for every potential, on tilt wells, and on DFT’s own frames and displaced supercells."
            ),
            *_copied("add-score", run["score"]),
            _facts(
                (
                    "takes",
                    "as long as the bar says; after an interruption the same command goes on",
                ),
                (
                    "writes",
                    [
                        "scorecard.html and the folder tables, in ", html.Code(f"scorecards/{view.name}"), " of ",
                        html.Code("SOFTMODE_VAR"), ", which is var unless it is set",
                    ],
                ),
                ("more", ["everything instead of a sample: ", html.Code("--tier full")]),
            ),
        ),
        _step(
            "3. Look at it",
            html.P(
                "A site on the same machine shows it at once, its name marked (local): in the leaderboard, on its "
                "card, and wherever potentials are compared."
            ),
            *_copied("add-look", run["look"]),
            _facts(("here", _here(view) if scored else f"no result of {view.name} on this site yet")),
        ),
        _step(
            "4. Offer it",
            html.P(
                "Nothing enters the published release by itself. A maintainer takes the folder tables of the "
                "scorecard into it; what is published stays, and damage or another protocol is refused."
            ),
            *_copied("add-offer", run["offer"]),
            _facts(
                ("send", "the folder tables, with licence, training set and citation of the potential"),
                ("read", html.A("how to score a new potential", href=documentation("how-to-score"))),
            ),
        ),
    ]  # fmt: skip


def _here(view: AddView) -> list[Component | str]:
    """Links to what this site has of the potential."""
    labels = encode(StabilityView(potentials=(view.name,)))
    return [
        html.A("its card", href=f"/models#{card_id(view.name)}"),
        ", ",
        dcc.Link("its labels", href=f"/stability?{labels}"),
    ]


def _recording(view: AddView) -> str:
    if view.kind == "calculator":
        return (
            "A file with one function, which gets “cpu” or “cuda” and “float32” or “float64”. The packages in "
            "my_requirements.txt are installed apart from all others; leave the option out where there are none."
        )
    heads = {
        "mace": "A model with several heads is told which one by --head.",
        "sevennet": "SevenNet has an interpreter of its own, which the first command makes. A model with several "
        "modalities is told which one by --head.",
        "chgnet": "The file is that of CHGNet’s own save.",
    }
    return f"Put the path of your file in place of {_FILES[view.kind]}. {heads[view.kind]}"


def _step(title: str, *children: Child) -> Component:
    return html.Section([html.H2(title), *children], className="add-step")


def _copied(identity: str, text: str) -> list[Component]:
    return [
        html.Pre(html.Code(text, id=identity), tabIndex=0, className="sql"),
        copy_button(identity, "Copy the commands" if "\n" in text else "Copy the command"),
    ]


def _facts(*facts: tuple[str, Any]) -> Component:
    return html.Dl([part for name, said in facts for part in (html.Dt(name), html.Dd(said))], className="add-facts")
