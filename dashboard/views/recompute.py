"""Which job is shown, or what the form asks for."""

from __future__ import annotations

from dataclasses import dataclass

from compute.jobs.request import KELVIN, protocol_names
from compute.potentials.registry import preselected
from compute.protocols import SAMPLING_NAMES
from dashboard.views.codec import POTENTIAL, Choice, Number, Text, key

OWN_FRAMES = {f"attribution-{name}": name for name in protocol_names("attribution")}
"""The attribution of the error of σ with frames that the potential samples, by the protocol of those."""

CALCULATIONS = ("harmonic", *SAMPLING_NAMES, "attribution", *OWN_FRAMES)
"""The harmonic stage, σ by each of the sampling protocols, and the attribution of the error of σ."""

_JOB = Text(r"([0-9a-f]{16})?")
_COMPOUND = Text(r"[A-Za-z0-9₀-₉ ]{0,80}")


@dataclass(frozen=True)
class RecomputeView:
    """A job, which says everything, or what the form holds: an empty suite is the one that the formula means."""

    job: str = key("job", _JOB, "")
    compound: str = key("c", _COMPOUND, "")
    suite: str = key("s", Choice(("", "abx3", "hdp")), "")
    potential: str = key("p", POTENTIAL, preselected())
    calculation: str = key("st", Choice(CALCULATIONS), "harmonic")
    temperature: float = key("t", Number(*KELVIN, 0), 300.0)
