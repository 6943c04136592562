"""A compound is found however its formula is written."""

from __future__ import annotations

import pytest

from dashboard.api.find import address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CsPbI3", "/compound/abx3/CsPbI3"),
        ("I3PbCs", "/compound/abx3/CsPbI3"),
        ("CsPbI₃", "/compound/abx3/CsPbI3"),
        (" Cs Pb I3 ", "/compound/abx3/CsPbI3"),
        ("Cl6InNaRb2", "/compounds?f=Cl6InNaRb2"),
        ("FrPbI3", "/trust?c=FrPbI3"),
        ("CsPb", "/compounds?f=CsPb"),
        ("what?", "/compounds"),
        ("", "/compounds"),
    ],
)
def test_the_address_of_what_is_typed(dataset, text, expected):
    assert address(dataset, text) == expected
