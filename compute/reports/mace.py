"""The four MACE models of the published benchmark beside every other foundation potential, on DFT's force constants."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from compute.reports.markdown import ReportTables, interval, number, table
from compute.statistics.bootstrap import Interval
from compute.statistics.leaderboard import TESTED, BoardLine, MedianInterval
from compute.suites import SUITES
from compute.tables.against_dft import SUITES_WITH_PHONONS, TOLERANCE_THZ, AgainstDft, against_dft

_NAMES = {
    "constants_error": "Φ error",
    "omega_rmse_thz": "RMSE of ω",
    "sigma_hessian": "σ of the Hessian error",
}
_BY_DATA = ("mace-mp-0b3-medium", "mace-mpa-0-medium", "mace-omat-0-medium")
_TUNED, _SIBLING = "mace-matpes-pbe-omat-ft", "mace-matpes-r2scan-omat-ft"
_SUSPECT = 0.05
"""Difference of two softening slopes from which a model is called out of line with its sibling."""


def sections(release: ReportTables) -> list[str]:
    """The comparison per suite, what differs among the four, and the published study's statements one by one."""
    suites = [against_dft(release.rows, suite) for suite in SUITES_WITH_PHONONS]
    found = [each for each in suites if each.standings]
    if not found:
        return ["## The four MACE models of the published benchmark\n\nNot computed."]
    four = set(release.rows("SELECT potential FROM potentials WHERE benchmark")["potential"])
    main = found[0]
    parts = [_HEAD, *(_table(each, release, four) for each in found), _differences(main, four), _statements(main)]
    return [*parts, _unknown(release)]


_HEAD = """## The four MACE models of the published benchmark

Φ error: ‖ΔΦ‖/‖Φ‖ against DFT. Slope: softening of Φ, below 1 too soft. σ of the Hessian error: the anharmonicity score
that DFT's own harmonic crystal has when it is held against the potential's force constants; only where DFT is stable.
Medians over materials with 95 % intervals, materials of one anion drawn together. \\* marks the four models of
doi:10.1039/d5cp04693a, of which no number is used here: these are computed from forces that others stored, or here."""


def _table(found: AgainstDft, release: ReportTables, four: set[str]) -> str:
    training = dict(release.rows("SELECT potential, training_set FROM potentials").itertuples(index=False, name=None))
    lines = []
    for line in found.standings:
        star = "\\*" if line.potential in four else ""
        elsewhere = " (own cell)" if line.potential in found.elsewhere else ""
        shown = [_shown(line.medians[name], digits, signed=signed) for name, digits, signed in (
            ("constants_error", 3, False), ("omega_rmse_thz", 2, False), ("omega_bias_thz", 2, True),
            ("slope_constants", 3, False), ("sigma_hessian", 3, False), ("hessian_amplification", 2, False),
        )]  # fmt: skip
        lines.append((line.potential + star + elsewhere, training[line.potential], _n(line), *shown, *_labels(line)))
    lines.append(("always the commoner class", "null", f"{found.n}", *["–"] * 6,
                  f"{max(found.n_stable, found.n_unstable)} of {found.n}",
                  "all" if found.n_stable >= found.n_unstable else "0",
                  "0" if found.n_stable >= found.n_unstable else "all"))  # fmt: skip
    head = ("potential", "training data", "n", "Φ error", "RMSE of ω (THz)", "bias of ω (THz)", "slope",
            "σ of the Hessian error", "σ per Φ error", "labels right", "missed", "false alarms")  # fmt: skip
    suite = SUITES[found.suite]
    said = (
        f"{suite.title}: {suite.cell}. {suite.dft.described}. {suite.caution} DFT calls {found.n_stable} materials"
        f" stable and {found.n_unstable} unstable at the commensurate q points (tolerance {TOLERANCE_THZ:g} THz), of"
        f" {found.n_clusters} anions: what labels say rests on {min(found.n_stable, found.n_unstable)} materials."
        " A failed material counts as wrong."
    )
    return f"### Suite {found.suite}\n\n{said}\n\n{table(head, lines)}"


def _shown(median: MedianInterval, digits: int = 2, *, signed: bool = False) -> str:
    return interval(Interval(median.value, median.low, median.high), digits, signed=signed)


def _n(line: BoardLine) -> str:
    total = line.n_ok + line.n_failed + line.n_not_run
    return f"{line.n_ok} of {total}, the smaller ones" if line.n_not_run else f"{line.n_ok}"


def _labels(line: BoardLine) -> tuple[str, str, str]:
    labels = line.labels
    decided = labels.n_stable + labels.n_unstable
    return f"{labels.n_right} of {decided}", f"{labels.missed}", f"{labels.alarms}"


