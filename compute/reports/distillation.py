"""What was distilled and what it teaches, as one page: every number in it comes from the records and the tables."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from compute import tables
from compute.distil.settings import SIZES, Recipe, Training, model_id
from compute.physics.attribution import PUBLISHED_PATH
from compute.reports.markdown import ReportTables, interval, listed, number, share, table
from compute.statistics.deviation import agreement, mean_interval
from compute.statistics.strata import EDGES, MIDDLE, STRONG, WEAK, anharmonicity_strata
from compute.tables import pairs
from compute.tables.schemas import SURROGATE

Row = dict[str, Any]
SMOOTH = 2.75
"""B–X bond in Å above which the noise floor of the teacher's Φ is small (docs/method.md)."""
MODELS = tuple(model_id(size) for size in SIZES)
_LETTERS = {"forces": "forces", "hessian": "Hessian", "sampling": "sampling"}


def document(data: Path, records: Path) -> str:
    """The page in Markdown, from the tables in `data` and the files in `records`. Raises `OSError` or `TableError`."""
    found = [json.loads((records / f"{model}.json").read_text()) for model in MODELS]
    with pairs.joined(data) as connection:
        release = ReportTables(data, connection)
        scored = release.rows(
            "SELECT a.*, r.B, r.lattice_constant / 2 AS bond FROM attribution a "
            'JOIN "references" r USING (suite, compound) '
            "WHERE starts_with(frames, $set) ORDER BY frames, a.potential",
            {"set": SURROGATE},
        )
        joined = release.rows(
            "SELECT p.* FROM pairs p JOIN potentials q USING (potential) WHERE p.suite = 'abx3' "
            "AND q.category = 'distilled' ORDER BY compound, potential"
        )
        parts = [
            _HEAD,
            _short(scored),
            _made(found),
            _errors(found),
            _curves(found),
            _attempted(scored),
            _more_data(scored, joined),
            _cusp(scored),
            _weak(scored),
            _hessian(scored),
            _CAVEATS,
        ]
    release_id = tables.read_manifest(data).release
    return "\n\n".join(part.strip() for part in parts).replace("RELEASE", str(release_id)) + "\n"


_HEAD = """
# Distilled models

Four small MACE models trained on energies, forces and stresses of CHGNet 0.3.0. They are no foundation models,
and know nothing that their teacher does not: they are a controlled study, in which the teacher can stand for DFT.
Release RELEASE of the tables; this page is made by `softmode distil report > docs/distil.md`, and nothing in it
is typed in. Numbers in brackets are 95 % bootstrap intervals; compounds of one B cation are drawn together.

<!-- not run in tests: takes hours -->
```sh
softmode distil data                        # draw and label the configurations (resumable)
softmode distil train 250 1000 4000 16000   # train, write checkpoints and records (resumable)
softmode distil surrogate --limit 180       # all eight corners with the teacher as the reference (resumable)
```
"""


def _short(scored: pd.DataFrame) -> str:
    ok = {model: scored[(scored["potential"] == model) & (scored["status"] == "ok")] for model in MODELS}
    if any(part.empty for part in ok.values()):
        return "## In short\n\nNot computed."
    first, last = MODELS[0], MODELS[-1]
    changes = {
        name: _change(_common(scored, column), first, last)
        for name, column in (("force", "force_error"), ("phi", "constants_error"), ("sigma", "total"))
    }
    ranked = [
        agreement(part["corner_rrr"], part["total"].abs(), clusters=[part["B"]]).spearman.sign > 0
        for part in ok.values()
    ]
    outweighs = {
        prefix: sum(_hessian_outweighs(part, prefix) for part in ok.values()) for prefix in ("path", "shapley")
    }
    return f"""## In short

From {SIZES[0]:,} to {SIZES[-1]:,} configurations, against the teacher on the same compounds:

- **Accuracy grows with training data?** Relative error of forces {changes["force"]}; of force constants
  {changes["phi"]}; size of the error of σ {changes["sigma"]}.
- **Weakly anharmonic compounds are better?** The error of σ grows with the teacher's σ, its rank correlation above
  zero with its whole interval, in {sum(ranked)} of {len(ranked)} models.
- **The Hessian outweighs forces and sampling?** Its mean contribution is larger than either, with the whole interval
  of the paired difference, in {outweighs["path"]} of {len(ok)} models along the published path and in
  {outweighs["shapley"]} by Shapley values. Amplification: {_mean(ok[first], "amplification")} for {first},
  {_mean(ok[last], "amplification")} for {last}."""


