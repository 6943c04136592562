"""What the trust model is worth, tested on chemistry it has not seen: tables → Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from compute import tables
from compute.reports.markdown import interval, number, share, table
from compute.reports.trust_outside import OutsideTests, section_outside, short_outside, tested_outside
from compute.statistics.paired import Difference
from compute.tables import pairs
from compute.trust.baselines import BASELINES
from compute.trust.calibration import auroc, auroc_difference, brier, reliability
from compute.trust.conformal import GroupCoverage, coverage
from compute.trust.features import EVIDENCE, ROWS, TOLERANCE_THZ
from compute.trust.left_out import SITES, UNRUN, LeftOut, left_out, rounds
from compute.trust.next_runs import STRATEGIES, Replay, replay
from compute.trust.screening import screened
from compute.trust.training import LEAST_COVERED, LEAST_GROUP, LEVEL, Examples, examples, first_rows, train

Array = NDArray[np.float64]

SURE = 0.98
_MISTAKES = 15
REPEATS = 8
_SAID = {1: "better", -1: "worse", 0: "not measurably different"}
LEVELS = (0.0, 0.8, 0.9, 0.95, 0.98, 0.99, 1.01)
MODEL = "committee"


@dataclass(frozen=True)
class Tested:
    """The examples, the answers by site left out and outside, the replay of DFT, the release; `failed` by potential."""

    release: str
    data: Examples
    by_site: Mapping[str, LeftOut]
    replay: Replay
    failed: Mapping[str, int]
    outside: OutsideTests


def trials(directory: Path, seen: Callable[[int], Callable[[], None]] = lambda total: lambda: None) -> Tested:
    """Every test, which takes minutes. `seen` is told how many fits there are; what it returns is called after each."""
    connection, release = pairs.joined(directory), tables.read_manifest(directory).release
    rows = connection.execute(ROWS).df()
    data = examples(rows)
    elements = {site: rounds(data, site) for site in SITES}
    tick = seen(sum(map(len, elements.values())))

    def ticking(names: Sequence[str]) -> Iterator[str]:
        for name in names:
            yield name
            tick()

    failed = rows[rows["status"] != "ok"].groupby("potential").size()
    return Tested(
        release=release,
        data=data,
        by_site={site: left_out(data, site, ticking(names)) for site, names in elements.items()},
        replay=replay(data, iter(range(REPEATS))),
        failed={str(name): int(n) for name, n in failed.items()},
        outside=tested_outside(connection, train(data, release), data),
    )


def document(found: Tested) -> str:
    """The whole page."""
    parts = [
        _head(found),
        _short(found),
        _potentials(found),
        _errors(found),
        _reliability(found),
        _intervals(found),
        _mistakes(found),
        section_outside(found.outside, found.data),
        _screening(found),
        _replay(found),
        _limits(),
    ]
    return "\n\n".join(parts) + "\n"


def _head(found: Tested) -> str:
    data = found.data
    first = first_rows(data)
    return f"""# Trust

How far can the label of one potential be trusted for one compound? The score is the probability that its harmonic label
is that of the published DFT, with an interval for |Δω_min|. Release {found.release} of the tables; this page is made by
`softmode trust report > docs/trust.md`, and nothing in it is typed in.

```sh
softmode trust CsPbBr3 --potential chgnet-0.3.0
```

**What it is.** A logistic regression for q, the probability that DFT calls the compound stable (ω_min above
−{TOLERANCE_THZ} THz), from the features below; all potentials share its weights, and each has small deviations of its
own for label and margin. The trust is q where the potential says stable, 1 − q where it says unstable. For a potential
that has not been run it is q s + (1 − q) u, with s and u the shares of DFT's stable and unstable compounds that it
finds. |Δω_min| has a linear model of its logarithm. Both are calibrated on elements that were left out on B: the
probability by Platt's scaling, the interval by conformal prediction for a new group. The score rests on what there is:
the formula alone, one calculation, or the calculations of several potentials (the committee).

**What it is fitted to.** {first.sum():,} cubic ABX3 perovskites with published PBE,
{data.dft_stable[first].sum()} of them stable, and {len(np.unique(data.potentials))} foundation potentials; distilled
ones know no DFT but their teacher's. The raw label counts, as everywhere. Features: {"; ".join(_features(found))}."""


