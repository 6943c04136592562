"""What a referee found of the error sources and of the wells: each point by the rule of then and by that of now."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from compute.reports.markdown import ReportTables, number, share
from compute.reports.regression import shares
from compute.tables.schemas import SURROGATE

Line = tuple[str, str, str]

_SIGMA = """
SELECT a.sigma - r.sigma AS error, r.sigma AS dft FROM anharmonic a JOIN "references" r USING (suite, compound)
WHERE a.suite = 'abx3' AND a.potential = $potential AND a.protocol = 'one-shot' AND a.sigma IS NOT NULL
  AND r.sigma IS NOT NULL
"""
_WELLS = """
SELECT p.q, p.energies, d.energies AS dft_energies, d.q AS dft_q, p.curvature, d.curvature AS dft_curvature
FROM wells_by_kind p JOIN wells_by_kind d USING (suite, compound)
WHERE p.source = $potential AND p.status = 'ok' AND d.kind = 'reference' AND d.status = 'ok'
"""
STEPS = ("path_forces", "path_hessian", "path_sampling")
HEIGHT_AT = 0.4
"""Displacement Q in Å at which the energies of wells are compared."""


def lines(data: ReportTables, potential: str) -> list[Line]:
    """The points F6 to F9 and F13, of `potential` where they are of one."""
    rows = data.rows("SELECT * FROM attribution WHERE status = 'ok'")
    surrogate = rows["frames"].str.contains(SURROGATE)
    real = rows[~surrogate & ~rows["potential"].isin(data.distilled)]
    return [
        _coupling(data, potential),
        _largest(rows[surrogate], real),
        _softening(real[real["potential"] == potential]),
        _frames(real),
        _wells(data, potential),
    ]


def _coupling(data: ReportTables, potential: str) -> Line:
    known = data.rows(_SIGMA, {"potential": potential})
    alone = float(np.corrcoef(known["error"], known["dft"])[0, 1] ** 2) if len(known) > 2 else np.nan
    found = next((s.result for s in shares(data.connection, [potential], ()) if s.protocol == "one-shot"), None)
    now = "not computed"
    if found is not None and not found.too_few:
        now = (
            f"what σ(DFT) leaves of σ of the potential: R² {number(found.r2)}, by chance {number(found.r2_null)}"
            f" (p {number(found.p_value, 3)}, n = {found.n})"
        )
    return (
        "F6 coupling",
        f"σ error explained by harmonic errors; σ(DFT) alone explains {number(alone)} of it (n = {len(known)})",
        now,
    )


def _largest(surrogate: pd.DataFrame, real: pd.DataFrame) -> Line:
    sizes = surrogate.groupby("potential")[list(STEPS)].agg(lambda values: values.abs().mean()).dropna()
    hessian = int((sizes.idxmax(axis=1) == "path_hessian").sum())
    both = real.dropna(subset=["path_forces", "path_hessian"])
    forces = int((both["path_forces"].abs() > both["path_hessian"].abs()).sum())
    mean = {name: number(float(both[name].abs().mean())) for name in ("path_forces", "path_hessian")}
    net = (both["path_forces"] + both["path_hessian"]).abs().mean()
    return (
        "F7 largest source",
        f"Hessian in {hessian} of {len(sizes)} potentials, on frames of a surrogate",
        f"frames with DFT forces first: forces outweigh the Hessian in {share(forces, len(both))} pairs of set and"
        f" potential; mean size {mean['path_forces']} and {mean['path_hessian']}, {number(float(net))} as one net step",
    )


def _softening(own: pd.DataFrame) -> Line:
    tin = own[own["frames"].str.contains("CsSnI3")]
    slope = number(float(tin["slope"].mean())) if len(tin) else "not computed"
    left = own.get("force_error_residual", pd.Series(np.nan, own.index)).astype(float)
    known = left.notna()
    changes = ", ".join(
        f"{row['frames'].split('-')[1]} {number(row['force_error'])} → {number(row['force_error_residual'])}"
        for row in own[known].sort_values("frames").to_dict("records")
    )
    return (
        "F8 softening",
        f"CsSnI3: “the error of the forces is a softening”, by the slope {slope}",
        f"relative force error and what dividing by the slope leaves: {changes}" if changes else "not computed",
    )


def _frames(real: pd.DataFrame) -> Line:
    ratios = real.groupby("frames")["virial_ratio"].first().dropna()
    own, others = (int(real[f"corner_{of}rr"].notna().sum()) for of in "ms")
    found = ", ".join(f"{name.split('-')[1]} {number(float(value))}" for name, value in ratios.items())
    return (
        "F9 whose frames",
        f"corner rrr of all {len(real)} rows",
        f"mrr in {own}, on frames of the potential's own dynamics, srr in {others}, on those of another potential;"
        f" virial ratio of DFT's forces: {found}"
        if found
        else "virial ratios are not computed here",
    )


def _wells(data: ReportTables, potential: str) -> Line:
    rows = data.rows(_WELLS, {"potential": potential})
    n = len(rows)
    right = int((np.sign(rows["curvature"]) == np.sign(rows["dft_curvature"])).sum())
    always = max(int((rows["dft_curvature"] < 0).sum()), int((rows["dft_curvature"] > 0).sum())) if n else 0
    heights = [
        (_height(r["q"], r["energies"]), _height(r["dft_q"], r["dft_energies"])) for r in rows.to_dict("records")
    ]
    known = np.array([pair for pair in heights if np.isfinite(pair).all()]).reshape(-1, 2)
    apart = 1000 * (known[:, 0] - known[:, 1])
    now = "not computed"
    if len(known) > 2:
        rank = float(spearmanr(known[:, 0], known[:, 1]).statistic)
        now = (
            f"answering the more frequent sign: {always} of {n}; energy at Q = {HEIGHT_AT} Å: rank correlation"
            f" {number(rank)}, RMSE {number(float(np.sqrt(np.mean(apart**2))), 0)} meV (n = {len(known)})"
        )
    return ("F13 wells", f"sign of the curvature right in {right} of {n}", now)


def _height(q: object, energies: object) -> float:
    """Energy in eV at `HEIGHT_AT`, NaN where it was not computed."""
    at = np.flatnonzero(np.isclose(np.abs(np.asarray(q, float)), HEIGHT_AT, atol=1e-6))
    return float(np.asarray(energies, float)[at[0]]) if len(at) else np.nan
