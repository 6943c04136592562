"""Which jobs are shown, or what the form asks for."""

from __future__ import annotations

from dataclasses import dataclass

from compute.jobs.request import KELVIN, protocol_names
from compute.potentials.registry import preselected
from compute.protocols import SAMPLING_NAMES
from compute.suites import COMPUTABLE
from dashboard.views.codec import POTENTIALS, Choice, Names, Number, Text, key

OWN_FRAMES = {f"attribution-{name}": name for name in protocol_names("attribution")}
"""The attribution of the error of σ with frames that the potential samples, by the protocol of those."""

CALCULATIONS = ("harmonic", *SAMPLING_NAMES, "attribution", *OWN_FRAMES)
"""The harmonic stage, σ by each of the sampling protocols, and the attribution of the error of σ."""

_JOBS = Names(r"[0-9a-f]{16}")
_COMPOUND = Text(r"[A-Za-z0-9₀-₉ ]{0,80}")


@dataclass(frozen=True)
class RecomputeView:
    """Jobs, which say everything, or what the form holds: an empty suite is the one that the formula means.

    Jobs shown together ask for the same of several potentials.
    """

    jobs: tuple[str, ...] = key("job", _JOBS, ())
    compound: str = key("c", _COMPOUND, "")
    suite: str = key("s", Choice(("", *COMPUTABLE)), "")
    potentials: tuple[str, ...] = key("p", POTENTIALS, (preselected(),))
    calculation: str = key("st", Choice(CALCULATIONS), "harmonic")
    temperature: float = key("t", Number(*KELVIN, 0), 300.0)