def _hessian_outweighs(part: pd.DataFrame, prefix: str) -> bool:
    sizes = {step: part[f"{prefix}_{step}"].abs().to_numpy(float) for step in PUBLISHED_PATH}
    return all(
        mean_interval(sizes["hessian"] - sizes[step], clusters=[part["B"]]).sign > 0 for step in ("forces", "sampling")
    )


def _made(found: Sequence[Row]) -> str:
    recipe, training = Recipe.model_validate(found[0]["recipe"]), Training.model_validate(found[0]["training"])
    energy, force, stress = training.weights
    low, high = recipe.rattle
    return f"""## What was trained, on what

**Configurations.** The halides of both suites, ABX3 at the published lattice constant and A2MM'X6 in the cell
that the teacher relaxed. A compound is in one part only: {" and ".join(map(str, recipe.test_compounds))}
compounds of the two suites test, {" and ".join(map(str, recipe.validation_compounds))} validate, the others
train. Test and validation compounds are the first in the order of a campaign, balanced over anions and published
σ. Cells hold 5, 10 or 20 atoms; in doubled cells of ABX3 the modes at R, M and X can be frozen in. Lattice
constants change by up to {100 * recipe.volume_strain:g} %, strain components by {100 * recipe.shear_strain:g} %
(standard deviation); atoms are rattled by {low:g} to {high:g} Å per component (log-uniform).
{100 * recipe.dynamics_share:g} % are then moved on by {recipe.steps} steps of {recipe.timestep:g} fs of Langevin
dynamics of the teacher at {recipe.temperatures[0]:g} to {recipe.temperatures[1]:g} K. Seed {recipe.seed}. The
sets are nested: a smaller one is the beginning of a larger one. The first compounds are those that bring elements
not yet seen {recipe.least_seen} times, so the smallest set has every element.

**Model.** MACE, {training.layers} layers, {training.irreps}, cutoff {training.r_max:g} Å, correlation
{training.correlation}, spherical harmonics to {training.max_ell}, {found[0]["parameters"]:,} parameters, most of
them weights per element. **Training.** Adam with AMSGrad, {training.steps:,} steps of {training.batch}
configurations for every set, learning rate {training.learning_rate:g} after {training.warm_up} steps of warm-up,
then falling as a cosine; Huber loss (δ = {training.huber:g}) with weights {energy:g}, {force:g}, {stress:g} for
energy per atom, forces and stress; float32; seed {training.seed}. The checkpoint with the smallest validation
loss is kept. Equal steps mean unequal passes: see the table."""


def _errors(found: Sequence[Row]) -> str:
    lines = []
    for record in found:
        passes = record["training"]["steps"] * record["training"]["batch"] / record["configurations"]
        best = min(record["curve"], key=lambda point: point["validation_loss"])
        for suite, errors in record["test"].items():
            lines.append((
                f"{record['configurations']:,}", f"{record['compounds']:,}", f"{passes:,.1f}", f"{best['step']:,}",
                f"{record['seconds'] / 60:.1f}", suite, f"{errors['configurations']:,}", f"{errors['energy_rmse']:.0f}",
                f"{errors['force_rmse']:.0f}", f"{100 * errors['force_error']:.0f} %", number(errors["slope"]),
                number(errors["stress_rmse"]),
            ))  # fmt: skip
    head = ("training set", "compounds", "passes", "best step", "minutes of one core", "test suite", "n",
            "energy (meV/atom)", "forces (meV/Å)", "relative", "slope", "stress (GPa)")  # fmt: skip
    return f"""## Held-out errors

RMS errors against the teacher on configurations of test compounds, which are as far from equilibrium as those of the
training. Relative: over the RMS of the forces. Slope: least squares of model forces against the teacher's.

{table(head, lines)}"""


def _curves(found: Sequence[Row]) -> str:
    steps = [point["step"] for point in found[0]["curve"]]
    shown = steps[1::2]
    lines = []
    for record in found:
        points = {point["step"]: point for point in record["curve"]}
        lines.append((f"{record['configurations']:,}", *(f"{points[s]['validation_force_rmse']:.0f}" for s in shown)))
    return f"""## Learning curves

RMSE of forces on the validation compounds, meV/Å, after so many steps. All points, with the losses, are in
`data/distil`.

{table(("training set", *(f"{step:,}" for step in shown)), lines)}"""


