"""`softmode bench --costs`: potentials that load here on the same crystals, and why another one is not measured."""

from contextlib import contextmanager

import pytest
from typer.testing import CliRunner

pytest.importorskip("mace")

from compute.bench import costs
from compute.cli import app
from compute.costs import SIZES, read_costs

HERE, ABSENT = "softmode-mace-distil-250", "mace-mpa-0-medium"


@pytest.fixture
def two_potentials(monkeypatch):
    """One that is here and one whose weights are not, in this process, on the smallest crystal."""

    @contextmanager
    def processes(count):
        yield [lambda function, *arguments: function(*arguments)] * count

    monkeypatch.setattr(costs, "processes", processes)
    monkeypatch.setattr(costs, "loadable", lambda: [HERE, ABSENT])
    monkeypatch.setattr(costs, "_REPEATS", {10: costs._REPEATS[10]})


def test_the_file_says_what_was_measured_where_and_what_was_not(two_potentials, tmp_path):
    file = tmp_path / "costs.json"
    result = CliRunner().invoke(app, ["bench", "--costs", "--to", str(file)])
    assert result.exit_code == 0, result.output
    found = read_costs(file)
    assert set(found.us_per_atom) == {HERE}
    assert found.us_per_atom[HERE][10] > 0
    assert list(found.refused) == [ABSENT]
    assert "potentials fetch" in found.refused[ABSENT]
    assert found.hardware
    assert found.where in " ".join(result.output.split())


def test_crystals_have_the_sizes_that_are_shown():
    assert {5 * a * b * c for a, b, c in costs._REPEATS.values()} == set(SIZES) == set(costs._REPEATS)


def test_nothing_measured_is_no_costs(tmp_path):
    assert read_costs(tmp_path / "costs.json") is None


def test_potentials_that_come_with_the_package_are_measured():
    assert HERE in costs.loadable()
    assert ABSENT not in costs.loadable()
