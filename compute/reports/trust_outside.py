"""The part of the page on trust about what the model was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import duckdb
import numpy as np

from compute.reports.markdown import interval, number, share, table
from compute.statistics.paired import Difference
from compute.suites import SUITES
from compute.trust.calibration import auroc, auroc_difference, brier
from compute.trust.conformal import GroupCoverage, coverage
from compute.trust.features import rows_of
from compute.trust.model import TrustModel
from compute.trust.outside import KINDS, SUITES_OUTSIDE, VOTES, Outside, outside
from compute.trust.training import LEVEL, Examples, first_rows

TITLE = "Outside what it was trained on"
_PUBLISHED_SIGMA = """
SELECT count(*) FROM pairs JOIN potentials USING (potential)
WHERE suite = 'hdp' AND category <> 'distilled' AND isfinite(sigma) AND isfinite(dft_sigma)
"""


@dataclass(frozen=True)
class OutsideTests:
    """The answers of the model of ABX3 in every suite outside that has labels.

    `sigmas` is how many σ of `hdp` stand beside DFT's, by the published schedule alone.
    """

    suites: tuple[Outside, ...]
    sigmas: int


def tested_outside(connection: duckdb.DuckDBPyConnection, model: TrustModel, fitted: Examples) -> OutsideTests:
    """The tests of `model`, which was made of `fitted`, on the joined tables of `connection`."""
    asked = {suite: connection.execute(rows_of(suite)).df() for suite in SUITES_OUTSIDE}
    found = (outside(model, fitted, rows, suite) for suite, rows in asked.items() if len(rows))
    row = connection.execute(_PUBLISHED_SIGMA).fetchone()
    return OutsideTests(tuple(one for one in found if len(one.data.right)), int(row[0]) if row else 0)


def section_outside(tests: OutsideTests, fitted: Examples) -> str:
    """The section: a table per suite, the coverage of the intervals, and what follows for a model made of `fitted`."""
    if not tests.suites:
        parts = [_about(), "Not computed: these tables hold none of those suites.", _double(tests.sigmas)]
    else:
        shown = [_of_suite(one) for one in tests.suites]
        parts = [_about(), *shown, _intervals(tests.suites), _verdict(tests.suites, fitted), _double(tests.sigmas)]
    return "\n\n".join(parts)


def short_outside(tests: OutsideTests) -> str:
    """The same in a line of a list."""
    answers = [
        f"{one.suite} {number(answer.first, 2)} (vote split {number(answer.second, 2)})"
        for one in tests.suites
        for answer in [_difference(one, KINDS[-1])]
    ]
    said = "carries over to all of them" if all(map(carries_over, tests.suites)) else "does not carry over"
    return f"- **{TITLE}** the score {said}: {', '.join(answers)}." if answers else f"- **{TITLE}**: not computed."


def carries_over(one: Outside) -> bool:
    """Whether the committee finds errors better than the vote split, measurably."""
    return _difference(one, KINDS[-1]).interval.sign > 0


def _about() -> str:
    return (
        f"## {TITLE}\n\nThe model of ABX3, as it is, asked about labels that it has not been fitted to: stored"
        " frequencies of potentials and of DFT, of any structure type. A material without the sites A, B and X has no"
        " features of the formula, and no source stored the relaxed cell or the ladder of displacements: a missing"
        " feature counts as the mean of ABX3. A potential that the model does not know has no deviations of its own."
        " *Vote split*: the share of the potentials that give the same label, which needs no fit; the other baselines"
        " are fitted to ABX3, as above. The interval draws all materials with one anion together."
    )


def _of_suite(one: Outside) -> str:
    right, about = one.data.right, SUITES[one.suite]
    level = one.data.features["comparable"].to_numpy(float) == 1
    stable = one.data.dft_stable[first_rows(one.data)]
    rows = []
    for name, answer in one.trusts.items():
        mean = f"{answer.mean():.0%}"
        own = name in KINDS
        better = interval(_difference(one, name).interval, 3, signed=True) if own else "–"
        rows.append((
            f"**{name}**" if own else name,
            number(auroc(-answer[level], ~right[level]), 3),
            number(auroc(-answer, ~right), 3),
            number(brier(answer, right), 3),
            mean,
            better,
        ))  # fmt: skip
    constant = float(right.mean() * (1 - right.mean()))
    rows.append(("one probability for all, known afterwards", "0.500", "0.500", number(constant, 3), "–", "–"))
    head = ("answer", "AUROC of errors, comparable level", "all", "Brier", "mean trust", f"AUROC, this − {VOTES}")
    known = ", ".join(f"`{name}`" for name in one.known)
    return (
        f"### {about.title} (`{one.suite}`)\n\nn = {len(right):,} labels of {len(stable):,} materials and"
        f" {len(np.unique(one.data.potentials))} potentials, {share(int((~right).sum()), len(right))} wrong;"
        f" {int(level.sum()):,} at comparable level, {int((~right[level]).sum())} wrong. DFT ({about.dft.described})"
        f" calls {share(int(stable.sum()), len(stable))} of the materials stable. Known here: {known}."
        + (f" {about.caution}" if about.caution else "")
        + f"\n\n{table(head, rows)}"
    )


def _intervals(found: Sequence[Outside]) -> str:
    rows = [
        (one.suite, kind, f"{every.n:,}", f"{every.covered:.1%}", number(every.width, 2))
        for one in found
        for kind in KINDS
        for every in [_coverage(one, kind)]
    ]
    head = ("suite", "rests on", "n", f"Δω_min within the {LEVEL:.0%} bound", "median bound (THz)")
    return f"Intervals of |Δω_min|, with the bound of ABX3:\n\n{table(head, rows)}"


def _verdict(found: Sequence[Outside], fitted: Examples) -> str:
    carried = [one.suite for one in found if carries_over(one)]
    lost = [one.suite for one in found if not carries_over(one)]
    if not lost:
        return f"**It carries over**: in {', '.join(carried)} the committee finds errors better than the vote split."
    areas = ", ".join(
        f"{number(answer.first, 2)} against {number(answer.second, 2)}"
        for one in found
        if one.suite in lost
        for answer in [_difference(one, KINDS[-1])]
    )
    shares = ", ".join(f"{_stable_share(one.data):.0%}" for one in found if one.suite in lost)
    held = ", ".join(f"{_coverage(one, KINDS[-1]).covered:.0%}" for one in found)
    return (
        f"**It does not carry over** to {', '.join(lost)}: its area is {areas} of the vote split. Of cubic ABX3 DFT"
        f" calls {_stable_share(fitted):.0%} stable, of these materials {shares}: the score doubts every “stable” for a"
        " reason that holds for cubic ABX3 alone. A compound of another structure type gets no score, and the page and"
        " the command say that it is outside what the model was trained on; what serves there is the vote split. The"
        f" bounds of |Δω_min| hold for {held}, at {LEVEL:.0%} promised."
    )


def _stable_share(data: Examples) -> float:
    """Share of the compounds that DFT calls stable."""
    return float(data.dft_stable[first_rows(data)].mean())


def _double(sigmas: int) -> str:
    if sigmas:
        return (
            f"Double perovskites (`hdp`) have DFT's σ and no DFT frequency: {sigmas:,} values of σ by the published"
            " schedule stand beside DFT's, but no score is fitted to σ, so there is none to test."
        )
    return (
        "Double perovskites (`hdp`) have DFT's σ and no DFT frequency, and σ is held against DFT by the published"
        " schedule alone: no potential has one there yet, so a test by σ is not computed. Compute it with: `softmode"
        " campaign run --suite hdp --potential chgnet-0.3.0 --stage sigma --protocol published`"
    )


@lru_cache(maxsize=16)
def _difference(one: Outside, name: str) -> Difference:
    return auroc_difference(-one.trusts[name], -one.trusts[VOTES], ~one.data.right, one.anions)


def _coverage(one: Outside, kind: str) -> GroupCoverage:
    return coverage(one.data.error_thz, one.bounds[kind], np.full(len(one.data.right), "all"))[0]
