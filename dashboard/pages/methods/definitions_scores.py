"""Definitions of what is compared: attributions, tilt wells, scores and intervals."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.pages.methods.formula import definition, formula, fraction, root, symbol
from dashboard.pages.methods.part import part
from dashboard.ui.blocks import doi_link, table

PIGEONHOLE = "10.1214/07-AOAS122"
BOOTSTRAP = "10.1214/aos/1176344552"


def attribution() -> Component:
    """The corners, and what is made of them."""
    return part(
        "attribution",
        "Where an error of σ comes from",
        definition(
            "corners",
            "Corners and published path",
            [
                formula(
                    symbol("σ"), "[", symbol("T"), ", ", symbol("F"), ", ", symbol("Φ"), "],  each from r or m",
                    spoken="sigma of T, F and Phi, each from the reference r or the model m",
                ),
                formula(
                    symbol("σ"), "[mmm] − ", symbol("σ"), "[rrr] = forces + Hessian + sampling",
                    spoken="sigma m m m minus sigma r r r equals forces plus Hessian plus sampling",
                ),
            ],
            [
                "Frames T, forces F and force constants Φ are taken from DFT (r) or from the potential (m); the "
                "total error is split by replacing one after another. T is named by whose dynamics made the frames, s "
                "being another sampler, whoever computed forces there. Forces and Hessian together are the net of both "
                "steps.",
            ],
            ["corner_rrr", "corner_rmr", "corner_rmm", "corner_mmm", "corner_srr", "frames_of", "path_forces_hessian",
             "total"],
        ),
        definition(
            "virial",
            "Virial ratio",
            [
                formula(
                    "−⟨", symbol("F"), "·", symbol("u"), "⟩ / 3(N − 1)", symbol("k", low="B"), symbol("T"),
                    spoken="minus the mean of F times u over three times N minus 1 times k B T",
                ),
            ],
            [
                "1 in the classical equilibrium of these forces about these sites, whatever the potential: it tells "
                "whether frames are an ensemble of the forces they are given, and whether modes are hot yet.",
            ],
            ["virial_ratio", "virial_ratio_own", "mode_virial"],
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
                "So σ[rmr] is given again with the model’s forces divided by s, and beside it the relative error of "
                "those forces: σ is a norm, and only the error tells whether a softening was all.",
            ],
            ["slope", "element_slopes", "slope_constants", "sigma_rescaled", "force_error", "force_error_residual"],
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


def wells() -> Component:
    """The energy along a tilt."""
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


def scores() -> Component:
    """Scores of labels, errors of numbers, intervals."""

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
                "denominator is zero, the score is not defined. The score is over all compounds that DFT decides and "
                "that were run: the potential’s own label counts, in doubt or not, and a failure is wrong. Beside it "
                "stand two nulls on the same compounds, the larger class and a random forest that knows the elements "
                "alone. Of a smaller class with fewer than 20 compounds nothing is said.",
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
                "): what the number could have been with other compounds of the same kind. Compounds of one cation are "
                "right or wrong together, so cations are drawn: B in abx3, M and M′ independently in hdp (",
                doi_link(PIGEONHOLE),
                "). Two potentials are "
                "compared on the compounds that both have, drawn together; where the interval of the difference "
                "holds 0, there is no measurable difference.",
            ],
        ),
    )  # fmt: skip
