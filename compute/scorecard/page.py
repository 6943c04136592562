"""The scorecard as one page that needs nothing else: styles and figures are in it."""

from __future__ import annotations

from importlib.resources import files

from compute.scorecard import figures
from compute.scorecard.board import Board, shown
from compute.scorecard.card import Scorecard


def page(card: Scorecard) -> str:
    """The HTML of `card`."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    def drawn(board: Board) -> dict[str, Markup | None]:
        found = {
            "standings": figures.standings(board),
            "parity": None if board.parity is None else figures.parity(board.parity),
        }
        return {name: None if svg is None else Markup(svg) for name, svg in found.items()}  # noqa: S704  our own SVG

    text = files(__package__).joinpath("page.html").read_text(encoding="utf-8")
    template = Environment(autoescape=True, undefined=StrictUndefined).from_string(text)
    return template.render(card=card, figures={board.id: drawn(board) for board in card.boards}, shown=shown)
