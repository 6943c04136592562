"""The scorecard of a small MACE: computed, interrupted, resumed, drawn, promoted."""

from __future__ import annotations

import json
import math
import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from compute import tables
from compute.cli import app
from compute.potentials import store
from compute.scorecard import plan, results
from compute.scorecard.board import Board, BoardColumn, BoardRow, against_null, ordered
from compute.scorecard.card import Scorecard, scorecard
from compute.scorecard.page import page
from compute.scorecard.promote import promote_folder
from compute.scorecard.run import done, run
from compute.scorecard.tiers import TIERS, Tier
from compute.settings import frames_directory, var_directory
from compute.statistics.bootstrap import Interval
from compute.tables.check import checks
from tests.conftest import ROOT
from tests.support.here import Here

MACE = ROOT / "compute" / "potentials" / "checkpoints" / "softmode-mace-distil-250.model"
PUBLISHED = ROOT / "data" / "parquet"
ID = "new-mace"
TINY = Tier("quick", drawn={"abx3": 3, "hdp": 1}, displaced=("alexandria50",), most_atoms=300)


class Interrupted(Exception):
    """Stands for Ctrl-C and for a kill alike."""


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """A release with a few compounds of each suite, and all published results of them."""
    folder = tmp_path_factory.mktemp("data")
    shutil.copytree(PUBLISHED, folder, dirs_exist_ok=True)
    kept = {
        "abx3": {"CsPbBr3", "CsSnI3", "KMgF3"}, "hdp": {"Cs2AgBiBr6"}, "alexandria50": smallest(2), "mp0b3": set(),
    }  # fmt: skip
    with tables.publishing(folder) as publication:
        for name in ("references", "harmonic", "reference_phonons", "force_constants", "wells", "baselines"):
            rows = [row for row in publication.manifest.read(name).to_pylist() if _kept(row, kept, name)]
            publication.replace(name, tables.from_rows(name, rows))
    return folder


def _kept(row: dict, kept: dict[str, set[str]], name: str) -> bool:
    if name == "wells":
        return row["compound"] in {"Cs2InAgBr6", "K2InAgCl6"}
    return row["compound"] in kept.get(row["suite"], set())


def smallest(n: int) -> set[str]:
    found = tables.read_where(PUBLISHED, "reference_phonons", suite="alexandria50")
    return {row["compound"] for row in sorted(found, key=plan.atoms)[:n]}


@pytest.fixture(scope="module")
def computed(tmp_path_factory, data) -> tuple[list[plan.ScorecardPart], Scorecard, Path]:
    """All parts computed once, interrupted on the way."""
    patch = pytest.MonkeyPatch()
    home = tmp_path_factory.mktemp("home")
    patch.setenv("SOFTMODE_VAR", str(home / "var"))
    patch.setenv("SOFTMODE_POTENTIALS", str(home / "potentials"))
    patch.setenv("SOFTMODE_FRAMES", str(_one_set(home / "frames")))
    try:
        store.add(MACE, ID)
        parts = of(data)
        calls = []

        def stop_after_three(part, work):
            calls.append(work)
            if len(calls) > 4:
                raise Interrupted

        with pytest.raises(Interrupted):
            run(parts, Here(), progress=stop_after_three)
        survived = {path: path.stat().st_mtime_ns for path in var_directory().glob("runs/*/shards/*.json")}
        assert 0 < done(parts) < sum(part.total for part in parts)
        run(parts, Here())
        assert done(parts) == sum(part.total for part in parts)
        assert {path: path.stat().st_mtime_ns for path in survived} == survived, "what was done is not done again"
        results.publish(parts, home / "tables")
        yield parts, scorecard(parts, TINY, data, home / "tables"), home / "tables"
    finally:
        patch.undo()


def _one_set(folder: Path) -> Path:
    folder.mkdir()
    shutil.copy(frames_directory() / "abx3-CsPbBr3-pbe.npz", folder)
    return folder


def of(data: Path) -> list[plan.ScorecardPart]:
    sha256 = store.locate(ID).sha256
    return plan.parts(ID, sha256, TINY, data, var_directory() / "runs")


def board(card: Scorecard, id: str) -> Board:
    return next(board for board in card.boards if board.id == id)


def test_the_sample_is_the_same_every_time_and_for_every_potential():
    one, other = (plan.parts(name, "0" * 64, TIERS["quick"], PUBLISHED, Path("runs")) for name in ("a", "b"))
    assert [part.compounds for part in one] == [part.compounds for part in other]
    drawn = {part.campaign.suite: part for part in one if part.draw}
    assert {suite: len(part.tasks) for suite, part in drawn.items()} == {"abx3": 200, "hdp": 60}
    anions = {row["X"] for row in drawn["abx3"].campaign.references if row["compound"] in drawn["abx3"].compounds}
    assert anions == {row["X"] for row in drawn["abx3"].campaign.references}, "every anion is in it"


