"""What others stored, on the pages: a wider field of potentials, and a second DFT beside the reference."""

from __future__ import annotations

import pytest

from dashboard.dataset import Dataset
from dashboard.pages.compound.page import PAGE
from dashboard.pages.potentials.wider_field import field, wider_field
from tests.support import against_dft_data as data
from tests.support.components import words


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return Dataset(data.publish(tmp_path_factory.mktemp("data")))


def test_the_wider_field_counts_what_has_no_answer(dataset):
    rows = field(dataset).set_index("name")
    assert list(rows.index) == ["MACE-X", "OTHER", "FAILING"]
    assert rows.loc["MACE-X", ["n", "without", "imaginary"]].tolist() == [3, 0, 1]
    assert rows.loc["MACE-X", "rmse"] == pytest.approx(0.2)
    assert rows.loc["FAILING", ["n", "without"]].tolist() == [0, 3]
    said, scrolled = wider_field(dataset)
    assert "3 potentials, of which 1 are MACE models" in words(said)
    table = scrolled.children
    assert "sortable" in table.className.split()
    rows = [row.children for row in table.children[1].children]
    assert [row[0].children for row in rows] == ["MACE-X ★", "OTHER", "FAILING"]
    assert getattr(rows[0][3], "data-value") == "0.2"  # what it is sorted by
    assert rows[2][3].children == "–"  # no frequencies: no error


def test_a_second_dft_stands_beside_the_reference_and_says_what_it_is(dataset):
    shown = words(PAGE.show(dataset, {}, suite="hdp", compound="Cs2AgBiBr6"))
    assert "Another DFT of this composition" in shown
    assert "mp-99" in shown
    assert "20 (not the cubic cell)" in shown
    assert "−0.75" in shown
    assert "not stated" in words(PAGE.show(dataset, {}, suite="hdp", compound="Cs2NaBiI6"))
    assert "Another DFT" not in words(PAGE.show(dataset, {}, suite="hdp", compound="Cs2AgInCl6"))


def test_without_the_source_it_says_how_to_import_it(tmp_path):
    assert "softmode reference import kappa103" in words(wider_field(Dataset(tmp_path)))
