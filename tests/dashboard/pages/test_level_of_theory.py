"""Compounds at a comparable level of theory: first where errors are broken down, and a column of their table."""

from __future__ import annotations

import duckdb
import pytest

from compute import tables
from dashboard.dataset import Dataset
from dashboard.pages.anharmonicity import choices, comparison, data, error_breakdown, levels
from dashboard.pages.compounds import columns
from dashboard.pages.compounds import data as compounds
from dashboard.views.anharmonicity import AnharmonicityView
from dashboard.views.compounds import CompoundsView
from tests.support import dashboard_data
from tests.support.components import cells, words
from tests.support.dashboard_data import CHGNET, SIGMA_PROTOCOL

NOT_COMPARABLE = "KMnF3"  # Mn with an open d shell
VIEW = AnharmonicityView(protocol=SIGMA_PROTOCOL)


@pytest.fixture(scope="module")
def known_level(tmp_path_factory) -> Dataset:
    """The invented tables, with potentials whose level of theory is known."""
    directory = dashboard_data.publish(tmp_path_factory.mktemp("level"))
    rows = [{**row, "theory": "PBE+U"} for row in tables.read(directory, "potentials").to_pylist()]
    tables.publish(directory, {"potentials": tables.from_rows("potentials", rows)})
    return Dataset(directory)


def test_errors_of_comparable_compounds_come_first_and_every_compound_is_counted_once(known_level):
    frame = data.rows(known_level, VIEW, [CHGNET], "sigma")
    published = choices.published_by_level(known_level, VIEW, "sigma")
    with_sigma = [row for row in dashboard_data.ABX3 if row[4] is not None]
    assert sum(published[CHGNET].values()) == len(with_sigma)
    cast = comparison.Cast([CHGNET], [CHGNET], {})
    _, table = levels.by_level(VIEW, frame, published, cast, "")
    said = words(table)
    comparable, other = said.index(f"comparable, {CHGNET}"), said.index(f"not comparable, {CHGNET}")
    assert comparable < other
    mine = frame[frame["comparable_level"] & frame["error"].notna()]
    assert NOT_COMPARABLE not in set(mine["compound"])
    assert said[comparable:].startswith(f"comparable, {CHGNET}{len(mine)}")
    by_kind = words(
        error_breakdown.by_kind(VIEW, frame, choices.published(known_level, VIEW, "sigma"), published, cast)
    )
    assert by_kind.index("By level of theory") < by_kind.index("By how anharmonic")


def test_the_comparable_level_stands_first_in_the_table_of_agreement(known_level):
    names = choices.potentials(known_level, "abx3")
    frame = data.rows(known_level, VIEW, names, "sigma")
    assert frame.loc[frame["comparable_level"], "value"].notna().any()
    said = words(comparison.compared(known_level, VIEW, frame, comparison.Cast(names, names, {}))[-1])
    assert said.index(f"{CHGNET}, comparable level") < said.index("the compounds of the rows above")
    assert said.index(f"{CHGNET}, comparable level") < said.rindex(CHGNET)


def test_the_table_of_compounds_says_what_is_comparable_and_why_not(known_level):
    view = CompoundsView(potentials=(CHGNET,), columns=("level",))
    records, _ = compounds.rows(known_level, view, columns.fields(view.columns), 0, 100)
    shown = cells(columns.drawn(view.columns, [("a", "")], records))
    assert (shown["CsPbI3"]["comparable_level_0"], shown["CsPbI3"]["comparable_reason_0"]) == ("yes", columns.NOTHING)
    assert shown[NOT_COMPARABLE]["comparable_level_0"] == "no"
    assert "Mn" in shown[NOT_COMPARABLE]["comparable_reason_0"]


@pytest.mark.parametrize("asked", [{"columns": ("level",)}, {"level": "comparable"}])
def test_the_files_have_the_level_where_it_is_asked_for_and_the_sql_gives_the_same(known_level, asked):
    view = CompoundsView(potentials=(CHGNET,), **asked)
    assert "comparable_level" not in compounds.exported(CompoundsView())
    written = compounds.export(known_level, view)
    assert list(written.columns) == list(compounds.exported(view))
    level = written.set_index("compound")["comparable_level"]
    assert level["CsPbI3"]
    assert asked.get("level") == "comparable" or not level[NOT_COMPARABLE]
    with duckdb.connect() as connection:
        found = connection.execute(compounds.export_sql(known_level, view, str(known_level.directory))).df()
    assert found["comparable_level"].tolist() == written["comparable_level"].tolist()