def test_what_is_left_out_by_size_is_larger_than_what_is_taken_and_named():
    parts, most = plan.parts("a", "0" * 64, TIERS["quick"], PUBLISHED, Path("runs")), TIERS["quick"].most_atoms
    for suite in TIERS["quick"].displaced:
        (part,) = (part for part in parts if part.campaign.suite == suite)
        sizes = {row["compound"]: plan.atoms(row) for row in tables.read_where(
            PUBLISHED, "reference_phonons", suite=suite)}  # fmt: skip
        assert set(part.left_out) == {name for name, size in sizes.items() if size > most}
        assert part.compounds == set(sizes) - set(part.left_out)
        assert part.left_out


def test_a_failure_is_a_row_counted_beside_the_others(computed):
    """One of the two smallest materials is solid neon, which the potential was not trained on."""
    _, card, folder = computed
    (displaced,) = (part for part in card.counts if part.asked == 2 and "materials" in part.part)
    assert (displaced.ok, displaced.failed) == (1, 1)
    assert [(failure.compound, failure.status) for failure in card.failures] == [("mp-111", "not-described")]
    assert "Ne" in card.failures[0].reason
    rows = {row["compound"]: row for row in tables.read_where(folder, "harmonic", suite="alexandria50")}
    assert rows["mp-111"]["status"] == "not-described"
    line = board(card, "constants-alexandria50").scored
    assert (line.n, line.failed) == (1, 1)
    assert line.values[-1].endswith("of 2"), "a failure is in the denominator of the labels"


def test_the_new_potential_stands_among_the_published_ones_with_n_interval_and_null_row(computed):
    _, card, _ = computed
    for id in ("labels-abx3", "constants-alexandria50", "wells", "frames"):
        lines = board(card, id).lines
        assert [line.potential for line in lines if line.kind == "scored"] == [ID]
        assert any(line.potential == "chgnet-0.3.0" for line in lines)
        assert any(line.kind == "null" for line in lines)
        assert not any((line.potential or "").startswith("softmode-mace") for line in lines), "foundation models alone"
        assert board(card, id).trust, "what limits it is said"
    constants = board(card, "constants-alexandria50").scored
    assert constants.n == 1
    assert 0 < constants.values[0].value < 2
    assert "cations" not in board(card, "labels-hdp").says
    assert not any(line.kind == "null" for line in board(card, "labels-hdp").lines), "two questions are no score"


def test_wells_are_those_of_the_same_structures(computed):
    """The same checkpoint under its published id gives the same numbers by the command that publishes wells."""
    _, card, folder = computed
    assert board(card, "wells").scored.n == 2
    own = {row["compound"]: row for row in tables.read(folder, "wells").to_pylist()}
    dft = {row["compound"]: row for row in tables.read_where(PUBLISHED, "wells", source="dft")}
    for name, row in own.items():
        assert (row["a"], row["x"], row["geometry_from"]) == tuple(
            dft[name][key] for key in ("a", "x", "geometry_from")
        )
        assert row["energies"][-1] == 0
        assert row["curvature"] == pytest.approx(-(row["forces"][-2]) / row["q"][-2], rel=0.5), (
            "−dE/dQ at the smallest Q over Q"
        )


def test_the_page_needs_nothing_else(computed):
    _, card, _ = computed
    html = page(card)
    assert html.count("<svg") >= 4
    assert ID in html
    assert "mp-111" in html
    outside = re.sub(r'xmlns(:\w+)?="[^"]*"', "", html)
    assert not re.search(r"https?:|//\w+\.|<script|<link|@import|url\((?!#)", outside)
    assert all(target.startswith("#") for target in re.findall(r'(?:href|src)="([^"]*)"', outside))


def test_numbers_of_the_page_are_those_of_the_json(computed):
    _, card, _ = computed
    plain = json.loads(json.dumps(card.to_plain(), allow_nan=False))
    line = next(line for b in plain["boards"] if b["id"] == "constants-alexandria50" for line in b["lines"]
                if line["potential"] == ID)  # fmt: skip
    assert f"{line['values'][0]['value']:.3f}" in page(card)


