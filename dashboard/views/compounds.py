"""Which compounds, of which potentials and with which columns, the table of compounds holds."""

from __future__ import annotations

from dataclasses import dataclass

from compute.statistics.criteria import CRITERIA
from compute.statistics.strata import MIDDLE, STRONG, WEAK
from dashboard.elements import ELEMENTS
from dashboard.views.codec import (
    ANIONS,
    DEFAULT_TOLERANCE_THZ,
    FORMULA,
    POTENTIALS,
    SUITE,
    THRESHOLD,
    TOLERANCE_THZ,
    Choice,
    Choices,
    Number,
    Text,
    key,
)
from dashboard.views.stability import LEVELS

STATUSES = ("ok", "failed", "not-run")
TRUTHS = ("stable", "unstable", "no-label")
"""DFT's verdict; `no-label` where DFT has no number."""
ANSWERS = ("stable", "unstable", "undecidable", "failed", "not-run")
"""A potential's verdict, or why there is none."""
AGREEMENTS = ("agree", "disagree")
STRATA = (WEAK, MIDDLE, STRONG)
"""How anharmonic a compound is in DFT."""
COLUMN_GROUPS = (
    "sites",
    "dft",
    "points",
    "descriptors",
    "harmonic",
    "modes",
    "sigma",
    "renormalised",
    "level",
    "reason",
)
DEFAULT_COLUMNS = ("dft", "harmonic", "sigma")

# The ends of a range stand for no bound: what lies beyond them is not excluded.
SIGMA_RANGE = (0.0, 5.0)
TOLERANCE_FACTOR_RANGE = (0.5, 1.1)
OCTAHEDRAL_FACTOR_RANGE = (0.0, 1.5)
FORMATION_ENERGY_RANGE = (-8.0, 2.0)

_ELEMENTS = Choices(ELEMENTS)
_SIGMA = Number(*SIGMA_RANGE, 2)
_TOLERANCE_FACTOR = Number(*TOLERANCE_FACTOR_RANGE, 2)
_OCTAHEDRAL_FACTOR = Number(*OCTAHEDRAL_FACTOR_RANGE, 2)
_FORMATION_ENERGY = Number(*FORMATION_ENERGY_RANGE, 2)
_SORT = Text(r"([a-zA-Z_]{1,40}([0-9]{1,2})?\.(asc|desc))?")


@dataclass(frozen=True)
class CompoundsView:
    """Filters admit everything when they are empty; no potential chosen means all that have results.

    `answer`, `agreement` and `status` hold when one of the potentials meets all of them. With `level` an answer at
    another level of theory than DFT's counts as not run, and with `common` one on a compound that not all of these
    potentials have run; what none of the potentials has run then is admitted only where it is asked for. Where DFT has
    no ω, the criterion `harmonic` means the suite's first. The upper end of a factor is outside of its range, so that
    neighbouring ranges share no compound.
    """

    suite: str = key("s", SUITE, "abx3")
    potentials: tuple[str, ...] = key("p", POTENTIALS, ())
    anion: tuple[str, ...] = key("an", Choices(ANIONS), ())
    a_site: tuple[str, ...] = key("a", _ELEMENTS, ())
    b_site: tuple[str, ...] = key("b", _ELEMENTS, ())
    bp_site: tuple[str, ...] = key("m", _ELEMENTS, ())
    elements: tuple[str, ...] = key("el", _ELEMENTS, ())
    without: tuple[str, ...] = key("no", _ELEMENTS, ())
    formula: str = key("f", FORMULA, "")
    stratum: tuple[str, ...] = key("sd", Choices(STRATA), ())
    sigma_low: float = key("sl", _SIGMA, SIGMA_RANGE[0])
    sigma_high: float = key("sh", _SIGMA, SIGMA_RANGE[1])
    factor_low: float = key("tl", _TOLERANCE_FACTOR, TOLERANCE_FACTOR_RANGE[0])
    factor_high: float = key("tu", _TOLERANCE_FACTOR, TOLERANCE_FACTOR_RANGE[1])
    octahedral_low: float = key("ol", _OCTAHEDRAL_FACTOR, OCTAHEDRAL_FACTOR_RANGE[0])
    octahedral_high: float = key("ou", _OCTAHEDRAL_FACTOR, OCTAHEDRAL_FACTOR_RANGE[1])
    energy_low: float = key("fl", _FORMATION_ENERGY, FORMATION_ENERGY_RANGE[0])
    energy_high: float = key("fu", _FORMATION_ENERGY, FORMATION_ENERGY_RANGE[1])
    criterion: str = key("cr", Choice(CRITERIA), "harmonic")
    tolerance_thz: float = key("t", TOLERANCE_THZ, DEFAULT_TOLERANCE_THZ)
    threshold: float = key("th", THRESHOLD, 1.0)
    truth: tuple[str, ...] = key("dl", Choices(TRUTHS), ())
    answer: tuple[str, ...] = key("la", Choices(ANSWERS), ())
    agreement: tuple[str, ...] = key("ag", Choices(AGREEMENTS), ())
    status: tuple[str, ...] = key("st", Choices(STATUSES), ())
    level: str = key("lv", Choice(LEVELS), "all")
    common: tuple[str, ...] = key("k", POTENTIALS, ())
    differ: str = key("di", Choice(("no", "yes")), "no")
    columns: tuple[str, ...] = key("c", Choices(COLUMN_GROUPS), DEFAULT_COLUMNS)
    sort: str = key("o", _SORT, "")
    page: float = key("pg", Number(1, 9999, 0), 1.0)
