"""Definitions: every quantity of the tables with its formula, as `compute.physics` computes it."""

from __future__ import annotations

from functools import cache

from dash import html
from dash.development.base_component import Component

from dashboard.components.blocks import doi_link, table
from dashboard.components.contents import part
from dashboard.components.methods_formula import definition, formula, fraction, root, symbol

KNOOP = "10.1103/PhysRevMaterials.4.083809"
BLOCKING = "10.1063/1.457480"
MCNEMAR = "10.1007/BF02295996"
BOOTSTRAP = "10.1214/aos/1176344552"

_PHI, _SIGMA, _OMEGA = symbol("Φ"), symbol("σ"), symbol("ω")
_OMEGA_MIN = symbol("ω", low="min")


@cache
def definitions() -> tuple[Component, ...]:
    """The parts of the page with formulas, in the order in which one builds on the other."""
    return (_harmonic(), _sigma(), _labels(), _attribution(), _wells(), _scores())


def _sigma() -> Component:
    return part(
        "sigma",
        "Anharmonicity score σ",
        definition(
            "sigma-pooled",
            "σ of a crystal",
            [
                formula(
                    symbol("F", high="A"), " = ", symbol("F"), " + ", _PHI, symbol("u"),
                    spoken="F A equals F plus Phi times u",
                ),
                formula(
                    _SIGMA, " = ", fraction(["std(", symbol("F", high="A"), ")"], ["std(", symbol("F"), ")"]),
                    spoken="sigma equals the standard deviation of F A over the standard deviation of F",
                ),
            ],
            [
                "Frames of a supercell have displacements u from the ideal sites and forces F; Φ are the harmonic "
                "force constants, so what the harmonic model leaves is the anharmonic force. Both standard "
                "deviations are over all frames, atoms and components at once. 0: harmonic. 1: the harmonic model "
                "says nothing about the forces. ",
                doi_link(KNOOP),
            ],
            ["sigma"],
        ),
        definition(
            "sigma-parts",
            "σ of a frame, a site, a mode",
            [
                formula(
                    symbol("F", low="s"), " = ", "Σ", html.Sub("i"), " ",
                    fraction([symbol("e", low="si", high="*"), "·", symbol("F", low="i")], root(symbol("m", low="i"))),
                    spoken="F s equals the sum over atoms i of the conjugate of e s i times F i over the root of m i",
                ),
                formula(
                    symbol("σ", low="s"), " = ",
                    fraction(
                        root("⟨|", symbol("F", low="s", high="A"), "|²⟩"), root("⟨|", symbol("F", low="s"), "|²⟩")
                    ),
                    spoken="sigma s equals the root mean square of F A s over the root mean square of F s",
                ),
            ],
            [
                "Of a frame: the same ratio within one frame; its mean over frames is another number than the pooled "
                "σ and never mixed with it. Of a site: the same ratio over its atoms. Of a mode s: forces projected "
                "on its mass-weighted eigenvector e, as root mean squares, averaged over the star of q.",
            ],
            ["sigma_frame_mean", "sigma_a", "sigma_b", "sigma_bp", "sigma_x", "mode_sigma"],
        ),
        definition(
            "sigma-error",
            "Standard error of σ",
            [
                formula(
                    "SE² = ", fraction([symbol("B"), " − 1"], symbol("B")), " Σ", html.Sub("b"), " (",
                    symbol("σ", low="b"), " − ", symbol("σ̄"), ")²",
                    spoken="S E squared equals B minus 1 over B times the sum over b of sigma b minus mean sigma, "
                    "squared",
                ),
            ],
            [
                "Frames of one trajectory are correlated, so whole blocks of consecutive frames of one seed are left "
                "out in turn: ",
                html.Span([symbol("σ", low="b"), " is σ without block b (jackknife). "]),
                "Of the block lengths 1, 2, 4 … that leave four blocks or more, the one with the largest error "
                "counts. ",
                doi_link(BLOCKING),
            ],
            ["sigma_se"],
        ),
    )  # fmt: skip