def _features(found: Tested) -> list[str]:
    present = [name for name in EVIDENCE[MODEL] if found.data.features[name].nunique() > 1]
    missing = [name for name in EVIDENCE[MODEL] if name not in present]
    return [*(f"`{name}`" for name in present), *(f"`{name}` is missing in this release" for name in missing)]


def _short(found: Tested) -> str:
    lines = []
    for site, out in found.by_site.items():
        better = _difference(out, "vote split")
        said = _SAID[better.interval.sign]
        lines.append(
            f"- **New elements on {site}**: the area under the ROC curve of its errors is {number(better.first, 3)};"
            f" vote split {number(better.second, 3)}, difference {_signed(better)}: {said}. Brier score"
            f" {number(brier(out.trusts[MODEL], out.data.right), 4)}, of the vote split"
            f" {number(brier(out.trusts['vote split'], out.data.right), 4)}."
        )
    groups = _judged(found.by_site["B"])
    low = [group for group in groups if group.covered < LEAST_COVERED]
    overall = _overall(found.by_site["B"], MODEL)
    named = ", ".join(f"{group.group} ({group.covered:.0%})" for group in low)
    lines.append(
        f"- **Intervals** of {LEVEL:.0%} hold for {overall.covered:.1%} of the answers, and for {LEAST_COVERED:.0%} or"
        f" more in {len(groups) - len(low)} of {len(groups)} elements on B with at least {LEAST_GROUP} compounds"
        + (f"; not for {named}." if low else ".")
    )
    formula, whole = (auroc(-found.by_site["B"].trusts[kind], ~found.data.right) for kind in ("composition", MODEL))
    lines.append(
        f"- **Most of it is chemistry**: the formula alone reaches {number(formula, 3)} of {number(whole, 3)}, once the"
        " label is known. What the calculations add is the rest."
    )
    lines.append(short_outside(found.outside))
    return "## In short\n\nAsked about elements that it has not seen:\n\n" + "\n".join(lines)


def _potentials(found: Tested) -> str:
    data, rows = found.data, []
    for potential in np.unique(data.potentials):
        own = data.chosen(data.potentials == potential)
        answer = found.by_site["B"].trusts[MODEL][data.potentials == potential]
        stable = own.says_stable
        rows.append((
            potential, f"{len(own.b):,}", found.failed.get(str(potential), 0),
            share(int((own.right & stable).sum()), int(stable.sum())),
            share(int((own.right & ~stable).sum()), int((~stable).sum())),
            number(auroc(-answer, ~own.right), 3), number(float(np.median(np.abs(own.error_thz))), 2),
        ))  # fmt: skip
    head = ("potential", "n", "failed", "right where it says stable", "right where it says unstable",
            "AUROC of its errors, B left out", "Δω_min, median size (THz)")  # fmt: skip
    return (
        "## The potentials\n\nNearly all compounds are unstable, so nearly every “unstable” is right, whoever says it."
        f" A failed calculation has no label to trust.\n\n{table(head, rows)}"
    )


def _errors(found: Tested) -> str:
    parts = []
    for site, out in found.by_site.items():
        right, stable = out.data.right, out.data.says_stable
        rows = []
        for name in (*EVIDENCE, UNRUN, *BASELINES):
            answer = out.trusts[name]
            better = None if name == MODEL else _difference(out, name)
            rows.append((
                f"**{name}**" if name in EVIDENCE else name, number(brier(answer, right), 4),
                *(number(auroc(-answer[of], ~right[of]), 3) for of in (np.ones(len(right), bool), stable, ~stable)),
                "–" if better is None else _signed(better),
            ))  # fmt: skip
        head = ("answer", "Brier", "AUROC of errors", "among “stable”", "among “unstable”", f"{MODEL} − this")
        parts.append(
            f"### Every element on {site} left out in turn\n\nn = {len(right):,} labels, {(~right).sum():,} wrong;"
            f" {stable.sum():,} say stable, of which {(stable & ~right).sum():,} are wrong.\n\n{table(head, rows)}"
        )
    return (
        "## Does it tell wrong labels from right ones?\n\nEverything is fitted anew without all compounds of an"
        " element, calibration included, and asked about those. AUROC of errors: the chance that a wrong label has the"
        " lower trust of the two, 0.5 for guessing. The last column has a 95 % interval, paired, with all compounds"
        " of an element on B drawn together. *Class prior*: the share of a potential's labels that are right."
        " *Label alone*: the same for each of its labels. *Vote split*: how often DFT says stable for so many votes,"
        " at its best. *Margin alone*: a logistic function of label and ω_min, for each potential.\n\n"
        + "\n\n".join(parts)
    )


