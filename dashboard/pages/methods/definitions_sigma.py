"""Definitions of what is computed: σ, harmonic frequencies, and the labels of both."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.pages.methods.formula import definition, formula, fraction, root, symbol
from dashboard.pages.methods.part import part
from dashboard.ui.blocks import doi_link

KNOOP = "10.1103/PhysRevMaterials.4.083809"
BLOCKING = "10.1063/1.457480"

_PHI, _SIGMA, _OMEGA = symbol("Φ"), symbol("σ"), symbol("ω")
_OMEGA_MIN = symbol("ω", low="min")


def sigma() -> Component:
    """σ of a crystal, of its parts, and its error."""
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


def harmonic() -> Component:
    """Frequencies, their label and its noise."""
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
        definition(
            "ladder",
            "Label along a ladder of displacements",
            [
                formula(
                    symbol("ω", high="2"), "(A) = ", symbol("ω", low="smooth", high="2"), " + ",
                    symbol("ω", low="cusp", high="2"), " · 0.01 Å / A + q A²",
                    spoken="omega squared of A equals omega smooth squared plus omega cusp squared times 0 01 angstrom "
                    "over A plus q A squared",
                ),
            ],
            [
                "The softest mode is frozen in, the atom that it moves most by 0.01, 0.03 and 0.05 Å; "
                "ω² is −F·u / Σ m u². Stable or unstable only where ω of the force constants and every rung say so; "
                "else, and below the noise floor, undecidable. The squares carry the sign of ω. Rows without a ladder "
                "have none of it.",
            ],
            ["label_ladder", "undecidable", "rung_amplitude", "rung_omega_thz", "omega_smooth_thz", "cusp_thz"],
        ),
    )  # fmt: skip


def labels() -> Component:
    """Labels at 300 K."""
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