def _harmonic() -> Component:
    return part(
        "harmonic",
        "Harmonic frequencies and label",
        definition(
            "omega-min",
            "Softest frequency",
            [
                formula(
                    _OMEGA_MIN, " = min ", symbol("ω", low="s"), "(", symbol("q"), "),  ", symbol("q"),
                    " commensurate with the supercell",
                    spoken="omega min equals the smallest omega s of q over the q points commensurate with the "
                    "supercell",
                ),
            ],
            [
                "In THz; an imaginary frequency is written as a negative number. Finite displacements of 0.01 Å in "
                "float64; the force constants obey space group, permutation symmetry and the acoustic sum rule. At Γ "
                "the three modes nearest zero are acoustic and left out. The source of the ABX₃ suite keeps them, so "
                "a stable compound has 0 there: at Γ and for ",
                html.Span([_OMEGA_MIN, " both sides are cut at 0 before they are compared."]),
            ],
            ["omega_min_thz", "omega_gamma_thz", "q_set", "asr_residual"],
        ),
        definition(
            "harmonic-label",
            "Harmonic label",
            [
                formula(
                    "stable:  ", _OMEGA_MIN, " > −", symbol("τ"),
                    spoken="stable: omega min is above minus tau",
                ),
                formula(
                    "undecidable:  |", _OMEGA_MIN, "| < noise floor",
                    spoken="undecidable: the magnitude of omega min is below the noise floor",
                ),
            ],
            [
                "τ is the tolerance, 0.1 THz unless you move it; every other compound with a frequency is unstable. "
                "Undecidable comes first, whatever the tolerance. A compound without a frequency has no label: it "
                "failed or was not run. The sources publish no noise floor, so DFT is never undecidable.",
            ],
            ["label", "tolerance_thz"],
        ),
        definition(
            "noise-floor",
            "Noise floor",
            [
                formula(
                    root("|", _OMEGA, "² − ", symbol("ω", low="frozen"), "²|"),
                    spoken="the root of the magnitude of omega squared minus omega frozen squared",
                ),
            ],
            [
                "One more force call along the softest mode gives its frequency a second time; the squares carry the "
                "sign of ω. A smooth potential gives both alike. Where only stored forces exist, it is the frequency "
                "that the acoustic-sum-rule violation of one atom alone would make.",
            ],
            ["noise_floor_thz", "omega_frozen_thz", "noise_method"],
        ),
    )  # fmt: skip


def _labels() -> Component:
    return part(
        "stability-300k",
        "Stability at 300 K",
        definition(
            "sigma-label",
            "σ label",
            [
                formula("stable:  ", _SIGMA, " < ", symbol("θ"), spoken="stable: sigma is below theta"),
                formula(
                    "undecidable:  |", _SIGMA, " − ", symbol("θ"), "| < 2 SE",
                    spoken="undecidable: the magnitude of sigma minus theta is below two standard errors",
                ),
            ],
            [
                "The published criterion at 300 K; the threshold θ is 1 unless you move it. No standard error of σ "
                "is published, so DFT is never undecidable. It is another question than the harmonic label, which is "
                "about 0 K: heat stabilises soft modes.",
            ],
            ["sigma", "sigma_se", "label", "threshold"],
        ),
        definition(
            "renormalised-label",
            "Renormalised label",
            [
                formula(
                    "stable:  ", symbol("ω", low="min", high="300 K"), " ≥ −", symbol("τ"),
                    spoken="stable: the renormalised omega min is at least minus tau",
                ),
                formula(
                    "undecidable:  |", symbol("ω", low="min", high="300 K"), "| < 2 SE",
                    spoken="undecidable: the magnitude of the renormalised omega min is below two standard errors",
                ),
            ],
            [
                "The frequencies of effective force constants: the Φ that fits the sampled forces best under the "
                "symmetry of the crystal. In classical equilibrium they have no imaginary mode, so a crystal that "
                "leaves its symmetry shows as a frequency near zero together with a large σ against the effective Φ. "
                "An imaginary renormalised mode says that the frames are not in equilibrium.",
            ],
            ["renormalised_min_thz", "renormalised_label", "sigma_effective"],
        ),
    )  # fmt: skip