def _reliability(found: Tested) -> str:
    rows = []
    for site, out in found.by_site.items():
        curve = reliability(out.trusts[MODEL], out.data.right)
        for i, (n, stated, observed) in enumerate(zip(curve.n, curve.stated, curve.observed, strict=True)):
            error = f"{curve.error:.1%}" if i == 0 else ""
            rows.append((site if i == 0 else "", f"{n:,}", f"{stated:.1%}", f"{observed:.1%}", error))
    head = ("left out on", "labels", "trust, mean", "right", "mean distance of the two")
    return (
        f"## Does the probability come true?\n\nLabels in order of the trust ({MODEL}), in ten bins of equal size."
        f"\n\n{table(head, rows)}"
    )


def _intervals(found: Tested) -> str:
    rows = [
        (site, kind, f"{every.n:,}", f"{every.covered:.1%}", number(every.width, 2))
        for site, out in found.by_site.items()
        for kind in EVIDENCE
        for every in [_overall(out, kind)]
    ]
    head = ("left out on", "rests on", "n", f"Δω_min within the {LEVEL:.0%} bound", "median bound (THz)")
    low = [
        (site, group.group, f"{group.n:,}", f"{group.covered:.1%}", number(group.width, 2))
        for site, out in found.by_site.items()
        for group in sorted(_judged(out), key=lambda group: group.covered)
        if group.covered < LEAST_COVERED
    ]
    judged = {site: len(_judged(out)) for site, out in found.by_site.items()}
    named = (
        f"Below {LEAST_COVERED:.0%}, of groups with at least {LEAST_GROUP} compounds"
        f" ({', '.join(f'{n} elements on {site}' for site, n in judged.items())}):\n\n"
        + table(("left out on", "element", "n", "within", "median bound (THz)"), low)
        if low
        else f"No group of at least {LEAST_GROUP} compounds is below {LEAST_COVERED:.0%}."
    )
    return (
        "## Do the intervals hold?\n\nThe bound is one that |Δω_min| of a compound of a new element exceeds at most"
        f" once in ten times. Both sides are cut at zero, as the source's are.\n\n{table(head, rows)}\n\n{named}"
    )


def _mistakes(found: Tested) -> str:
    out = found.by_site["B"]
    data, answer = out.data, out.trusts[MODEL]
    wrong = np.flatnonzero(~data.right)
    sure = int((answer[wrong] >= SURE).sum())
    of = int((answer >= SURE).sum())
    rows = [
        (
            data.compounds[i], data.potentials[i], "stable" if data.says_stable[i] else "unstable",
            "stable" if data.dft_stable[i] else "unstable", f"{answer[i]:.1%}",
            number(float(data.error_thz[i]), 2, signed=True),
        )
        for i in wrong[np.argsort(-answer[wrong], kind="stable")][:_MISTAKES]
    ]  # fmt: skip
    head = ("compound", "potential", "label", "DFT", "trust", "Δω_min (THz)")
    return (
        f"## Where it fails\n\nOf {of:,} labels with a trust of {SURE:.0%} or more, {sure:,}"
        f" ({sure / max(of, 1):.1%}) are wrong. The surest mistakes,"
        f" with every compound of the element on B left out:\n\n{table(head, rows)}"
    )


