"""What the columns of the published tables are made from: a field with unit and description, and those that recur."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa


def field(name: str, kind: pa.DataType, text: str, unit: str = "", *, required: bool = False) -> pa.Field:
    """A column with what it holds and in what unit; a required one holds no null."""
    return pa.field(name, kind, nullable=not required, metadata={"description": text, "unit": unit})


STR, INT, REAL, BOOL = pa.string(), pa.int64(), pa.float64(), pa.bool_()

SUITE = field("suite", STR, "set of compounds, by its id, such as abx3", required=True)
COMPOUND = field("compound", STR, "canonical formula, or the material id of the source of a suite", required=True)
POTENTIAL = field("potential", STR, "potential as named in the table potentials", required=True)
RUN = field("run", STR, "run as named in the table runs", required=True)
STATUS = field("status", STR, "ok, not-run, or a word for the failure", required=True)
REASON = field("reason", STR, "why the status is not ok, or what could not be compared")


PLACES = {
    "gamma": "Γ",
    "r": "R (½½½), Pm-3m",
    "m": "M (½½0), Pm-3m",
    "x": "X: (½00) in Pm-3m, (½½0) in primitive coordinates in Fm-3m",
    "l": "L (½00) in primitive coordinates, Fm-3m",
    "min": "any q of the q-set",
}


def omegas(source: str, acoustic: str) -> list[pa.Field]:
    """The softest mode at each q point in THz, from `source`; `acoustic` says what of the acoustic modes at Γ."""
    places = PLACES | {"gamma": f"Γ, {acoustic}"}
    return [
        field(f"omega_{key}_thz", REAL, f"softest mode at {text}; imaginary as negative; {source}", "THz")
        for key, text in places.items()
    ]


def outcome() -> list[pa.Field]:
    """How a run of σ ended, and whether its frames are an equilibrium."""
    return [
        field("outcome", STR, "below or above (σ against threshold), or leaves-sites; null where the run failed"),
        field(
            "sigma_on_sites", REAL, "where an atom left its site: σ of the frames before; σ itself is censored there"
        ),
        field("left_after_ps", REAL, "when it left, since the start; 0 for samples", "ps"),
        field("virial_ratio", REAL, "−⟨F·u⟩ / 3(N − 1)kT: 1 in equilibrium of these forces about these sites"),
        field("virial_ratio_se", REAL, "standard error of virial_ratio, from blocks of the replicas"),
    ]


def sampled() -> list[pa.Field]:
    """What a row stands for where the run is of a random sample."""
    return [
        field("stratum", STR, "part of the suite that it was drawn from; null where the run has no sample or not this"),
        field("weight", REAL, "compounds that it stands for: one over its chance to be drawn"),
    ]


def ladder() -> list[pa.Field]:
    """The softest mode frozen in at several amplitudes, and the label that all of them give."""
    return [
        field(
            "rung_amplitude", pa.list_(REAL), "ladder: displacement of the atom that the softest mode moves most", "Å"
        ),
        field(
            "rung_energy", pa.list_(REAL), "energy of the supercell with the mode frozen in, over that without", "eV"
        ),
        field("rung_force", pa.list_(REAL), "−dE/d(amplitude) there, from the forces", "eV/Å"),
        field("rung_omega_thz", pa.list_(REAL), "ω of the mode from that force; imaginary as negative", "THz"),
        field("rung_label", pa.list_(STR), "harmonic label of that ω at tolerance_thz: stable or unstable"),
        field("label_ladder", STR, "what omega_min_thz and every rung say; undecidable: they differ, or noise floor"),
        field("undecidable", BOOL, "whether label_ladder is undecidable; null where no ladder was climbed"),
        field("omega_smooth_thz", REAL, "part of the first rung's ω that no amplitude changes, squares signed", "THz"),
        field("cusp_thz", REAL, "part of the first rung's ω that grows as 1/amplitude, squares signed", "THz"),
    ]


def renormalised() -> list[pa.Field]:
    """The softest mode of the effective force constants at each q point in THz, with its standard error."""
    return [
        one
        for key, text in PLACES.items()
        for one in (
            field(f"renormalised_{key}_thz", REAL, f"softest mode of the effective force constants at {text}", "THz"),
            field(f"renormalised_{key}_se_thz", REAL, f"standard error of renormalised_{key}_thz", "THz"),
        )
    ]


BASELINES = pa.schema(
    [
        SUITE,
        COMPOUND,
        field("baseline", STR, "what predicts: composition (the elements on the sites alone)", required=True),
        field("label", STR, "predicted harmonic label at 0.1 THz"),
        field("sigma_label", STR, "predicted label of σ at 300 K, threshold 1"),
        *omegas("predicted from the published numbers of other compounds", "as in the table references"),
        field("sigma", REAL, "predicted σ at 300 K"),
        field("model", STR, "how it was learnt and cross-validated, with versions", required=True),
    ]
)

STEPS = ("forces", "hessian", "sampling")
CORNERS = ("rrr", "rrm", "rmr", "rmm", "mrr", "mrm", "mmr", "mmm", "srr", "srm", "smr", "smm")
INTERACTIONS = (
    "forces_hessian",
    "forces_hessian_given_sampling",
    "forces_sampling",
    "forces_sampling_given_hessian",
    "hessian_sampling",
    "hessian_sampling_given_forces",
)


def with_se(pattern: str, names: Iterable[str], text: str, unit: str = "") -> list[pa.Field]:
    """Per name a column and one with its standard error."""
    fields = []
    for name in names:
        fields.append(field(pattern.format(name), REAL, text.format(name), unit))
        fields.append(field(f"{pattern.format(name)}_se", REAL, f"standard error of {pattern.format(name)}", unit))
    return fields


def force_errors() -> list[pa.Field]:
    """How far the forces and force constants of a potential are from those of reference frames."""
    return [
        *with_se("{}", ["slope"], "softening {}: least squares of model forces against reference forces"),
        field("slope_constants", REAL, "the same for force constants"),
        *with_se("sigma_{}", ["rescaled"], "σ of model forces {} by 1/slope, against the reference's Φ"),
        *with_se("force_{}", ["rmse"], "{} of the model's forces on the reference frames", "eV/Å"),
        *with_se("force_{}", ["error"], "relative {} of forces: RMSE over RMS of the reference"),
        *with_se("force_error_{}", ["residual"], "{} relative error of forces divided by slope"),
        field("elements", pa.list_(STR), "elements of the crystal"),
        field("element_slopes", pa.list_(REAL), "softening slope of the forces on each"),
        field("element_force_errors", pa.list_(REAL), "relative error of the forces on each"),
        field("constants_error", REAL, "relative error of force constants, Frobenius norm"),
        *with_se("{}", ["amplification"], "Hessian {}: constants_error over force_error"),
    ]