def _attribution() -> Component:
    return part(
        "attribution",
        "Where an error of σ comes from",
        definition(
            "corners",
            "Corners and published path",
            [
                formula(
                    symbol("σ"), "[", symbol("T"), ", ", symbol("F"), ", ", _PHI, "],  each from r or m",
                    spoken="sigma of T, F and Phi, each from the reference r or the model m",
                ),
                formula(
                    symbol("σ"), "[mmm] − ", symbol("σ"), "[rrr] = forces + Hessian + sampling",
                    spoken="sigma m m m minus sigma r r r equals forces plus Hessian plus sampling",
                ),
            ],
            [
                "Frames T, forces F and force constants Φ are taken from DFT (r) or from the potential (m); the "
                "total error is split by replacing one after another.",
            ],
            ["corner_rrr", "corner_rmr", "corner_rmm", "corner_mmm", "total"],
        ),
        table(
            ("step of the published path", "from", "to", "what is replaced"),
            [
                ["forces", "rrr", "rmr", "the model’s forces, on the reference’s frames"],
                ["Hessian", "rmr", "rmm", "the model’s force constants"],
                ["sampling", "rmm", "mmm", "the model’s own frames"],
            ],
            caption="The published path: one of six orders of replacement",
            numeric_from=4,
        ),
        definition(
            "shapley",
            "Shapley value and interaction",
            [
                formula(
                    symbol("S", low="k"), " = mean over orders of (", symbol("σ"), " after − ", symbol("σ"), " before)",
                    spoken="S k equals the mean, over orders, of sigma after minus sigma before the replacement of k",
                ),
                formula(
                    symbol("I"), " = ", symbol("σ"), "[rmm] − ", symbol("σ"), "[rmr] − ", symbol("σ"), "[rrm] + ",
                    symbol("σ"), "[rrr]",
                    spoken="I equals sigma r m m minus sigma r m r minus sigma r r m plus sigma r r r",
                ),
            ],
            [
                "The split depends on the order. The Shapley value is the mean over all orders whose corners are "
                "known: it is complete with all six, and the number that went in is stored. The interaction, here of "
                "forces and Hessian, is what two replacements do together beyond their sum.",
            ],
            ["shapley_forces", "shapley_orders", "interaction_forces_hessian", "missing"],
        ),
        definition(
            "softening",
            "Softening slope",
            [
                formula(
                    symbol("s"), " = ",
                    fraction(
                        ["Σ ", symbol("F", low="m"), "·", symbol("F", low="r")],
                        ["Σ ", symbol("F", low="r"), "·", symbol("F", low="r")],
                    ),
                    spoken="s equals the sum of F m times F r over the sum of F r squared",
                ),
            ],
            [
                "Least squares of the model’s forces against DFT’s; below 1 the model is too soft. A pure softening, "
                "with forces and Φ both s times the reference’s, leaves σ[rmm] at σ[rrr] exactly while σ[rmr] moves. "
                "So σ[rmr] is given again with the model’s forces divided by s.",
            ],
            ["slope", "slope_constants", "sigma_rescaled"],
        ),
        definition(
            "amplification",
            "Hessian amplification",
            [
                formula(
                    symbol("A"), " = ",
                    fraction(
                        ["‖", symbol("Φ", low="m"), " − ", symbol("Φ", low="r"), "‖ / ‖", symbol("Φ", low="r"), "‖"],
                        [
                            "RMSE(", symbol("F", low="m"), " − ", symbol("F", low="r"), ") / RMS(",
                            symbol("F", low="r"), ")",
                        ],
                    ),
                    spoken="A equals the relative error of Phi over the relative error of the forces",
                ),
            ],
            ["Above 1, the Hessian at the ideal sites is worse than the forces in thermal frames."],
            ["amplification", "constants_error", "force_error"],
        ),
    )  # fmt: skip


