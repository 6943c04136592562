"""What a referee found wrong with the first release, as one page: each point by the rule of then and by that of now.

Both columns of a table are computed from the same release, so that a difference is the rule's and not the data's.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from compute import tables
from compute.reports import referee_sources
from compute.reports.markdown import ReportTables, interval, number, share, table
from compute.statistics import criteria
from compute.statistics.bootstrap import clusters_of
from compute.statistics.deviation import mean_interval
from compute.statistics.verdicts import DECIDED, SMALLEST_CLASS, STRICT
from compute.tables import pairs

POTENTIAL = "chgnet-0.3.0"
"""The potential that the points were found on."""

FORMER = "f2f427b"
"""The commit of the release that the referee read."""

_HEAD = """# What a referee found

A referee held the release of 23 November 2026 against its own claims. Each point, by the rule of then and by that of
now: suite abx3, {potential}. What is not computed says so. This page is made by
`softmode data referee --former {former} > docs/referee.md`: with `--former`, a folder or a git revision, the points are
computed on that release too, whose tables lack what was not asked then; `--data` names another folder for the release
of now.
"""


def document(directory: Path, former: Path | None = None) -> str:
    """The page in Markdown, of the release in `directory` and of the `former` one.

    Raises `TableError` when the tables cannot be read.
    """
    parts = [_HEAD.format(potential=POTENTIAL, former=FORMER), _section("The release of now", directory)]
    if former is not None:
        parts.append(_section("The release of then", former))
    return "\n".join(parts)


def _section(title: str, directory: Path) -> str:
    release = tables.read_manifest(directory).release
    with pairs.joined(directory) as connection:
        data = ReportTables(directory, connection)
        rows = data.pairs[(data.pairs["suite"] == "abx3") & (data.pairs["potential"] == POTENTIAL)]
        lines = [
            _labels(data, rows), *_scores(rows), *_sigma(data), _students(data),
            *referee_sources.lines(data, POTENTIAL),
        ]  # fmt: skip
    lines.sort(key=lambda line: int(line[0].split()[0].strip("F")))
    head = ("point", "rule of then", "rule of now")
    return f"## {title}: {release}\n\n{table(head, lines)}\n"


def _labels(data: ReportTables, rows: pd.DataFrame) -> tuple[str, str, str]:
    stable = rows[criteria.dft_labels(rows, "harmonic") == "stable"]
    called = int((stable["omega_min_thz"] > -criteria.TOLERANCE_THZ).sum())
    short = int((stable["cell_constant"].astype(float) / 2 < 3).sum())
    doubtful = int(criteria.potential_answers(rows, "harmonic").doubtful.sum())
    climbed = data.pairs[(data.pairs["suite"] == "abx3") & data.pairs["label_ladder"].notna()]
    ladders = [
        f"{potential}, at 0.01, 0.03 and 0.05 Å: {', '.join(f'{n:,} {label}' for label, n in counts.items())} of"
        f" {counts.sum():,}, {int((own['label_ladder'] != own['label']).sum()):,} not as at 0.01 Å"
        for potential, own in climbed.groupby("potential")
        for counts in [own["label_ladder"].value_counts()]
    ]
    now = f"{doubtful:,} of {len(rows):,} labels undecidable; {'; '.join(ladders) or 'no ladder is computed here'}"
    then = f"at 0.01 Å {share(called, len(stable))} of DFT's stable called stable; {short} of them have B–X < 3 Å"
    return ("F1 labels of one displacement", then, now)


def _scores(rows: pd.DataFrame) -> list[tuple[str, str, str]]:
    by_rule = {rule: criteria.scored(rows, "abx3", "harmonic", rule=rule) for rule in ("score", DECIDED, STRICT)}
    null = criteria.null_scores(rows, "abx3", "harmonic", criteria.potential_answers(rows, "harmonic").run)
    comparable = rows[rows["comparable_level"].astype("boolean").fillna(False)]
    level = criteria.scored(comparable, "abx3", "harmonic")
    small = []
    for anion, part in rows.groupby("X"):
        found = criteria.scored(part, "abx3", "harmonic", draws=10)
        small.append(f"{anion} {found.n_smaller}")
    composition = null.get(criteria.COMPOSITION)
    return [
        (
            "F2 three scores of one thing",
            f"MCC {number(by_rule[DECIDED].mcc.value, 3)} over decided, {number(by_rule[STRICT].mcc.value, 3)} with"
            " undecidable as wrong, both shown",
            f"{interval(by_rule['score'].mcc, 3)} over {by_rule['score'].n:,} on every page, the others by a switch",
        ),
        (
            "F4 no null beside the scores",
            "none",
            f"composition only: MCC {interval(composition.mcc)}; the larger class: not defined" if composition
            else "the larger class: not defined",
        ),
        (
            "F12 level of theory",
            f"all compounds: {interval(by_rule['score'].mcc)}",
            f"comparable level first: {interval(level.mcc)} over {level.n:,}",
        ),
        (
            "F14 small classes",
            "balanced accuracy quoted per anion whatever the class",
            f"compounds of DFT's smaller class by anion: {', '.join(small)}; nothing is said below {SMALLEST_CLASS}",
        ),
    ]  # fmt: skip


def _sigma(data: ReportTables) -> list[tuple[str, str, str]]:
    found = data.rows(
        "SELECT a.protocol, a.status, a.sigma, a.weight, r.sigma AS dft, r.B FROM anharmonic a"
        ' JOIN "references" r USING (suite, compound) WHERE a.suite = $suite AND a.potential = $potential'
        " AND a.status <> 'not-run' AND r.sigma IS NOT NULL ORDER BY a.protocol, a.compound",
        {"suite": "abx3", "potential": POTENTIAL},
    )
    by = {str(protocol): part for protocol, part in found.groupby("protocol")}
    other = by.get("one-shot", found.iloc[:0])
    own = by.get("published-abx3", found.iloc[:0])
    error = (other["sigma"] - other["dft"]).to_numpy(float)
    known = np.isfinite(error)
    dft = other["dft"].to_numpy(float)[known]
    constant = float(np.sqrt(np.mean((dft - dft.mean()) ** 2))) if known.any() else np.nan
    rmse = float(np.sqrt(np.mean(error[known] ** 2))) if known.any() else np.nan
    plain, clustered = mean_interval(error), mean_interval(error, clusters=clusters_of(other, "abx3"))
    left = int((own["status"] == criteria.LEFT).sum())
    return [
        (
            "F4 σ of harmonic samples",
            f"RMSE {number(rmse, 3)} shown as accuracy; a constant has {number(constant, 3)}",
            "held against no DFT; a statement that a constant also earns is not made",
        ),
        (
            "F5 unlike protocols",
            f"one-shot, {share(int(known.sum()), len(other))} with σ",
            f"published schedule, {share(int(own['sigma'].notna().sum()), len(own))} with σ; one-shot by choice",
        ),
        (
            "F10 censoring and selection",
            f"{len(other) - int(known.sum())} of {len(other)} left out as failed",
            f"three outcomes: {int((own['sigma'] < 1).sum())} below 1, {int((own['sigma'] >= 1).sum())} above,"
            f" {left} left their sites; {int(own['weight'].notna().sum())} of {len(own)} carry weights to the suite",
        ),
        (
            "F11 bootstrap over compounds",
            f"bias of one-shot σ {interval(plain, 3, signed=True)}",
            f"{interval(clustered, 3, signed=True)}, B drawn",
        ),
    ]


def _students(data: ReportTables) -> tuple[str, str, str]:
    return (
        "F3 students above their teacher",
        f"{len(data.distilled)} distilled potentials among the others",
        f"in no ranking and no default: {', '.join(sorted(data.distilled)) or 'none'}",
    )
