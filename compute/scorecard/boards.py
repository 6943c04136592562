"""The boards of a scorecard, made from the published tables with the potential's own results in their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from compute.protocols import HARMONIC_PROTOCOLS
from compute.scorecard.board import UNDEFINED, Board, BoardColumn, BoardRow, Entrants, Parity, against_null, ordered
from compute.scorecard.other_boards import frames_board, wells_board
from compute.scorecard.plan import FRAMES, WELLS, ScorecardPart
from compute.statistics import criteria, verdicts
from compute.statistics.bootstrap import FEWEST_CLUSTERS, Interval
from compute.statistics.comparable import CUT_AT_ZERO, comparable
from compute.statistics.leaderboard import BoardLine, MedianInterval
from compute.statistics.verdicts import FAILED, SMALLEST_CLASS, Score
from compute.suites import SUITES
from compute.tables.against_dft import AgainstDft, against_dft
from compute.tables.pairs import joined
from compute.tasks.task import AttributionTask

_INTERVAL = "95 % bootstrap interval, compounds of one {} drawn together"
_CONSTANTS = (
    BoardColumn("Φ error", digits=3, perfect=0),
    BoardColumn("RMSE of ω", "THz", perfect=0),
    BoardColumn("bias of ω", "THz", perfect=0),
    BoardColumn("slope of Φ", perfect=1),
    BoardColumn("σ of the Φ error", digits=3, perfect=0),
    BoardColumn("labels right", text=True),
)
_MEDIANS = ("constants_error", "omega_rmse_thz", "omega_bias_thz", "slope_constants", "sigma_hessian")
_LABELS = (
    BoardColumn("MCC", perfect=1),
    BoardColumn("balanced accuracy", perfect=1),
    BoardColumn("unstable called stable", text=True),
    BoardColumn("stable called unstable", text=True),
    BoardColumn("undecidable", text=True),
)
_CROSS = (
    BoardColumn("own label stable", text=True),
    BoardColumn("undecidable", text=True),
    BoardColumn("own stable where DFT's σ < 1", text=True),
    BoardColumn("own unstable where DFT's σ ≥ 1", text=True),
)


def boards(parts: Sequence[ScorecardPart], data: Path, own: Path) -> list[Board]:
    """The boards of what `parts` asked for; `own` is the release that `results.publish` made of them."""
    potential = parts[0].campaign.potential
    with joined(data, own, instead=True) as connection:
        rows = connection.sql("SELECT * FROM potentials").to_arrow_table().to_pylist()
        known = {row["potential"]: row for row in rows}
        found = [_board(connection, part, potential, known) for part in parts if part.tasks]
    return [board for board in found if board is not None]


def _board(
    connection: duckdb.DuckDBPyConnection, part: ScorecardPart, potential: str, known: Mapping[str, Mapping[str, Any]]
) -> Board | None:
    suite, stage = part.campaign.suite, part.campaign.stage
    entrants = Entrants(potential, {name: str(row["name"]) for name, row in known.items()})
    if stage is WELLS:
        rows = connection.execute(
            'SELECT w.*, r.B, r.Bp FROM wells_by_kind w LEFT JOIN "references" r USING (suite, compound)'
            " ORDER BY compound"
        ).df()
        return wells_board(rows, _listed(rows["source"], known, potential), entrants)
    if stage is FRAMES:
        sets = {task.frames for task in part.tasks if isinstance(task, AttributionTask)}
        rows = connection.execute("SELECT * FROM attribution ORDER BY frames").df()
        rows = rows[rows["frames"].isin(sets)]
        return frames_board(rows, _listed(rows["potential"], known, potential), entrants)
    if part.campaign.protocol == HARMONIC_PROTOCOLS["published-displacements"]:

        def query(sql: str, parameters: Mapping[str, Any]) -> pd.DataFrame:
            return connection.execute(sql, dict(parameters)).df()

        return constants_board(against_dft(query, suite, part.compounds, also=potential), part, entrants)
    rows = connection.execute(
        "SELECT * FROM pairs WHERE suite = $suite AND potential IS NOT NULL ORDER BY potential, compound",
        {"suite": suite},
    ).df()
    rows = rows[rows["compound"].isin(part.compounds)]
    groups = {name: rows[rows["potential"] == name] for name in _listed(rows["potential"], known, potential)}
    groups = {name: group for name, group in groups.items() if _mostly_run(group) or name == potential}
    board = labels_board if "harmonic" in SUITES[suite].criteria else cross_board
    return board(groups, part, entrants, str(known[potential]["functional"]))


def _listed(found: pd.Series, known: Mapping[str, Mapping[str, Any]], potential: str) -> list[str]:
    """Foundation potentials among `found`, and the new one."""
    return [
        name
        for name in sorted(set(found))
        if name == potential or (name in known and known[name]["category"] != "distilled")
    ]


def _mostly_run(rows: pd.DataFrame) -> bool:
    return bool(2 * (rows["status"] != "not-run").sum() >= len(rows))


def constants_board(found: AgainstDft, part: ScorecardPart, entrants: Entrants) -> Board:
    """Force constants against DFT's, in DFT's cell and supercells."""
    own = entrants.potential
    lines = [_constants_line(line, entrants) for line in found.standings if line.n_ok or line.potential == own]
    right = max(found.n_stable, found.n_unstable)
    larger = "stable" if found.n_stable >= found.n_unstable else "unstable"
    lines.append(
        BoardRow(f"null: always {larger}", "null", found.n, 0, (*[UNDEFINED] * 5, f"{right} of {found.n}")),
    )
    suite = SUITES[found.suite]
    best = next((line for line in found.standings if line.potential != own and line.n_ok), None)
    return Board(
        id=f"constants-{found.suite}",
        title=f"Force constants against DFT: {suite.title}",
        says=_compared(found, best, entrants),
        of="materials that it describes; Φ error is ‖ΔΦ‖/‖Φ‖, medians over materials",
        interval=_INTERVAL.format("anion"),
        columns=_CONSTANTS,
        lines=ordered(_CONSTANTS, lines),
        trust=(
            f"DFT: {suite.dft.described}. Cell: {suite.cell}.",
            _smaller(min(found.n_stable, found.n_unstable), "labels"),
            "A median is over what a potential describes: two potentials are tested on the materials of both.",
            *([suite.caution] if suite.caution else []),
            *_left_out(part),
        ),
    )


def _constants_line(line: BoardLine, entrants: Entrants) -> BoardRow:
    labels = line.labels
    right = f"{labels.n_right} of {labels.n_stable + labels.n_unstable}"
    values: tuple[Interval | str, ...] = (*(_interval(line.medians[name]) for name in _MEDIANS), right)
    return entrants.row(line.potential, line.n_ok, line.n_failed, values)


def _interval(median: MedianInterval) -> Interval:
    return Interval(median.value, median.low, median.high)


def _compared(found: AgainstDft, best: BoardLine | None, entrants: Entrants) -> str:
    if best is None:
        return "No published potential was run on these materials."
    pair = found.pair("constants_error", entrants.potential, best.potential)
    other = entrants.names.get(best.potential, best.potential)
    if pair is None:
        return f"It shares too few materials with {other} to be compared."
    ratio, low, high = pair.ratio, pair.low, pair.high
    if pair.first != entrants.potential:
        ratio, low, high = 1 / ratio, 1 / high, 1 / low
    ends = "" if np.isnan(low) else f" [{low:.2f}, {high:.2f}]"
    measured = "measured" if pair.measurable else "no measurable difference"
    return (
        f"On the {pair.n} materials that both describe its Φ error is {ratio:.2f} times{ends} that of"
        f" {other}, the best of the published: {measured}."
    )


def labels_board(groups: Mapping[str, pd.DataFrame], part: ScorecardPart, entrants: Entrants, functional: str) -> Board:
    """Harmonic labels on a drawn sample against DFT's."""
    suite = part.campaign.suite
    scores = {name: criteria.scored(rows, suite, "harmonic") for name, rows in groups.items()}
    lines = [_labels_line(rows, name, scores[name], entrants) for name, rows in groups.items()]
    run = np.any([criteria.potential_answers(rows, "harmonic").run for rows in groups.values()], axis=0)
    first = next(iter(groups.values()))
    for name, null in criteria.null_scores(first, suite, "harmonic", run).items():
        lines.append(BoardRow(criteria.NULLS[name], "null", null.n, 0, (null.mcc, null.balanced_accuracy, "", "", "")))
    in_order = ordered(_LABELS, lines)
    own = scores[entrants.potential]
    return Board(
        id=f"labels-{suite}",
        title=f"Harmonic stability: {SUITES[suite].title}",
        says=f"{own.n - own.n_failed} of {own.n} compounds have a label. {against_null(in_order, True)}",
        of=f"compounds that DFT decides and that were run; stable: ω_min above −{criteria.TOLERANCE_THZ} THz",
        interval=_INTERVAL.format(" or ".join(SUITES[suite].clusters)),
        columns=_LABELS,
        lines=in_order,
        trust=(
            _smaller(own.n_smaller, "score"),
            _drawn(part),
            "The potential's own label counts, a failure is wrong, undecidable (its label turns along the ladder of"
            " displacements, or lies within the noise) stands beside.",
            f"DFT: {SUITES[suite].dft.described}; the potential's training data: {functional}. Where the two differ,"
            " so may the labels without an error of the potential.",
            f"Potentials that were run on fewer than half of these compounds are left out; with fewer than"
            f" {FEWEST_CLUSTERS} clusters there is no interval.",
        ),
        parity=_parity(groups[entrants.potential], suite),
    )