def _screening(found: Tested) -> str:
    out, rows = found.by_site["B"], []
    first, says = first_rows(out.data), out.data.says_stable
    formula = np.where(says, 1 - out.trusts["composition"], out.trusts["composition"])
    screens = {
        str(name): (out.trusts[MODEL][own], says[own], out.data.dft_stable[own])
        for name in np.unique(out.data.potentials)
        for own in [out.data.potentials == name]
    }
    screens["none: “unstable”, by the formula"] = (
        formula[first],
        np.zeros(first.sum(), bool),
        out.data.dft_stable[first],
    )
    for potential, screen in screens.items():
        result = screened(*screen, LEVELS)
        for i, level in enumerate(LEVELS):
            name = {0.0: "trust all", 1.01: "DFT on all"}.get(level, f"trust ≥ {level:g}")
            rows.append((
                potential if i == 0 else "", name, f"{result.dft_runs[i]:,}", f"{result.recall[i]:.1%}",
                f"{result.false_stable[i]:,}", f"{result.cost[i]:,.0f}",
            ))  # fmt: skip
    head = ("potential", "accepted", "DFT runs", "recall of stable", "false stable", "cost (DFT runs)")
    return (
        "## Screening with trust\n\nThe potential's label where the trust reaches a level, DFT elsewhere, over the"
        " compounds with published DFT. The cost counts a DFT run as 1, a false stable as 1 and a lost stable"
        f" compound as 50; the page [Trust](web.md) has your own. The last screen needs no potential: every compound is"
        f" called unstable and the formula alone says where to doubt it.\n\n{table(head, rows)}"
    )


def _replay(found: Tested) -> str:
    shown = found.replay
    rows = [
        (f"{n:,}", *(_mean(shown.brier[name][:, i]) for name in STRATEGIES)) for i, n in enumerate(shown.n.tolist())
    ]
    gain = shown.brier["random"] - shown.brier["expected error"]
    against = shown.brier["uncertainty"] - shown.brier["expected error"]
    last = [
        f"{name} {_mean(values.mean(axis=1), signed=True)}"
        for name, values in (("random", gain), ("uncertainty", against))
    ]
    return (
        "## The next DFT run\n\nPublished DFT, published again: the model of the formula starts with"
        f" {shown.n[0]} compounds and is given {shown.n[1] - shown.n[0]} at a time, chosen at random, by uncertainty (q"
        " nearest to one half) or by the expected reduction of the error. Brier score of DFT's label over"
        f" {shown.n_tested:,} compounds that are never offered, mean and standard error of {len(gain)} repeats."
        f"\n\n{table(('DFT runs', *STRATEGIES), rows)}\n\nMean Brier score above that of the expected error, over all"
        f" steps: {'; '.join(last)}. The compounds that are worth most now are listed on the page [Trust](web.md) and"
        " by `softmode trust next`."
    )


def _limits() -> str:
    return """## Limits

- Cubic ABX3 alone: no other suite has published frequencies of as many compounds of one structure, and the score does
  not carry over (above). Another formula gets no score and says why.
- The published DFT is PBE without spin and without U. Trust in another functional is trust in agreeing with that.
- One label per compound and potential: whether ω_min is above the tolerance in the cubic cell. It says nothing of σ or
  of the stability of other phases.
- The elements are those of the suite. For others the size of the interval is a guess, and the answer says so."""


def _difference(out: LeftOut, name: str) -> Difference:
    return auroc_difference(-out.trusts[MODEL], -out.trusts[name], ~out.data.right, out.data.b)


def _signed(found: Difference) -> str:
    return interval(found.interval, 3, signed=True)


def _overall(out: LeftOut, kind: str) -> GroupCoverage:
    return coverage(out.data.error_thz, out.bounds[kind], np.full(len(out.data.b), "all"))[0]


def _judged(out: LeftOut) -> list[GroupCoverage]:
    """Coverage of the committee in groups of enough compounds."""
    compounds = {str(g): len(np.unique(out.data.compounds[out.groups == g])) for g in np.unique(out.groups)}
    found = coverage(out.data.error_thz, out.bounds[MODEL], out.groups)
    return [group for group in found if compounds[group.group] >= LEAST_GROUP]


def _mean(values: Array, *, signed: bool = False) -> str:
    error = float(np.std(values, ddof=1) / np.sqrt(len(values)))
    return f"{number(float(values.mean()), 4, signed=signed)} ± {number(error, 4)}"
