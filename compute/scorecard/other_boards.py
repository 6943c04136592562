"""Boards of few compounds with DFT of more than a label: tilt wells, and sets of DFT frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from compute.scorecard.board import UNDEFINED, Board, BoardColumn, BoardRow, Entrants, against_null, ordered
from compute.statistics.bootstrap import Interval, clusters_of
from compute.statistics.deviation import mean_interval, rms_interval

_SUITE = "hdp"
_WELLS = (
    BoardColumn("RMSE of the curvature", "eV/Å²", perfect=0),
    BoardColumn("bias of the curvature", "eV/Å²", perfect=0),
    BoardColumn("sign right", text=True),
    BoardColumn("RMSE of ω", "THz", perfect=0),
)
_FRAMES = (
    BoardColumn("relative error of forces", digits=3, perfect=0),
    BoardColumn("slope of forces", perfect=1),
    BoardColumn("relative error of Φ", digits=3, perfect=0),
    BoardColumn("error of σ by forces and Hessian", digits=3, perfect=0),
)
_COLUMNS = ("force_error", "slope", "constants_error", "path_forces_hessian")


def wells_board(rows: pd.DataFrame, listed: Sequence[str], entrants: Entrants) -> Board:
    """Tilt wells of double perovskites against DFT's; `rows` are those of `wells_by_kind` with B and Bp."""
    dft = rows[(rows["kind"] == "reference") & (rows["status"] == "ok")].set_index("compound")
    lines = []
    for name in listed:
        mine = rows[(rows["source"] == name) & rows["compound"].isin(dft.index)].set_index("compound")
        ok = mine[mine["status"] == "ok"]
        values = _wells_values(ok, dft.loc[ok.index])
        lines.append(entrants.row(name, len(ok), len(mine) - len(ok), values))
    lines += _wells_null(dft)
    in_order = ordered(_WELLS, lines)
    return Board(
        id="wells",
        title="Tilt wells: double perovskites",
        says=f"Whether the tilt of the octahedra is soft, and by how much. {against_null(in_order, False)}",
        of="compounds whose well it describes, on the very structures of DFT",
        interval="95 % bootstrap interval, compounds of one B or B′ drawn together; none with few of either",
        columns=_WELLS,
        lines=in_order,
        trust=(
            f"{len(dft)} compounds, of which DFT finds {int((dft['curvature'] < 0).sum())} with a double well."
            " PBE by GPAW; its own error, between k meshes and cutoffs, is on the page of error sources.",
            "The cell is CHGNet 0.3.0's relaxed one for every potential and for DFT: a potential is not judged in its"
            " own cell.",
        ),
    )


def _wells_values(mine: pd.DataFrame, dft: pd.DataFrame) -> tuple[Interval | str, ...]:
    if not len(mine):
        return (UNDEFINED, UNDEFINED, "0 of 0", UNDEFINED)
    curvature, omega = (mine[c].to_numpy(float) - dft[c].to_numpy(float) for c in ("curvature", "omega_thz"))
    right = int(np.sum(np.sign(mine["curvature"].to_numpy(float)) == np.sign(dft["curvature"].to_numpy(float))))
    ways = clusters_of(mine, _SUITE)
    return (
        rms_interval(curvature, clusters=ways),
        mean_interval(curvature, clusters=ways),
        f"{right} of {len(mine)}",
        rms_interval(omega, clusters=ways),
    )


def _wells_null(dft: pd.DataFrame) -> list[BoardRow]:
    if not len(dft):
        return []
    apart = [dft[name].mean() - dft[name].to_numpy(float) for name in ("curvature", "omega_thz")]
    soft = int((dft["curvature"] < 0).sum())
    ways = clusters_of(dft, _SUITE)
    signs = f"{max(soft, len(dft) - soft)} of {len(dft)}"
    values = (
        rms_interval(apart[0], clusters=ways),
        mean_interval(apart[0], clusters=ways),
        signs,
        rms_interval(apart[1], clusters=ways),
    )
    return [BoardRow("null: the mean of DFT", "null", len(dft), 0, values)]


def frames_board(rows: pd.DataFrame, listed: Sequence[str], entrants: Entrants) -> Board:
    """Forces and force constants on sets of DFT frames, `rows` of the table `attribution`."""
    lines = []
    for name in listed:
        mine = rows[rows["potential"] == name]
        ok = mine[mine["status"] == "ok"]
        values = tuple(_range(ok[column].to_numpy(float)) for column in _COLUMNS)
        lines.append(entrants.row(name, len(ok), len(mine) - len(ok), values))
    no_forces = (Interval(1.0, np.nan, np.nan), Interval(0.0, np.nan, np.nan), Interval(1.0, np.nan, np.nan))
    sets = rows["frames"].nunique()
    lines.append(BoardRow("null: no forces at all", "null", sets, 0, (*no_forces, UNDEFINED)))
    own = rows[(rows["potential"] == entrants.potential) & (rows["status"] == "ok")]
    return Board(
        id="frames",
        title="Forces on DFT frames: where an error of σ comes from",
        says=f"Medians over {len(own)} of {sets} sets of frames; per set: {_per_set(own)}.",
        of="sets of frames that it describes",
        interval="smallest and largest over the sets, no confidence interval",
        columns=_FRAMES,
        lines=ordered(_FRAMES, lines),
        trust=(
            f"{sets} sets of about ten frames of halide perovskites: enough to see a failure, too few to rank.",
            "Most frames were sampled by CHGNet 0.3.0, which is at home there; the forces are DFT's.",
            "Relative errors: RMSE over RMS of DFT's. Error of σ: σ of the potential's forces and Φ on these frames"
            " less DFT's, where DFT's Φ is known.",
        ),
    )


def _per_set(own: pd.DataFrame) -> str:
    said = [
        f"{frames.split('-')[1]} {error:.2f}"
        for frames, error in zip(own["frames"], own["force_error"].to_numpy(float), strict=True)
    ]
    return f"relative error of forces {', '.join(said)}" if said else "nothing computed"


def _range(values: np.ndarray) -> Interval:
    known = values[np.isfinite(values)]
    if not known.size:
        return UNDEFINED
    return Interval(float(np.median(known)), float(known.min()), float(known.max()))
