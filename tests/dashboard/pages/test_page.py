"""What every page keeps to: what it shows is what its address says."""

from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.app import PAGES
from dashboard.pages.page import VIEW_QUERY
from dashboard.views.codec import Choice, Choices, Names, Number, written
from tests.support.components import nodes
from tests.support.dashboard_data import CHGNET, MACE, SIGMA_PROTOCOL

BELOW = {"suite": "abx3", "compound": "CsPbI3"}
TEXTS = ("", CHGNET, MACE, "nowhere", SIGMA_PROTOCOL, "one-shot", "CsPbI3", "R", "2", "0" * 16, "formula.asc")


def _values(kind):
    """Values of which the invented tables offer some and not others."""
    if isinstance(kind, Choice):
        return st.sampled_from(kind.words)
    if isinstance(kind, Number):
        return st.sampled_from((kind.low, kind.high))
    if isinstance(kind, Choices):
        return st.sets(st.sampled_from(kind.words), max_size=3).map(lambda found: kind.read(".".join(found)))
    several = isinstance(kind, Names)
    texts = st.sampled_from([text for text in TEXTS if _readable(kind, text) and (text or not several)])
    return st.sets(texts, max_size=2).map(lambda found: tuple(sorted(found))) if several else texts


def _readable(kind, text):
    try:
        return kind.read(text) is not None
    except ValueError:
        return False


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_shows_what_its_address_says(dataset, page):
    named = {name: BELOW[name] for name in page.below}

    @settings(deadline=None, max_examples=30)
    @given(st.builds(page.view, **{item.name: _values(item.metadata["kind"]) for item in fields(page.view)}))
    def follows(asked):
        state = page.resolve(dataset, asked, **named)
        again = page.resolve(dataset, written(page.view, state.address), **named)
        assert (again.view, again.address) == (state.view, state.address)

    follows()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_writes_one_address(dataset, page):
    shown = page.show(dataset, {}, **{name: BELOW[name] for name in page.below})
    assert [node.data for node in nodes(shown) if getattr(node, "id", None) == VIEW_QUERY] == [""]
