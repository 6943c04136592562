"""The works behind the numbers as BibTeX."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

from compute.suites import SUITES
from dashboard.ui.provenance import AUTHORS, BENCHMARK_DOI, VERSION

_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


def bibtex(title: str, year: int, release: str, potentials: pd.DataFrame) -> str:
    """Entries of Softmode, of the sources of DFT, and of the potentials (columns citation and doi)."""
    own = _entry(
        "software", "softmode", author=f"{{{AUTHORS}}}", title=f"{{{title}}}", year=str(year), version=VERSION,
        note=f"data release {release}" if release else "",
    )  # fmt: skip
    sources = [
        _entry("misc", suite.id, note=suite.citation, doi=suite.doi or "", url="" if suite.doi else suite.source)
        for suite in SUITES.values()
    ]
    works = [
        _entry("misc", key, note=str(row.citation), doi=row.doi if isinstance(row.doi, str) else "")
        for key, row in zip(_keys(potentials["citation"]), potentials.itertuples(index=False), strict=True)
    ]
    chosen = _entry("misc", "benchmark", note="the four published MACE models", doi=BENCHMARK_DOI)
    return "\n\n".join([own, *sources, *works, chosen])


def _entry(kind: str, key: str, **fields: str) -> str:
    year = {} if "year" in fields else {"year": "".join(_YEAR.findall(fields.get("note", ""))[-1:])}
    lines = [f"  {name} = {{{value}}}" for name, value in (fields | year).items() if value]
    return f"@{kind}{{{key},\n" + ",\n".join(lines) + "\n}"


def _keys(citations: Iterable[str]) -> list[str]:
    """One key per work: the first name in it and a number."""
    return [f"{re.sub('[^a-z]', '', str(text).split(',')[0].lower()) or 'potential'}{i}"
            for i, text in enumerate(citations, start=1)]  # fmt: skip
