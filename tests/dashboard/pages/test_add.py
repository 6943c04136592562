"""The page for the author of a checkpoint: its commands are those of the program, and its state is that of the site."""

from __future__ import annotations

import pytest

from dashboard.pages.add import page
from dashboard.pages.add.steps import commands, steps
from dashboard.views.add import KINDS, AddView
from dashboard.views.codec import build
from tests.support.components import said, words
from tests.support.dashboard_data import CHGNET
from tests.support.documentation import softmode_calls, understood


@pytest.mark.parametrize("kind", KINDS)
def test_every_command_is_understood_by_the_program(kind):
    view = AddView(kind=kind, name="my-mace.2")
    for text in commands(view).values():
        for line in text.splitlines():
            (call,) = softmode_calls(line)
            understood(call)
        assert text in words(steps(view, scored=False))
    assert "my-mace.2" in commands(view)["record"]


@pytest.mark.parametrize(("name", "problem"), [("My MACE", page.NO_ID), ("chgnet-0.3.0", page.TAKEN), ("mine", None)])
def test_an_id_that_cannot_be_given_is_refused_in_a_sentence(name, problem):
    assert page._refused(name) == problem


def test_it_says_whether_there_are_results_and_where(dataset):
    assert "no result of mine on this site yet" in said(page.PAGE.show(dataset, {"id": "mine"}))
    text = said(page.PAGE.show(dataset, {"id": CHGNET}))
    assert f"/models#card-{CHGNET}" in text
    assert "takes neither weights nor code" in text


def test_a_control_of_any_name_is_read():
    assert build(AddView, kind="chgnet", name="mine") == AddView(kind="chgnet", name="mine")