def _parity(rows: pd.DataFrame, suite: str) -> Parity | None:
    dft, own = (comparable(rows[c].to_numpy(float), suite, "min") for c in ("dft_omega_min_thz", "omega_min_thz"))
    known = np.isfinite(dft) & np.isfinite(own)
    if not known.any():
        return None
    bias = float(np.mean(own[known] - dft[known]))
    cut = (suite, "min") in CUT_AT_ZERO
    return Parity(
        "softest ω, cut at 0" if cut else "softest ω", "THz",
        tuple(dft[known].tolist()), tuple(own[known].tolist()),
        f"n = {known.sum()}; on the line the potential is DFT, above it too hard; mean difference {bias:+.2f} THz."
        + (" Cut at 0 on both sides, because DFT's source counts acoustic modes." if cut else ""),
    )  # fmt: skip


def _labels_line(rows: pd.DataFrame, name: str, score: Score, entrants: Entrants) -> BoardRow:
    truth, answer = criteria.dft_labels(rows, "harmonic"), criteria.potential_answers(rows, "harmonic")
    (ss, su), (us, uu) = verdicts.counts(truth, answer).tolist()
    missed, alarms = f"{us} of {us + uu}", f"{su} of {ss + su}"
    values = (score.mcc, score.balanced_accuracy, missed, alarms, str(score.n_undecidable))
    return entrants.row(name, score.n, score.n_failed, values)


