"""Compounds by a formula as people write it: elements in any order, subscripts, multiples."""

from __future__ import annotations

import re
from collections.abc import Iterable

from compute.structures.formula import composition_or_none, plain
from dashboard.dataset import Dataset

_NAMES = """SELECT DISTINCT compound, formula FROM "references"
WHERE (len($suites) = 0 OR list_contains($suites, suite))"""
_TOKEN = re.compile(r"([A-Z][a-z]?)(\d*)")


def named(dataset: Dataset, suites: Iterable[str], text: str) -> list[str]:
    """The compounds of `suites`, of all where there are none, that `text` names.

    That is the one of this name, else those of this published formula, else those of the same composition.
    """
    values = {"suites": list(suites), "text": plain(text)}
    exact = dataset.frame(f"{_NAMES} AND $text IN (compound, formula) ORDER BY compound", values)
    for column in ("compound", "formula"):
        same = exact.loc[exact[column] == values["text"], "compound"]
        if len(same):
            return list(same)
    wanted = composition_or_none(text)
    if wanted is None:
        return []
    listed = dataset.frame(f"{_NAMES} AND $text IS NOT NULL ORDER BY compound", values)
    return [compound for compound, formula in listed.itertuples(index=False) if composition_or_none(formula) == wanted]


def tokens(text: str) -> list[str]:
    """Elements of `text`, each with its count where one above 1 is written; none where `text` is not made of elements.

    A formula holds them all when each is in it, with this count where there is one: Br3CsSn, AgBiBr6.
    """
    found = _TOKEN.findall(text)
    if "".join(symbol + count for symbol, count in found) != text:
        return []
    return [symbol + ("" if count == "1" else count) for symbol, count in found]
