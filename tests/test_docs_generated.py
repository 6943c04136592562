"""Pages and picture that are made from the code are those of this code."""

from __future__ import annotations

import pytest

from docs.architecture import architecture, beside, layers
from docs.generate import DOCS, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_the_committed_page_is_what_the_code_makes_now(name):
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), "python -m docs.generate"


def test_the_picture_has_every_package_of_the_computing_part_in_a_layer():
    assert beside("compute") == []


@pytest.mark.parametrize(("stack", "found"), [("compute", str.find), ("dashboard", str.rfind)])
def test_the_picture_has_the_layers_of_the_import_contract_from_the_top(stack, found):
    picture = architecture()
    names = [name.partition(".")[2] for layer in layers(stack) for name in layer]
    places = [found(picture, f">{name}</text>") for name in names]
    assert -1 not in places
    assert places == sorted(places)