def _differences(found: AgainstDft, four: set[str]) -> str:
    pairs = [pair for pair in found.pairs if pair.first in four and pair.second in four]
    lines = [
        (
            _NAMES[pair.quantity], pair.first, pair.second, f"{pair.n}",
            interval(Interval(pair.ratio, pair.low, pair.high)), _p(pair.p_holm),
            f"{pair.n_alike} of {pair.n_clusters}", "yes" if pair.measurable else "no",
        )
        for pair in pairs
    ]  # fmt: skip
    total = len([pair for pair in found.pairs if pair.quantity == TESTED[0]])
    said = (
        f"Suite {found.suite}. Ratio: geometric mean of first over second on the materials that both have. p: random"
        f" signs per material, corrected after Holm over all {total} pairs of the table above. Last but one: anions in"
        " which the difference has this sign."
    )
    head = ("quantity", "first", "second", "n", "first/second", "p (Holm)", "anions alike", "measurable")
    return f"### What differs among the four\n\n{said}\n\n{table(head, lines) if lines else 'Not computed.'}"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else number(value, 3)


def _statements(found: AgainstDft) -> str:
    lines = {line.potential: line for line in found.standings}
    return "\n\n".join(
        (
            "### The published study's three statements",
            f"**Accuracy improves with training data.** {_training(found, lines)}",
            f"**Weakly anharmonic compounds are reproduced better.** {_WEAKLY}",
            f"**The largest error is the amplification of force errors in the Hessian.** {_amplification(lines)}",
        )
    )


def _training(found: AgainstDft, lines: dict[str, BoardLine]) -> str:
    here = [name for name in _BY_DATA if name in lines]
    if len(here) < 2:
        return "Not computed."
    errors = [lines[name].medians["constants_error"].value for name in here]
    falls = all(b < a for a, b in pairwise(errors))
    steps = [_step(found, first, second) for first, second in pairwise(here)]
    shown = " → ".join(f"{name} {number(error, 3)}" for name, error in zip(here, errors, strict=True))
    said = "Along MPtrj → MPtrj and sAlex → OMat24 the Φ error "
    said += f"{'falls' if falls else 'does not fall'} at every step ({shown}); {'; '.join(steps)}."
    if _TUNED in lines:
        said += " " + _tuned(lines)
    return said + (
        " What these data cannot say: size of the data, its off-equilibrium part, its settings and the model's own size"
        " change together from one model to the next. Few materials are halides, none is a halide perovskite."
    )


def _step(found: AgainstDft, first: str, second: str) -> str:
    tested = [pair for name in TESTED if (pair := found.pair(name, first, second)) is not None]
    seen = [_NAMES[pair.quantity] for pair in tested if pair.measurable]
    unseen = [_NAMES[pair.quantity] for pair in tested if not pair.measurable]
    parts = [f"measurable in {_listed(seen)}" if seen else "", f"not measurable in {_listed(unseen)}" if unseen else ""]
    return f"{first} to {second}: " + ", ".join(part for part in parts if part)


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _tuned(lines: dict[str, BoardLine]) -> str:
    slope = lines[_TUNED].medians["slope_constants"]
    error = lines[_TUNED].medians["constants_error"].value
    worse = sum(line.medians["constants_error"].value > error for line in lines.values())
    said = (
        f"{_TUNED}, which was trained on OMat24 first and then on MatPES, stands {_ordinal(len(lines) - worse)} of"
        f" {len(lines)} by Φ error, with a slope of {_shown(slope)}:"
        " more data before it did not make it better here."
    )
    sibling = lines.get(_SIBLING)
    if sibling is not None and sibling.medians["slope_constants"].value - slope.value > _SUSPECT:
        said += (
            f" Its sibling tuned on r2SCAN has {number(sibling.medians['slope_constants'].value)}, so the softness is"
            " out of line: whether the stored forces are those of the released weights, only these weights can show."
        )
    return said


def _ordinal(place: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(place, f"{place}th")


_WEAKLY = (
    "Not tested: no σ of DFT is known for these materials, and σ of the Hessian error weighs soft modes by"
    " construction, so that its growth towards soft crystals would prove nothing. What is said of σ elsewhere on this"
    " page is of other potentials."
)


def _amplification(lines: dict[str, BoardLine]) -> str:
    known = {name: line.medians["hessian_amplification"] for name, line in lines.items() if name.startswith("mace-")}
    values = {name: median.value for name, median in known.items() if median.n}
    if not values:
        return "Not computed."
    low, high = (choose(values, key=lambda name: values[name]) for choose in (min, max))
    return (
        f"A Φ error of 10 % makes a σ of {number(values[low] / 10)} ({low}) to {number(values[high] / 10)} ({high}):"
        " the more of the error sits in soft modes, the more. That is the part of the Hessian alone. These data hold no"
        " trajectories and no DFT forces on them, so they cannot say whether forces, Hessian or sampling come first."
    )


def _unknown(release: ReportTables) -> str:
    rows = release.rows(
        "SELECT count(*) AS n FROM anharmonic a JOIN potentials p USING (potential) "
        "WHERE p.benchmark AND a.status = 'ok'"
    )
    n = int(rows["n"].iloc[0])
    stored = f"{n} σ of the four are published here"
    sigma = stored if n else "σ of the four by molecular dynamics is stored nowhere that we know"
    return (
        "### What is not known of the four\n\n"
        f"{sigma}. The two suites of perovskites need the weights, to be fetched under their licences: `softmode"
        " campaign run --preset pccp2026 --accept-licence` computes both, harmonic and σ."
    )
