"""Suites: what each set of published DFT numbers holds, how it was made, and what may be compared with it.

Plain data, so that pages, API and checks can ask it without the stack that computes. Suites of one's own are declared
in a TOML file that `SOFTMODE_SUITES` names, one table each with the fields of `Suite`.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

QPoint = tuple[float, float, float]


class PublishedDFT(BaseModel):
    """How a suite's source made its numbers; None where it does not say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str = Field(description="program, and plane-wave cutoff where it is stated")
    functional: str
    spin_polarised: bool | None = None
    hubbard_u: bool | None = Field(default=None, description="whether any element has a Hubbard U")
    spin_orbit: bool | None = None
    non_analytic: bool | None = Field(default=None, description="whether phonons have the non-analytic correction at Γ")
    supercell: str
    k_mesh: str | None = Field(default=None, description="k points of that supercell")
    displacement: float | None = Field(default=None, description="finite displacement, Å")

    @property
    def described(self) -> str:
        """Functional and code, as the table `references` names them."""
        return f"{self.functional} ({self.code})"


class Suite(BaseModel):
    """A set of compounds with published DFT numbers, and the q points at which they are compared."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z0-9]{1,23}$")
    title: str
    prototype: str
    size: int = Field(description="compounds in the published set")
    protocol: str = Field(description="harmonic protocol used unless another is named")
    q_points: dict[str, tuple[QPoint, ...]] = Field(
        description="label to the star of q in fractional coordinates of the primitive reciprocal cell"
    )
    clusters: tuple[str, ...] = Field(
        default=(), description="sites whose element compounds share: intervals draw them together"
    )
    doi: str | None = Field(default=None, description="null where the source has none that we know")
    source: str
    citation: str
    criteria: tuple[str, ...] = Field(description="what DFT's numbers can be held against, the first by default")
    metrics: tuple[str, ...] = Field(default=(), description="what potentials can be ordered by, the first by default")
    dft: PublishedDFT
    cell: str = Field(description="whose cell a potential is computed in")
    licence: str = Field(description="of the source, and what of it is kept here")
    caution: str = Field(default="", description="what stands beside every number of the suite")

    @property
    def computable(self) -> bool:
        """Whether a formula gives the structure, so that its compounds can be computed."""
        return self.prototype in STARS


UPLOAD = "upload"
"""Stands in the place of a suite for a crystal that a visitor has uploaded and that is of none."""

_HALF = 0.5
_GAMMA: dict[str, tuple[QPoint, ...]] = {"gamma": ((0, 0, 0),)}
STARS: dict[str, dict[str, tuple[QPoint, ...]]] = {
    "elpasolite": {
        **_GAMMA,
        "x": ((_HALF, _HALF, 0), (_HALF, 0, _HALF), (0, _HALF, _HALF)),
        "l": ((_HALF, 0, 0), (0, _HALF, 0), (0, 0, _HALF), (_HALF, _HALF, _HALF)),
    },
    "cubic-perovskite": {
        **_GAMMA,
        "r": ((_HALF, _HALF, _HALF),),
        "m": ((_HALF, _HALF, 0), (_HALF, 0, _HALF), (0, _HALF, _HALF)),
        "x": ((_HALF, 0, 0), (0, _HALF, 0), (0, 0, _HALF)),
    },
}
"""The special points of the structures that follow from a formula."""

_PUBLISHED: dict[str, Suite] = {
    "hdp": Suite(
        id="hdp",
        title="Halide double perovskites",
        prototype="elpasolite",
        size=1813,
        protocol="relaxed-geometry",
        clusters=("B", "Bp"),
        q_points=STARS["elpasolite"],
        doi="10.1021/acs.chemmater.2c01779",
        source="https://github.com/yangjackie/halide_double_perovskite_anharmonicity_database",
        citation="J. Yang and S. Li, Mapping the Room-Temperature Dynamic Stabilities of Inorganic Halide Double"
        " Perovskites, Chem. Mater. (2022)",
        criteria=("cross", "sigma", "renormalised"),
        metrics=("sigma_mcc", "sigma"),
        dft=PublishedDFT(
            code="VASP, 520 eV",
            functional="PBE",
            spin_polarised=False,
            hubbard_u=False,
            spin_orbit=False,
            non_analytic=False,
            supercell="80 atoms",
            k_mesh="Γ",
            displacement=0.01,
        ),
        cell="the potential's own, relaxed",
        licence="numbers as published",
    ),
    "abx3": Suite(
        id="abx3",
        title="Cubic ABX3 perovskites",
        prototype="cubic-perovskite",
        size=3660,
        protocol="reference-geometry",
        clusters=("B",),
        q_points=STARS["cubic-perovskite"],
        doi=None,
        source="https://github.com/yangjackie/cubic_perovskite_anharmonicity_database",
        citation="J. Yang, An Atlas of Vibrational Anharmonicity for Cubic ABX3 Perovskites (2021), Table S1",
        criteria=("harmonic", "sigma", "renormalised", "cross"),
        metrics=("mcc", "omega", "sigma_mcc", "sigma"),
        dft=PublishedDFT(
            code="VASP, 500 eV",
            functional="PBE",
            spin_polarised=False,
            hubbard_u=False,
            spin_orbit=None,
            non_analytic=False,
            supercell="40 atoms",
            k_mesh="2×2×2, Γ-centred",
            displacement=0.005,
        ),
        cell="DFT's",
        licence="numbers as published",
    ),
    "alexandria50": Suite(
        id="alexandria50",
        title="Six MACE models on 50 materials",
        prototype="any",
        size=50,
        protocol="published-displacements",
        q_points=_GAMMA,
        doi=None,
        source="https://github.com/joehart2001/benchmark_app",
        citation="phonon objects of joehart2001/benchmark_app, commit fecb4acf (2025); DFT of the Alexandria database",
        criteria=("harmonic",),
        metrics=("frequency", "omega"),
        dft=PublishedDFT(
            code="VASP, Alexandria",
            functional="PBE",
            spin_polarised=None,
            hubbard_u=None,
            spin_orbit=None,
            non_analytic=False,
            supercell="40 to 144 atoms",
            k_mesh=None,
            displacement=0.01,
        ),
        cell="DFT's, and DFT's displaced supercells",
        licence="the source states none: numbers derived from its forces, no forces",
        caution="The source evaluated MACE with D3(BJ), which was subtracted: about 0.1 % of the force constants.",
    ),
    "mp0b3": Suite(
        id="mp0b3",
        title="MACE-MP-0b3 benchmark",
        prototype="any",
        size=60,
        protocol="published-forces",
        q_points=_GAMMA,
        doi="10.5281/zenodo.15462975",
        source="https://github.com/JaGeo/mace-mp-03b-phonon-benchmark",
        citation="JaGeo/mace-mp-03b-phonon-benchmark, Zenodo (2025)",
        criteria=("harmonic",),
        metrics=("frequency", "omega"),
        dft=PublishedDFT(
            code="VASP",
            functional="PBE",
            spin_polarised=None,
            hubbard_u=None,
            spin_orbit=None,
            non_analytic=False,
            supercell="edges of about 20 Å",
            k_mesh=None,
            displacement=0.01,
        ),
        cell="MACE-MP-0b3: its own, relaxed; every other potential: DFT's, and DFT's displaced supercells",
        licence="the source states none that we know: numbers derived from its forces, no forces",
        caution="MACE-MP-0b3 stands in its own cell here, the others in DFT's.",
    ),
    "mp64": Suite(
        id="mp64",
        title="MACE-MP-0 and CHGNet against DFPT",
        prototype="any",
        size=64,
        protocol="published-bands",
        q_points=_GAMMA,
        doi="10.1038/sdata.2018.65",
        source="https://github.com/janosh/ffonons",
        citation="janosh/ffonons, commit 73de7cfc; DFPT of G. Petretto et al., Sci. Data 5, 180065 (2018)",
        criteria=("harmonic",),
        metrics=("frequency", "omega"),
        dft=PublishedDFT(
            code="ABINIT, DFPT",
            functional="PBEsol",
            spin_polarised=None,
            hubbard_u=None,
            spin_orbit=None,
            non_analytic=True,
            supercell="linear response",
            k_mesh=None,
            displacement=None,
        ),
        cell="the potential's own, relaxed",
        licence="MIT, by the source's pyproject",
        caution="PBEsol with a non-analytic correction against PBE data without one: no error of the potential alone.",
    ),
    "phonondb": Suite(
        id="phonondb",
        title="Lowest and highest ω, phonon database",
        prototype="any",
        size=621,
        protocol="published-extremes",
        q_points=_GAMMA,
        doi=None,
        source="https://github.com/janosh/ffonons",
        citation="janosh/ffonons, HEAD 480bc92d; DFT of A. Togo's phonon database",
        criteria=("harmonic",),
        metrics=("omega",),
        dft=PublishedDFT(
            code="VASP, phonon database",
            functional="PBEsol",
            spin_polarised=None,
            hubbard_u=None,
            spin_orbit=None,
            non_analytic=False,
            supercell="as the database has it",
            k_mesh=None,
            displacement=None,
        ),
        cell="the potential's own, relaxed",
        licence="MIT, by the source's pyproject",
        caution="Labelled PBE by the source, PBEsol by the database; the potentials have PBE data. Extremes alone,"
        " acoustic modes included.",
    ),
    "kappa103": Suite(
        id="kappa103",
        title="Forty potentials on 103 binaries",
        prototype="any",
        size=103,
        protocol="published-extremes",
        q_points=_GAMMA,
        doi=None,
        source="https://github.com/janosh/matbench-discovery",
        citation="janosh/matbench-discovery, commit 2c7f9fc4; DFT of A. Togo's phonon database",
        criteria=(),
        dft=PublishedDFT(
            code="VASP, phonon database",
            functional="PBE",
            spin_polarised=None,
            hubbard_u=None,
            spin_orbit=None,
            non_analytic=None,
            supercell="as the database has it",
            k_mesh=None,
            displacement=None,
        ),
        cell="the potential's own, relaxed",
        licence="MIT",
        caution="Quantiles compare spectra, not modes: a mode that another one replaces is no error here.",
    ),
}


def declared(path: Path) -> dict[str, Suite]:
    """The suites of the TOML file `path`; special points follow from the prototype unless they are given.

    Raises `ValueError`, in one sentence that names file, suite and field, for what is no suite or is here already.
    """
    try:
        entries: dict[str, dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))
        return {id: _declared(id, entry) for id, entry in entries.items()}
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"SOFTMODE_SUITES: {path} cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ValueError(f"SOFTMODE_SUITES: {path}, {error.title}: {where}: {first['msg']}") from error


def _declared(id: str, entry: dict[str, Any]) -> Suite:
    if id in _PUBLISHED:
        raise ValueError(f"SOFTMODE_SUITES: there is a suite {id} already; choose another name")
    stars = {"q_points": STARS.get(entry.get("prototype", ""), _GAMMA)}
    return Suite.model_validate({"protocol": "reference-geometry", **stars, **entry, "id": id})


SUITES: dict[str, Suite] = {
    **_PUBLISHED,
    **(declared(Path(os.environ["SOFTMODE_SUITES"])) if os.environ.get("SOFTMODE_SUITES") else {}),
}

COMPUTABLE = tuple(suite.id for suite in SUITES.values() if suite.computable)
"""Suites whose compounds are known by their formulas and can be computed."""

COMPARED = tuple(suite.id for suite in SUITES.values() if suite.criteria)
"""Suites in which DFT and potentials are compared label by label; the others have a table of their own."""