def _attempted(scored: pd.DataFrame) -> str:
    if scored.empty:
        return "## The teacher as the reference\n\nNot computed."
    lines = []
    for model in MODELS:
        part = scored[scored["potential"] == model]
        failed = part[part["status"] != "ok"]["status"].value_counts().to_dict()
        ok = int((part["status"] == "ok").sum())
        lines.append((model, f"{len(part):,}", f"{ok:,}", listed(failed)))
    some = scored[scored["status"] == "ok"].iloc[0]
    return f"""## The teacher as the reference

CHGNet 0.3.0 has forces for every frame, also for those that a model samples, so all eight corners σ[T, F, Φ] are
known, and the Shapley value is complete. {int(some["n_frames"])} frames each in the 40-atom cell at
{some["temperature"]:g} K: independent harmonic samples of each potential's own force constants (imaginary modes
at |ω|), not dynamics: the sampling step therefore carries over what the Hessian gets wrong, and what it would be
in equilibrium is not known. Compounds are cubic ones that no
model was trained on: those that test, then those that validate, which chose the step that is kept and no more.
Where atoms leave their sites no σ is taken: those rows are failures, and leave out the softest compounds.

The teacher's Φ comes from displacements of 0.01 Å and has a cusp at straight bonds shorter than 3 Å
([method.md](method.md)): it depends on the displacement, and a smooth model cannot follow it there. It is the
teacher's own Φ all the same, and an error against it is an error against it.

{table(("model", "attempted", "ok", "failed"), lines)}"""


def _more_data(scored: pd.DataFrame, joined: pd.DataFrame) -> str:
    errors = {name: _common(scored, name) for name in ("total", "force_error", "constants_error")}
    omega = _to_dft(joined, "omega_min_thz", 0.0)  # the source's Γ includes the acoustic modes: both sides are cut
    lines = [
        (model, *(_sizes(values, model) if model in values else "not computed" for values in errors.values()),
         interval(agreement(omega[model], 0 * omega[model], clusters=_cations(omega)).rmse) if model in omega
         else "not computed")
        for model in MODELS
    ]  # fmt: skip
    steps = [
        (f"{fewer} → {more}", *(_change(values, fewer, more) for values in errors.values()))
        for fewer, more in (*pairwise(MODELS), (MODELS[0], MODELS[-1]))
    ]
    head = ("model", "size of the error of σ", "relative error of forces", "relative error of Φ",
            "softest ω to DFT (THz), RMSE")  # fmt: skip
    return f"""## Does accuracy grow with training data?

To the teacher: means over the {len(errors["total"]):,} compounds that all four have. To DFT: the {len(omega):,} halides
of suite abx3 that all four have, the softest ω cut at zero on both sides; the teacher's own distance from DFT is in it.
σ of harmonic samples is held against the teacher's alone: DFT's is by another schedule.

{table(head, lines)}

Mean change on the same compounds, and whether its interval leaves zero out:

{table(("from → to", *head[1:4]), steps)}"""


def _to_dft(joined: pd.DataFrame, name: str, cut: float) -> pd.DataFrame:
    """Errors of `name` by compound and model, compounds that every model and DFT have; values are cut at `cut`."""
    errors = joined[name].clip(upper=cut) - joined[f"dft_{name}"].clip(upper=cut)
    return joined.assign(error=errors).pivot(index=["B", "compound"], columns="potential", values="error").dropna()


def _change(values: pd.DataFrame, fewer: str, more: str) -> str:
    if not {fewer, more} <= set(values):
        return "not computed"
    found = mean_interval((values[more].abs() - values[fewer].abs()).to_numpy(float), clusters=_cations(values))
    word = {-1: "smaller", 1: "larger", 0: "not told apart"}[found.sign]
    return f"{interval(found, 3, signed=True)}, {word}"


def _cusp(scored: pd.DataFrame) -> str:
    lines = []
    for model in MODELS:
        part = scored[(scored["potential"] == model) & (scored["status"] == "ok")]
        for name, chosen in (("shorter", part["bond"] < SMOOTH), ("longer", part["bond"] >= SMOOTH)):
            cells = (_mean(part[chosen], column) for column in ("total", "force_error", "constants_error"))
            lines.append((model, name, f"{chosen.sum():,}", *cells, _mean(part[chosen], "amplification")))
    head = ("model", f"B–X bonds than {SMOOTH:g} Å", "n", "size of the error of σ", "relative error of forces",
            "relative error of Φ", "amplification")  # fmt: skip
    return f"""## What the teacher's cusp does

Straight bonds well below 3 Å are where the teacher's Φ has its cusp, longer ones where it is nearly smooth.

{table(head, lines)}"""


