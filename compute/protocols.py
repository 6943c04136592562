"""What is computed and how: suites and protocols, frozen, validated and digested.

A suite says which compounds and which q points; a protocol says which settings. Both are plain data, so
the web can name them without importing the stack that carries them out.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

QPoint = tuple[float, float, float]


class Suite(BaseModel):
    """A set of compounds with published DFT numbers, and the q points at which they are compared."""

    model_config = ConfigDict(frozen=True)

    id: str
    title: str
    prototype: str
    size: int = Field(description="compounds in the published set")
    protocol: str = Field(description="harmonic protocol used unless another is named")
    q_points: dict[str, tuple[QPoint, ...]] = Field(
        description="label to the star of q in fractional coordinates of the primitive reciprocal cell"
    )
    doi: str | None = Field(description="null where the source has none that we know")
    source: str
    citation: str


_HALF = 0.5
SUITES: dict[str, Suite] = {
    "hdp": Suite(
        id="hdp",
        title="Halide double perovskites",
        prototype="elpasolite",
        size=1813,
        protocol="relaxed-geometry",
        q_points={
            "gamma": ((0, 0, 0),),
            "x": ((_HALF, _HALF, 0), (_HALF, 0, _HALF), (0, _HALF, _HALF)),
            "l": ((_HALF, 0, 0), (0, _HALF, 0), (0, 0, _HALF), (_HALF, _HALF, _HALF)),
        },
        doi="10.1021/acs.chemmater.2c01779",
        source="https://github.com/yangjackie/halide_double_perovskite_anharmonicity_database",
        citation="J. Yang and S. Li, Mapping the Room-Temperature Dynamic Stabilities of Inorganic Halide Double"
        " Perovskites, Chem. Mater. (2022)",
    ),
    "abx3": Suite(
        id="abx3",
        title="Cubic ABX3 perovskites",
        prototype="cubic-perovskite",
        size=3660,
        protocol="reference-geometry",
        q_points={
            "gamma": ((0, 0, 0),),
            "r": ((_HALF, _HALF, _HALF),),
            "m": ((_HALF, _HALF, 0), (_HALF, 0, _HALF), (0, _HALF, _HALF)),
            "x": ((_HALF, 0, 0), (0, _HALF, 0), (0, 0, _HALF)),
        },
        doi=None,
        source="https://github.com/yangjackie/cubic_perovskite_anharmonicity_database",
        citation="J. Yang, An Atlas of Vibrational Anharmonicity for Cubic ABX3 Perovskites (2021), Table S1",
    ),
    "mp0b3": Suite(
        id="mp0b3",
        title="MACE-MP-0b3 benchmark",
        prototype="any",
        size=60,
        protocol="published-forces",
        q_points={"gamma": ((0, 0, 0),)},
        doi="10.5281/zenodo.15462975",
        source="https://github.com/JaGeo/mace-mp-03b-phonon-benchmark",
        citation="JaGeo/mace-mp-03b-phonon-benchmark, Zenodo (2025)",
    ),
}


class HarmonicProtocol(BaseModel):
    """Settings of one harmonic calculation; its digest is part of every result's identity."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    method: int = Field(default=1, ge=1, description="raised when the code changes what the same settings give")
    geometry: Literal["reference", "relaxed"]
    supercell: int | None = Field(
        default=2, ge=1, le=6, description="repeats of the primitive cell along each axis; None: as published"
    )
    displacement: float = Field(default=0.01, gt=0, le=0.1, description="finite displacement, Å")
    dtype: Literal["float32", "float64"] = "float64"
    symmetrise: Literal["symfc", "none"] = "symfc"
    q_set: Literal["commensurate"] = "commensurate"
    tolerance_thz: float = Field(default=0.1, ge=0, description="stable when the softest ω > −tolerance, THz")
    max_force: float = Field(default=1e-4, gt=0, description="relaxed when every |F| is below, eV/Å")
    max_pressure: float = Field(default=1e-5, gt=0, description="relaxed when |p| is below, eV/Å³")
    max_relax_steps: int = Field(default=100, ge=1)

    @property
    def digest(self) -> str:
        """First 16 hex digits of the sha256 over the settings, sorted by name."""
        return digest(self.model_dump(mode="json"))


HARMONIC_PROTOCOLS: dict[str, HarmonicProtocol] = {
    protocol.name: protocol
    for protocol in (
        HarmonicProtocol(name="reference-geometry", geometry="reference"),
        HarmonicProtocol(name="relaxed-geometry", geometry="relaxed"),
        # Forces that others published, each method in its own relaxed cell; stored in single precision.
        HarmonicProtocol(name="published-forces", geometry="relaxed", supercell=None, dtype="float32"),
    )
}


def digest(settings: dict[str, Any]) -> str:
    """First 16 hex digits of the sha256 over canonical JSON of `settings`."""
    text = json.dumps(settings, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