def test_promote_takes_the_tables_and_loses_nothing(computed, data, tmp_path, monkeypatch):
    _, _, folder = computed
    monkeypatch.setenv("SOFTMODE_VAR", str(tmp_path / "another machine"))
    release = tmp_path / "release"
    shutil.copytree(data, release)
    before = {row["run"] for row in tables.read(release, "runs").to_pylist()}
    done = CliRunner().invoke(app, ["data", "promote", str(folder), "--data", str(release), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["rows"] == {"harmonic": 6, "wells": 2, "attribution": 1}
    after = tables.read(release, "runs").to_pylist()
    assert before < {row["run"] for row in after}
    (run_row,) = (row for row in after if row["potential"] == ID and row["suite"] == "abx3")
    (own,) = (row for row in tables.read(folder, "runs").to_pylist() if row["suite"] == "abx3")
    assert {key: run_row[key] for key in ("n_ok", "n_failed", "sample", "code_commit", "checkpoint_sha256")} == {
        key: own[key] for key in ("n_ok", "n_failed", "sample", "code_commit", "checkpoint_sha256")
    }
    mine, theirs = (
        {row["compound"]: row["omega_min_thz"] for row in tables.read_where(place, "harmonic", potential=ID)}
        for place in (release, folder)
    )
    assert mine == theirs
    assert not tables.problems(release)
    again = promote_folder(folder, release, tmp_path / "another machine" / "runs")
    assert again["harmonic"] == 6


def test_promoting_a_smaller_sample_of_a_published_run_keeps_the_larger_one(computed, data, tmp_path):
    _, _, folder = computed
    release, runs = tmp_path / "release", tmp_path / "runs"
    shutil.copytree(data, release)
    promote_folder(folder, release, runs)
    with tables.publishing(release) as publication:
        rows = publication.manifest.read_where("runs", potential=ID, suite="abx3")
        larger = json.loads(rows[0]["sample"]) | {"n": 500}
        publication.put("runs", tables.from_rows("runs", [{**rows[0], "sample": json.dumps(larger)}]))
    promote_folder(folder, release, tmp_path / "elsewhere")
    (after,) = tables.read_where(release, "runs", potential=ID, suite="abx3")
    assert json.loads(after["sample"])["n"] == 500


def test_promote_refuses_a_damaged_folder_and_another_checkpoint(computed, data, tmp_path):
    _, _, folder = computed
    release, damaged = tmp_path / "release", tmp_path / "damaged"
    shutil.copytree(data, release)
    shutil.copytree(folder, damaged)
    next(damaged.glob("harmonic/*.parquet")).write_bytes(b"")
    for place, says in ((damaged, "damaged"), (tmp_path, "holds no tables")):
        failed = CliRunner().invoke(app, ["data", "promote", str(place), "--data", str(release)])
        assert failed.exit_code == 1
        assert says in failed.stderr
    about = tables.read_where(folder, "potentials", potential=ID)
    with tables.publishing(release) as publication:
        publication.upsert("potentials", [{**about[0], "checkpoint_sha256": "1" * 64}])
    other = CliRunner().invoke(app, ["data", "promote", str(folder), "--data", str(release)])
    assert other.exit_code == 1
    assert "another checkpoint" in other.stderr


def test_the_command_writes_page_and_tables_and_says_both(computed, data, tmp_path, monkeypatch):
    """Everything is computed already: the command finds it."""
    _, _, folder = computed
    home = folder.parent
    monkeypatch.setenv("SOFTMODE_VAR", str(home / "var"))
    monkeypatch.setenv("SOFTMODE_POTENTIALS", str(home / "potentials"))
    monkeypatch.setenv("SOFTMODE_FRAMES", str(home / "frames"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setitem(TIERS, "quick", TINY)
    arguments = ["score", ID, "--out", str(tmp_path / "out"), "--data", str(data), "--workers", "1"]
    said = CliRunner().invoke(app, arguments)
    assert said.exit_code == 0, said.output
    assert "scorecard.html" in said.stdout
    assert "null: composition only" in said.stdout
    assert (tmp_path / "out" / "scorecard.html").read_text().startswith("<!doctype html>")
    assert not tables.problems(tmp_path / "out" / "tables")
    assert tables.read(home / "var" / "local", "potentials")["potential"].to_pylist() == [ID]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["score", "chgnet-0.3.0", "--tier", "long"], "quick or full"),
        (["score", "chgnet-0.3.0", "--suite", "mp0b3"], "leave out --suite"),
        (["score", "my-own"], "there is no potential"),
        (["score", "--suite", "abx3"], "No DFT force constants"),
    ],
)
def test_mistakes_are_one_sentence(arguments, says):
    failed = CliRunner().invoke(app, arguments)
    assert failed.exit_code == 1
    assert says in failed.stderr


def test_the_nearest_to_perfect_stands_first_and_null_rows_last():
    columns = (BoardColumn("slope", perfect=1.0),)
    lines = [BoardRow(name, kind, 3, 0, (Interval(value, math.nan, math.nan),)) for name, kind, value in (
        ("far", "published", 0.5), ("none", "null", 1.0), ("near", "scored", 1.1), ("nothing", "published", math.nan),
    )]  # fmt: skip
    assert [line.name for line in ordered(columns, lines)] == ["near", "far", "nothing", "none"]


@pytest.mark.parametrize(
    ("interval", "says"),
    [((0.4, 0.3, 0.5), "told something"), ((0.3, 0.1, 0.5), "not told"), ((0.1, 0.0, 0.15), "worse")],
)
def test_what_an_interval_says_of_the_null_row(interval, says):
    lines = (
        BoardRow("new", "scored", 9, 0, (Interval(*interval),)),
        BoardRow("null", "null", 9, 0, (Interval(0.2, math.nan, math.nan),)),
    )
    assert says in against_null(lines, higher_is_better=True)


def test_a_small_release_of_scorecards_passes_the_checks_that_do_not_ask_for_references(computed):
    _, _, folder = computed
    (files,) = (check for check in checks(folder) if check.name.startswith("files, checksums"))
    assert not files.problems