def cross_board(groups: Mapping[str, pd.DataFrame], part: ScorecardPart, entrants: Entrants, functional: str) -> Board:
    """Harmonic labels where DFT has published σ at 300 K alone: two questions, side by side."""
    suite = part.campaign.suite
    lines = [_cross_line(rows, name, entrants) for name, rows in groups.items()]
    own = next(line for line in lines if line.kind == "scored")
    return Board(
        id=f"labels-{suite}",
        title=f"Harmonic stability beside DFT at 300 K: {SUITES[suite].title}",
        says=f"{own.n} of {own.n + own.failed} compounds have a label, in the potential's own relaxed cell.",
        of="compounds with a label",
        interval="",
        columns=_CROSS,
        lines=ordered(_CROSS, lines),
        trust=(
            "DFT published σ at 300 K here and no ω: a harmonic label that differs from it is no error, so these counts"
            " are no score and have no null row.",
            _drawn(part),
            f"DFT: {SUITES[suite].dft.described}; the potential's training data: {functional}.",
        ),
    )


def _cross_line(rows: pd.DataFrame, name: str, entrants: Entrants) -> BoardRow:
    answer, truth = criteria.potential_answers(rows, "harmonic"), criteria.dft_labels(rows, "sigma")
    usable = answer.run & (answer.own != FAILED)
    stable, unstable = (usable & (answer.own == label) for label in verdicts.TRUTHS[:2])
    below, above = (usable & (truth == label) for label in verdicts.TRUTHS[:2])
    return entrants.row(
        name,
        int(usable.sum()),
        int(np.sum(answer.own == FAILED)),
        (
            f"{stable.sum()} of {usable.sum()}",
            str(int(np.sum(answer.doubtful & usable))),
            f"{np.sum(stable & below)} of {below.sum()}",
            f"{np.sum(unstable & above)} of {above.sum()}",
        ),
    )


def _smaller(n: int, what: str) -> str:
    if n >= SMALLEST_CLASS:
        return f"The smaller class of DFT has {n}."
    return f"The smaller class of DFT has {n}, fewer than {SMALLEST_CLASS}: the {what} are shown, and say nothing yet."


def _drawn(part: ScorecardPart) -> str:
    if part.draw is None or part.draw.n == len(part.campaign.tasks):
        return "All compounds of the suite."
    return (
        f"{part.draw.n} of {len(part.campaign.tasks):,} compounds, drawn with seed {part.draw.seed} within strata of"
        " anion and DFT's label; small strata are over-represented, so the numbers are of this sample, unweighted and"
        " the same for every potential here, and not of the suite."
    )


def _left_out(part: ScorecardPart) -> list[str]:
    if not part.left_out:
        return []
    return [
        f"{len(part.left_out)} of {len(part.campaign.tasks)} materials are left out by size, the largest sum of atoms"
        " over displaced supercells first: their numbers are not in any row here."
    ]