def _wells() -> Component:
    return part(
        "wells",
        "Tilt wells",
        definition(
            "well",
            "Energy along a tilt",
            [
                formula(
                    symbol("E"), "(", symbol("Q"), ") = ½", symbol("k"), symbol("Q", high="2"), " + ¼", symbol("q"),
                    symbol("Q", high="4"), " + ⅙", symbol("s"), symbol("Q", high="6"),
                    spoken="E of Q equals one half k Q squared plus one quarter q Q to the fourth plus one sixth s Q "
                    "to the sixth",
                ),
            ],
            [
                "Fitted to energies and forces of the ten-atom cell of a double perovskite with the out-of-phase "
                "tilt frozen in; Q is the displacement of each of the four moving anions. The curvature k is the "
                "Hessian’s part, q and s are what it misses. All sources share one cell.",
            ],
            ["curvature", "quartic", "sextic", "omega_thz", "depth"],
        ),
    )  # fmt: skip


def _scores() -> Component:
    def of(row: str, column: str) -> Component:
        return symbol("n", low=f"{row}{column}")

    return part(
        "scores",
        "Scores and intervals",
        definition(
            "mcc",
            "Matthews correlation and balanced accuracy",
            [
                formula(
                    "MCC = ",
                    fraction(
                        [of("s", "s"), of("u", "u"), " − ", of("s", "u"), of("u", "s")],
                        root(of("s", "·"), of("u", "·"), of("·", "s"), of("·", "u")),
                    ),
                    spoken="M C C equals n s s times n u u minus n s u times n u s, over the root of the product of "
                    "the two row totals and the two column totals",
                ),
                formula(
                    "BA = ½ ( ", fraction(of("s", "s"), of("s", "·")), " + ",
                    fraction(of("u", "u"), of("u", "·")), " )",
                    spoken="B A equals the mean of n s s over n s and n u u over n u",
                ),
            ],
            [
                "n",
                html.Sub("su"),
                " counts compounds that DFT calls stable and the potential unstable; a dot stands for the total. MCC "
                "is 0 for guessing and 1 for a perfect answer; balanced accuracy is ½ for guessing. Where a "
                "denominator is zero, the score is not defined. Scores are over compounds on which both sides "
                "decide, and again over all that were run, where failed and undecidable count as wrong.",
            ],
        ),
        definition(
            "deviations",
            "Errors of numbers",
            [
                formula(
                    "RMSE = ", root("⟨(", symbol("x", low="m"), " − ", symbol("x", low="r"), ")²⟩"),
                    spoken="R M S E equals the root of the mean of x m minus x r squared",
                ),
                formula(
                    "bias = ⟨", symbol("x", low="m"), " − ", symbol("x", low="r"), "⟩",
                    spoken="bias equals the mean of x m minus x r",
                ),
            ],
            [
                "Potential (m) minus DFT (r): a negative bias of ω means too soft. A failed calculation has no "
                "deviation and cannot be part of a mean, so it is counted beside it.",
            ],
        ),
        definition(
            "intervals",
            "Intervals and comparisons",
            [],
            [
                "Intervals are 95 % percentiles of a bootstrap over compounds (",
                doi_link(BOOTSTRAP),
                "): what the number could have been with other compounds of the same kind. Two potentials are "
                "compared on the compounds that both have, drawn together; where the interval of the difference "
                "holds 0, there is no measurable difference. McNemar’s exact test (",
                doi_link(MCNEMAR),
                ") asks the same of labels.",
            ],
        ),
    )  # fmt: skip
