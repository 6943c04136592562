"""How well potentials reproduce published labels, frequencies and σ."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product

import numpy as np
import pandas as pd

from compute.physics.phonons import signed_square
from compute.reports.markdown import ReportTables, interval, number, share, table
from compute.statistics import confusion, criteria, verdicts
from compute.statistics.bootstrap import Interval, clusters_of, percentile_interval, resampled_sums
from compute.statistics.comparable import comparable
from compute.statistics.criteria import COMPOSITION, CONSTANT, NULL_NUMBERS, NULLS, TOLERANCE_THZ
from compute.statistics.deviation import Agreement, agreement, rmse_difference
from compute.statistics.paired import differences_of_counts
from compute.statistics.strata import STRONG, WEAK, anharmonicity_strata
from compute.statistics.survey import to_the_suite
from compute.statistics.verdicts import DECIDED, SMALLEST_CLASS, STRICT, Score

PLACES = {"gamma": "Γ", "r": "R", "m": "M", "x": "X", "min": "softest"}
_FEWEST = 3
_STRATA = (", comparable level", "")
"""What a name ends in: first the compounds in which potential and DFT mean the same level of theory, then all."""


def sections(release: ReportTables, potentials: Sequence[str]) -> list[str]:
    """Labels, frequencies and σ of `potentials`, and which of them are better."""
    return [
        labels(release, potentials, "harmonic"),
        labels(release, potentials, "sigma"),
        frequencies(release, potentials),
        sigma(release, potentials),
        better(release, potentials),
    ]


def labels(release: ReportTables, potentials: Sequence[str], criterion: str) -> str:
    """Confusion counts and the score of one criterion, with what knows no forces in the same table."""
    lines, others = [], []
    for stratum, (suite, groups) in product(_STRATA, _suites(release, potentials).items()):
        kept = {name: part for name, rows in groups.items() if len(part := _of_stratum(rows, stratum))}
        found = {name: criteria.scored(rows, suite, criterion) for name, rows in kept.items()}
        found = {name: score for name, score in found.items() if score.n}
        for name, score in found.items():
            lines.append(_label_line(suite, name + stratum, score, *_sides(kept[name], criterion)))
            if not stratum:
                others.append(_other_rules(suite, name, kept[name], criterion))
        if found:
            run = np.any(
                [_sides(groups[name], criterion)[1].run & _in_stratum(groups[name], stratum) for name in found], axis=0
            )
            first = groups[next(iter(found))]
            lines += [
                (suite, f"*{NULLS[name]}{stratum}*", f"{null.n:,}", f"{null.n_smaller:,}", interval(null.mcc),
                 interval(null.balanced_accuracy), *[""] * 5)
                for name, null in criteria.null_scores(first, suite, criterion, run).items()
            ]  # fmt: skip
    title, rule = {
        "harmonic": ("Harmonic stability", f"Stable: softest ω above −{TOLERANCE_THZ} THz, on both sides."),
        "sigma": (
            "Stability at 300 K",
            "Stable: σ below 1, on both sides, the potential's by the published schedule; a run whose atoms leave"
            " their sites is unstable.",
        ),
    }[criterion]
    head = ("suite", "potential", "n", "of the smaller class", "MCC", "balanced accuracy", "unstable called stable",
            "stable called unstable", "undecidable", "failed", "not run")  # fmt: skip
    said = (
        f"{rule} The score: every compound that DFT decides and that was run is in n; the potential's own label counts,"
        " a failure is wrong. Undecidable and failed are among n, not run is beside it. The MCC of a constant answer is"
        " not defined and says as little as 0. Comparable level: no open d or f shell, no element with +U in the"
        " training data, PBE on both sides. Where compounds are not run, the score is of those that were, unweighted,"
        " and they are no random sample of the suite: campaigns take small strata first, so the smaller class is"
        " over-represented; compare on common compounds, as below."
    )
    if not lines:
        return f"## {title}\n\n{said}\n\nNot computed."
    lines.sort(key=lambda line: line[0])
    conventions = (
        "By the two other conventions the MCC would be (only labels outside the noise; undecidable and failed as"
        " wrong):\n\n" + "\n".join(others)
    )
    return f"## {title}\n\n{said}\n\n{table(head, lines)}\n\n{conventions}"


def _label_line(
    suite: str, name: str, score: Score, truth: verdicts.Labels, answer: verdicts.Answers
) -> tuple[str, ...]:
    (ss, su), (us, uu) = verdicts.counts(truth, answer).tolist()
    left_out = int(np.sum(np.isin(truth, confusion.CLASSES) & ~answer.run))
    return (
        suite, name, f"{score.n:,}", f"{score.n_smaller:,}", interval(score.mcc), interval(score.balanced_accuracy),
        share(us, us + uu), share(su, ss + su), f"{score.n_undecidable:,}", f"{score.n_failed:,}",
        f"{left_out:,}: as run, unweighted" if left_out else "0",
    )  # fmt: skip


def _other_rules(suite: str, name: str, rows: pd.DataFrame, criterion: str) -> str:
    decided, strict = (criteria.scored(rows, suite, criterion, rule=rule) for rule in (DECIDED, STRICT))
    return f"- {suite}, {name}: {interval(decided.mcc)} over {decided.n:,}; {interval(strict.mcc)} over {strict.n:,}."


def frequencies(release: ReportTables, potentials: Sequence[str]) -> str:
    """Agreement of ω² with DFT at the points that a suite publishes."""
    lines = []
    for suite, groups in _suites(release, potentials).items():
        if suite == "mp0b3":  # compared on meshes, in a section of its own
            continue
        for place, name in PLACES.items():

            def square(rows: pd.DataFrame, side: str, suite: str = suite, place: str = place) -> np.ndarray:
                return signed_square(comparable(rows[f"{side}omega_{place}_thz"].astype(float), suite, place))

            asked = {p: rows[rows["status"] != "not-run"] for p, rows in groups.items()}
            strata = _STRATA if place == "min" else ("",)
            ran = {p + stratum: _of_stratum(rows, stratum) for stratum in strata for p, rows in asked.items()}
            found = {
                p: agreement(square(rows, ""), square(rows, "dft_"), clusters=clusters_of(rows, suite))
                for p, rows in ran.items()
            }
            found = {p: one for p, one in found.items() if one.n >= _FEWEST}
            lines += [(suite, p, name, *_cells(one, 1)) for p, one in found.items()]
            if found:
                rows = pd.concat([ran[p] for p in found]).drop_duplicates("compound")
                dft, elements = square(rows, "dft_"), square(rows, "composition_")
                lines += _null_lines((suite, name), dft, elements, rows, suite, 1)
    head = ("suite", "potential", "mode", "n", "failed", "RMSE (THz²)", "bias (THz²)", "rank correlation")
    said = (
        "ω² of the softest mode, squares signed: what forces fix. The source of abx3 counts acoustic modes at Γ, so Γ"
        " and the softest mode are cut at 0 on both sides."
    )
    return f"## Soft modes\n\n{said}\n\n{table(head, lines) if lines else 'Not computed.'}"


def sigma(release: ReportTables, potentials: Sequence[str]) -> str:
    """Agreement of σ with DFT by the published schedule, and by how anharmonic DFT says a compound is."""
    lines, strata, outcomes = [], [], []
    for suite, groups in _suites(release, potentials).items():
        asked = {p: r[(r["sigma_status"] != "not-run") & r["dft_sigma"].notna()] for p, r in groups.items()}
        ran = {p + stratum: _of_stratum(r, stratum) for stratum in _STRATA for p, r in asked.items()}
        ran = {p: rows for p, rows in ran.items() if len(rows)}
        for potential, rows in ran.items():
            values, dft = (rows[column].to_numpy(float) for column in ("sigma", "dft_sigma"))
            weights = to_the_suite(rows["weight"], np.isfinite(values))
            found = agreement(values, dft, clusters=clusters_of(rows, suite), stands_for=weights)
            lines.append((suite, potential, _sample(weights), *_cells(found, 3)))
            outcomes.append((suite, potential, *_outcomes(rows), _to_the_suite(rows, suite)))
            if said := _weakly(suite, potential, values, dft, rows):
                strata.append(said)
        if ran:
            rows = pd.concat(ran.values()).drop_duplicates("compound")
            dft, elements = (rows[column].to_numpy(float) for column in ("dft_sigma", "composition_sigma"))
            weights = to_the_suite(rows["weight"], np.isfinite(dft))
            lines += _null_lines((suite, _sample(weights)), dft, elements, rows, suite, 3, weights)
    if not lines:
        return "## σ at 300 K\n\nNot computed."
    head = ("suite", "potential", "sample", "n", "without σ", "RMSE", "bias", "rank correlation")
    said = (
        "By the published schedule on both sides; σ by another sampling is held against no DFT here. Of a random sample"
        " whose weights are stored the means are those of the suite; compounds as run are no random sample of it, and"
        " their means are their own."
    )
    ends = (
        "How those runs ended, and how many of each have σ below 1 in DFT. Atoms that leave their sites say that the"
        " structure is not stable at 300 K; their σ is larger than any number and in no average above."
    )
    ended = ("suite", "potential", "run", "σ < 1", "σ ≥ 1", "left their sites", "failed",
             "weighted to the suite: σ < 1, σ ≥ 1, left, %")  # fmt: skip
    parts = [said, table(head, lines), ends, table(ended, outcomes)]
    if strata:
        parts.append("Weakly anharmonic: σ of DFT below 0.5; strongly: above 1.\n\n" + "\n".join(strata))
    return "## σ at 300 K\n\n" + "\n\n".join(parts)


def _sample(weights: np.ndarray | None) -> str:
    return "as run, unweighted" if weights is None else "random, weighted to the suite"


def _outcomes(rows: pd.DataFrame) -> tuple[str, ...]:
    value, left = rows["sigma"].to_numpy(float), (rows["sigma_status"] == criteria.LEFT).to_numpy()
    stable = (rows["dft_sigma"] < criteria.THRESHOLD).to_numpy()
    ends = (value < criteria.THRESHOLD, value >= criteria.THRESHOLD, left, ~np.isfinite(value) & ~left)
    return (f"{len(rows):,}", *(f"{end.sum():,}, {(end & stable).sum():,} of them" for end in ends))


def _to_the_suite(rows: pd.DataFrame, suite: str) -> str:
    """Shares of the three outcomes with the weights of a random sample; a sample asked for by name has none."""
    value = rows["sigma"].to_numpy(float)
    left = (rows["sigma_status"] == criteria.LEFT).to_numpy()
    ended = np.isfinite(value) | left
    weight = to_the_suite(rows["weight"], ended)
    if weight is None:
        return "no random sample"
    ends = (value < criteria.THRESHOLD, value >= criteria.THRESHOLD, left)
    columns = np.stack([*(weight * end for end in ends), weight * ended], axis=1)
    drawn = resampled_sums(np.nan_to_num(columns), clusters=clusters_of(rows, suite))
    total = np.nansum(columns, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = 100 * drawn[:, :3] / drawn[:, 3:]
    return ", ".join(
        interval(Interval(100 * total[i] / total[3], *percentile_interval(shares[:, i])), 0) for i in range(3)
    )


def _weakly(suite: str, potential: str, values: np.ndarray, dft: np.ndarray, rows: pd.DataFrame) -> str:
    """Whether weakly anharmonic compounds are better: said where a constant is not better in them too."""
    error, kind = values - dft, anharmonicity_strata(dft)
    weak, strong = (np.isfinite(error) & (kind == name) for name in (WEAK, STRONG))
    if min(weak.sum(), strong.sum()) < _FEWEST:
        return ""
    clusters = clusters_of(rows, suite)
    apart = rmse_difference(error, weak, strong, clusters=clusters)
    null = rmse_difference(np.nanmean(dft) - dft, weak, strong, clusters=clusters)
    head = (
        f"- {suite}, {potential}: RMSE {number(_rms(error[weak]), 3)} over {weak.sum():,} weakly and"
        f" {number(_rms(error[strong]), 3)} over {strong.sum():,} strongly anharmonic compounds; difference"
        f" {interval(apart, 3, signed=True)}, of a constant {interval(null, 3, signed=True)}: "
    )
    if min(weak.sum(), strong.sum()) < SMALLEST_CLASS:
        return f"{head}fewer than {SMALLEST_CLASS} of one kind, nothing is said."
    verdict = _verdict(apart, "weakly anharmonic compounds are better")
    if verdict != "no measurable difference" and verdict == _verdict(null, "weakly anharmonic compounds are better"):
        return f"{head}a constant does the same, so it says nothing of the potential."
    return f"{head}{verdict}."


def better(release: ReportTables, potentials: Sequence[str]) -> str:
    """Differences of the Matthews correlation on the compounds that two potentials were both run on."""
    lines = []
    groups_of = _suites(release, potentials)
    for suite, criterion in product(groups_of, ("harmonic", "sigma")):
        groups = groups_of[suite]
        sides = {name: _sides(rows, criterion) for name, rows in groups.items()}
        for (first, second), stratum in product(combinations(sides, 2), _STRATA):
            (truth, one), (_, other) = sides[first], sides[second]
            both = one.run & other.run & _in_stratum(groups[first], stratum) & _in_stratum(groups[second], stratum)
            smaller = min(int(np.sum(both & (truth == label))) for label in confusion.CLASSES)
            if both.sum() < _FEWEST or not smaller:
                continue
            clusters = [way[both] for way in clusters_of(groups[first], suite)]
            found = differences_of_counts(
                {"mcc": confusion.mcc}, truth[both], one.own[both], other.own[both], clusters=clusters
            )["mcc"]
            apart = Interval(found.difference, found.low, found.high)
            verdict = (
                _verdict(apart, f"{first} is better", f"{second} is better")
                if smaller >= SMALLEST_CLASS
                else f"fewer than {SMALLEST_CLASS} of one class, nothing is said"
            )
            compounds = stratum.removeprefix(", ") or "all"
            lines.append((suite, criterion, first, second, compounds, f"{found.n:,}", f"{smaller:,}",
                          interval(apart, signed=True), verdict))  # fmt: skip
    if not lines:
        return ""
    head = ("suite", "criterion", "first", "second", "compounds", "n", "of the smaller class",
            "MCC of first − second", "so")  # fmt: skip
    said = (
        "On the compounds that both were run on; the own label counts, a failure is wrong. First those at the same"
        " level of theory as DFT for both, then all. Where a potential was not run on the whole suite they are no"
        " random sample of it, and unweighted."
    )
    return f"## Which potential is better\n\n{said}\n\n{table(head, lines)}"


def _suites(release: ReportTables, potentials: Sequence[str]) -> dict[str, dict[str, pd.DataFrame]]:
    """Rows of `pairs` per suite and potential."""
    rows = release.pairs[release.pairs["potential"].isin(potentials)]
    found: dict[str, dict[str, pd.DataFrame]] = {}
    for (suite, potential), part in rows.groupby(["suite", "potential"]):
        found.setdefault(str(suite), {})[str(potential)] = part
    return found


def _in_stratum(rows: pd.DataFrame, stratum: str) -> np.ndarray:
    """Which rows (n,) are of one of `_STRATA`."""
    kept = rows["comparable_level"].astype("boolean").fillna(False) if stratum else rows["compound"].notna()
    return np.asarray(kept.to_numpy(bool))


def _of_stratum(rows: pd.DataFrame, stratum: str) -> pd.DataFrame:
    return rows[_in_stratum(rows, stratum)]


def _sides(rows: pd.DataFrame, criterion: str) -> tuple[verdicts.Labels, verdicts.Answers]:
    return criteria.dft_labels(rows, criterion), criteria.potential_answers(rows, criterion)


def _null_lines(
    key: tuple[str, ...],
    dft: np.ndarray,
    elements: np.ndarray,
    rows: pd.DataFrame,
    suite: str,
    digits: int,
    weights: np.ndarray | None = None,
) -> list[tuple[str, ...]]:
    """Lines of the constant nearest to DFT and of the elements alone, on the same compounds."""
    named = {CONSTANT: np.full(len(dft), np.nanmean(dft)), COMPOSITION: elements}
    clusters = clusters_of(rows, suite)
    found = {name: agreement(values, dft, clusters=clusters, stands_for=weights) for name, values in named.items()}
    return [(key[0], f"*{NULL_NUMBERS[name]}*", *key[1:], *_cells(one, digits)) for name, one in found.items() if one.n]


def _cells(found: Agreement, digits: int) -> tuple[str, ...]:
    return (
        f"{found.n:,}", f"{found.n_failed:,}", interval(found.rmse, digits), interval(found.bias, digits, signed=True),
        interval(found.spearman),
    )  # fmt: skip


def _verdict(apart: Interval, above: str, below: str | None = None) -> str:
    """What the sign of an interval says; of two groups' errors the lower is better, of two scores the higher."""
    if not apart.sign:
        return "no measurable difference"
    if below is None:
        return above if apart.sign < 0 else "the reverse"
    return above if apart.sign > 0 else below


def _rms(error: np.ndarray) -> float:
    return float(np.sqrt(np.mean(error**2)))