def _weak(scored: pd.DataFrame) -> str:
    lines = []
    for model in MODELS:
        part = scored[(scored["potential"] == model) & (scored["status"] == "ok")]
        sigma, error = part["corner_rrr"].to_numpy(float), part["total"].abs().to_numpy(float)
        strata = anharmonicity_strata(sigma)
        cells = [
            f"{_mean(part[strata == stratum], 'total')}, n = {(strata == stratum).sum():,}"
            for stratum in (WEAK, MIDDLE, STRONG)
        ]
        lines.append((model, *cells, interval(agreement(sigma, error, clusters=[part["B"]]).spearman)))
    low, high = EDGES
    head = ("model", f"σ < {low:g}", f"{low:g} to {high:g}", f"σ > {high:g}", "rank correlation")
    return f"""## Are weakly anharmonic compounds better?

Mean size of the error of σ by σ of the teacher, and Spearman's rank correlation of the two.

{table(head, lines)}"""


def _hessian(scored: pd.DataFrame) -> str:
    lines, splits = [], {"published path": "path", "Shapley": "shapley"}
    for model in MODELS:
        part = scored[(scored["potential"] == model) & (scored["status"] == "ok")]
        for split, prefix in splits.items():
            sizes = {step: part[f"{prefix}_{step}"].abs().to_numpy(float) for step in PUBLISHED_PATH}
            if not len(part):
                continue
            largest = np.argmax(np.stack([sizes[step] for step in PUBLISHED_PATH]), axis=0)
            most = int(np.sum(largest == PUBLISHED_PATH.index("hessian")))
            beyond_forces, beyond_sampling = (
                interval(mean_interval(sizes["hessian"] - sizes[step], clusters=[part["B"]]), 3, signed=True)
                for step in ("forces", "sampling")
            )
            lines.append((
                model, split, *(_mean(part, f"{prefix}_{step}") for step in PUBLISHED_PATH), beyond_forces,
                beyond_sampling,
                share(most, len(part)),
            ))  # fmt: skip
    amplified = [
        (model, _mean(part, "amplification"), share(int((part["amplification"] > 1).sum()), len(part)))
        for model in MODELS
        if len(part := scored[(scored["potential"] == model) & (scored["status"] == "ok")])
    ]
    sizes_of = (f"mean size of {_LETTERS[step]}" for step in PUBLISHED_PATH)
    head = ("model", "shared out by", *sizes_of, "Hessian − forces", "Hessian − sampling", "Hessian largest")
    return f"""## Does the Hessian outweigh forces and sampling?

Mean sizes of the contributions to the error of σ, and their paired differences: above zero, the Hessian weighs more.

{table(head, lines) if lines else "Not computed."}

Amplification, the relative error of Φ over that of the forces:

{table(("model", "mean", "above 1"), amplified) if amplified else "Not computed."}"""


_CAVEATS = """
## What limits this

- One teacher, one architecture, one seed: how much another seed would change is not known.
- Equal steps: the smallest set is seen hundreds of times, the largest a few. With more steps the larger sets
  would gain.
- The training is short. These are small models far from convergence; only their order is the subject.
- The errors of σ are of harmonic samples, not of dynamics, and not of the published schedule."""


def _common(scored: pd.DataFrame, column: str) -> pd.DataFrame:
    """`column` by compound and model, compounds that every model has."""
    ok = scored[scored["status"] == "ok"]
    return ok.pivot(index=["B", "compound"], columns="potential", values=column).dropna()


def _cations(values: pd.DataFrame) -> list[Any]:
    """The B cation of every compound of `_common` or `_to_dft`: what is drawn together."""
    return [values.index.get_level_values("B")]


def _sizes(values: pd.DataFrame, model: str) -> str:
    return interval(mean_interval(values[model].abs().to_numpy(float), clusters=_cations(values)), 3)


def _mean(part: pd.DataFrame, column: str) -> str:
    """Mean size of `column` over the compounds of `part`."""
    return interval(mean_interval(part[column].abs().to_numpy(float), clusters=[part["B"]]), 3)
