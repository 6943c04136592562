"""What was computed, and what limits it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from compute.physics.stability import MISSING, STABLE, harmonic_labels, sigma_labels
from compute.protocols import Andersen, SamplingProtocol
from compute.reports.markdown import ReportTables, listed, number, share, table
from compute.statistics.criteria import TOLERANCE_THZ
from compute.suites import SUITES

_STAGES = {"harmonic": ("status", "run", "protocol"), "σ": ("sigma_status", "sigma_run", "sigma_protocol")}


def computed(release: ReportTables, potentials: Sequence[str]) -> str:
    """How many compounds ended how, per suite, potential and stage."""
    lines = []
    for (suite, potential), rows in _chosen(release, potentials).groupby(["suite", "potential"]):
        for stage, (status, run, protocol) in _STAGES.items():
            if rows[run].notna().any():
                counts = rows[status].value_counts()
                failed = {k: int(n) for k, n in sorted(counts.items()) if k not in ("ok", "not-run")}
                lines.append((
                    suite, potential, f"{stage}, {rows[protocol].dropna().iloc[0]}", f"{counts.get('ok', 0):,}",
                    listed(failed), f"{counts.get('not-run', 0):,}",
                ))  # fmt: skip
    text = (
        "Of several runs of one potential that at the cell of DFT answers, then the newest. σ is that by the published"
        " schedule, however few its compounds: the only one that is held against DFT's."
    )
    return "## What was computed\n\n" + text + "\n\n" + table(
        ("suite", "potential", "stage, protocol", "finished", "failed", "not run"), lines
    )  # fmt: skip


def caveats(release: ReportTables) -> str:
    """What a reader must know before using a number."""
    points = [*_functionals(release), *_schedules(release), *_missing(release), *_classes(release), *_doubt(release)]
    return "\n".join(f"- {point}" for point in points)


def _chosen(release: ReportTables, potentials: Sequence[str]) -> pd.DataFrame:
    return release.pairs[release.pairs["potential"].isin(potentials)]


def _functionals(release: ReportTables) -> list[str]:
    found = release.rows(
        "SELECT suite, string_agg(DISTINCT functional, '; ' ORDER BY functional) AS functional"
        ' FROM "references" GROUP BY suite ORDER BY suite'
    )
    dft = "; ".join(f"{row.suite}: {row.functional}" for row in found.itertuples())
    theirs: dict[str, list[str]] = {}
    for potential in release.potentials:
        theirs.setdefault(release.functionals.get(potential, "not stated"), []).append(potential)
    trained = "; ".join(f"{functional}: {', '.join(names)}" for functional, names in theirs.items())
    return [
        f"**Functional.** DFT is {dft}. The potentials learnt {trained}. Where the two differ, part of an error is the"
        " functional's."
    ]


def _schedules(release: ReportTables) -> list[str]:
    found = []
    for row in release.rows("SELECT DISTINCT protocol, protocol_json FROM runs ORDER BY protocol").itertuples():
        settings = str(row.protocol_json)
        if '"sampler"' not in settings:
            continue
        sampler = SamplingProtocol.model_validate_json(settings).sampler
        if isinstance(sampler, Andersen):
            found.append(
                f"{row.protocol} ({sampler.timestep:g} fs, {sampler.steps:,} steps after {sampler.ramp_steps})"
            )
        else:
            found.append(f"{row.protocol} ({sampler.kind})")
    return [
        "**Protocol.** σ depends on how frames were sampled: the published schedule leaves soft modes short of"
        f" equipartition. Compare σ of one protocol only. Protocols here: {', '.join(dict.fromkeys(found)) or 'none'}."
    ]


def _missing(release: ReportTables) -> list[str]:
    found = release.rows(
        "SELECT suite, count(*) AS n, count(sigma) AS known, max(sigma) AS most,"
        ' count(*) FILTER (sigma >= 2) AS large FROM "references" GROUP BY suite ORDER BY suite'
    )
    points = []
    for row in found.itertuples():
        if row.known and not row.large:
            points.append(
                f"**Rows with σ ≥ 2 are missing from {row.suite}**: its source shows none, and the largest of its"
                f" {row.known:,} σ is {number(row.most)}. The least stable compounds are not in any score there."
            )
        elif row.known < row.n and row.known:
            points.append(f"**{row.suite}** has a σ for {share(int(row.known), int(row.n))} compounds.")
    return points


def _classes(release: ReportTables) -> list[str]:
    points = []
    for suite in SUITES:
        rows = release.rows('SELECT sigma, omega_min_thz FROM "references" WHERE suite = $s', {"s": suite}).astype(
            float
        )
        tolerance = TOLERANCE_THZ
        for name, labels in (
            ("σ < 1", sigma_labels(rows["sigma"])),
            (f"harmonic at {tolerance} THz", harmonic_labels(rows["omega_min_thz"], tolerance)),
        ):
            known = labels[labels != MISSING]
            if len(known):
                points.append(f"{suite}, {name}: {share(int((known == STABLE).sum()), len(known))} stable")
    return [
        "**Class ratio.** DFT calls " + "; ".join(points) + ". A constant answer is right that often: read the Matthews"
        " correlation (MCC, 0 for guessing) and the balanced accuracy (0.5 for guessing)."
    ]  # fmt: skip


def _doubt(release: ReportTables) -> list[str]:
    rows = release.pairs[release.pairs["status"] == "ok"]
    points = [
        f"{suite}, {potential}: {number(part['noise_floor_thz'].median())} THz"
        for (suite, potential), part in rows.groupby(["suite", "potential"])
    ]
    return [
        "**Noise.** |ω| below the noise floor of its row is undecidable, and so is a label that another displacement"
        " turns; the score counts the label nevertheless. Labels are of ω at a displacement of 0.01 Å. Median floor: "
        + "; ".join(points)
        + ". CHGNet's forces have a cusp at straight bonds shorter than 3 Å (docs/method.md), so its force constants"
        " there depend on the displacement.",
        "**DFT has no error bars.** No source publishes any: a disagreement within DFT's own scatter counts as an"
        " error of the potential.",
        "**Compounds not run** are no random sample: campaigns compute in an order balanced over anion and σ, so an"
        " unfinished one weighs rare kinds of compounds more than the suite does.",
    ]
