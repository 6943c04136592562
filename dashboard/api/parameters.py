"""Parameters of requests as pydantic models: what a query may hold, and how it is read.

A parameter that is a list may be repeated; `fields` holds its values separated by commas. Anything else in a query
is a problem, never ignored: a filter that is misspelt must not answer with every row.
"""

from __future__ import annotations

from types import GenericAlias
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, TypeVar
from urllib.parse import urlencode

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, create_model
from pydantic.json_schema import SkipJsonSchema
from werkzeug.datastructures import MultiDict

from compute.structures.formula import plain
from compute.suites import SUITES
from compute.tables.against_dft import SUITES_WITH_PHONONS
from compute.tables.schemas import KEYS, SCHEMAS
from dashboard.api.problems import BadParameters
from dashboard.views.codec import DEFAULT_TOLERANCE_THZ

LARGEST_PAGE = 1000
COMMA_SEPARATED = "fields"

if TYPE_CHECKING:
    Suite: TypeAlias = str
    SuiteOfPhonons: TypeAlias = str
else:  # in the document each is one of these
    Suite = Literal[tuple(SUITES)]
    SuiteOfPhonons = Literal[SUITES_WITH_PHONONS]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.+-]{1,80}$")]
Formula = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9₀-₉_.+() -]{1,80}$"), AfterValidator(plain)]
Element = Annotated[str, StringConstraints(pattern=r"^[A-Z][a-z]?$")]
Label = Literal["stable", "unstable", "undecidable"]
Bound = Annotated[float, Field(allow_inf_nan=False)] | SkipJsonSchema[None]
Format = Literal["json", "csv", "parquet"] | SkipJsonSchema[None]
Cursor = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,1000}$")] | SkipJsonSchema[None]

ELEMENTS = {site: (Element, f"element on the {place} site") for site, place in zip(
    ("A", "B", "Bp", "X"), ("A", "B", "B'", "X"), strict=True
)}  # fmt: skip
_COMPOUND = {
    "suite": (Suite, "set of compounds"),
    "compound": (Formula, "formula, elements in any order, or material id"),
}
_POTENTIAL = {"potential": (Name, "potential as named in the table potentials")}
_CALCULATED = {
    "run": (Name, "run as named in the table runs"),
    **_COMPOUND,
    **_POTENTIAL,
    "protocol": (Name, "named protocol"),
    "geometry": (Literal["reference", "relaxed"], "the DFT cell, or relaxed with the potential"),
    "status": (Name, "ok, not-run, or a word for the failure"),
    "label": (Label, "label as published"),
}
_COMMON = {
    "common": (
        Name,
        "only compounds that each of these potentials was run on, with a row that the filters but potential admit",
    ),
}
_LEVEL = {
    "level": (
        Literal["comparable"],
        "only compounds in which the potential’s training data and DFT mean the same level of theory",
    ),
}

FILTERS: dict[str, dict[str, tuple[Any, str]]] = {
    "references": {**_COMPOUND, **ELEMENTS},
    "potentials": {
        **_POTENTIAL,
        "family": (Name, "architecture: MACE, CHGNet, SevenNet …"),
        "benchmark": (Literal["true", "false"], "one of the four models of doi:10.1039/d5cp04693a"),
    },
    "harmonic": {**_CALCULATED, **_LEVEL, **_COMMON, **ELEMENTS},
    "anharmonic": {**_CALCULATED, **_LEVEL, **_COMMON, **ELEMENTS},
    "attribution": {
        "frames": (Name, "set of reference frames"),
        **_COMPOUND,
        **_POTENTIAL,
        "reference": (
            Literal["dft", "surrogate"],
            "whose numbers the errors are against: DFT’s, or those of the potential that others were distilled from",
        ),
        "status": (Name, "ok, or a word for the failure"),
        **_COMMON,
        **ELEMENTS,
    },
}
"""Per table, the filters: name, type of a value, description."""

RANGES = {"references": ("sigma", "omega_min_thz"), "harmonic": ("omega_min_thz",), "anharmonic": ("sigma",)}
"""Per table, the columns with a lower and an upper bound; a row without the number is in no range."""


class Parameters(BaseModel):
    """Of a request: nothing that is not listed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Formatted(Parameters):
    """Of a request whose answer can be had in several formats."""

    format: Format = Field(None, description="format of the answer; without it, the header Accept decides")


class Paged(Formatted):
    """Of a request for the rows of a table."""

    limit: int = Field(100, ge=1, le=LARGEST_PAGE, description="rows of one page")
    cursor: Cursor = Field(None, description="“next” of the page before, asked with the same filters")


def _of_table(table: str) -> type[Paged]:
    fields: dict[str, Any] = {
        name: (GenericAlias(tuple, (kind, ...)), Field((), description=f"{text}; may be repeated"))
        for name, (kind, text) in FILTERS[table].items()
    }
    for column in RANGES.get(table, ()):
        unit = SCHEMAS[table].field(column).metadata[b"unit"].decode()
        for suffix, text in (("ge", "no smaller than this"), ("le", "no larger than this")):
            described = f"{column} {text}" + (f", in {unit}" if unit else "")
            fields[f"{column}_{suffix}"] = (Bound, Field(None, description=described))
    columns: Any = Literal.__getitem__(tuple(SCHEMAS[table].names))
    fields[COMMA_SEPARATED] = (
        GenericAlias(tuple, (columns, ...)),
        Field(
            (),
            min_length=1,
            description=f"columns of the answer, separated by commas; all without it. Key: {', '.join(KEYS[table])}",
        ),
    )
    return create_model(f"{table.title()}Parameters", __base__=Paged, **fields)


TABLE_PARAMETERS = {table: _of_table(table) for table in FILTERS}


class MetricsParameters(Parameters):
    """Of a request for scores."""

    suite: tuple[Suite, ...] = Field((), description="set of compounds; may be repeated; all without it")
    potential: tuple[Name, ...] = Field(
        (), description="potential; may be repeated; all foundation potentials with results without it"
    )
    criterion: tuple[Literal["harmonic", "sigma", "renormalised", "cross"], ...] = Field(
        (), description="numbers compared, DFT | potential: ω | ω, σ | σ, σ | renormalised ω, σ | ω; may be repeated"
    )
    X: tuple[Element, ...] = Field((), description="element on the X site; may be repeated; all without it")
    tolerance_thz: float = Field(
        DEFAULT_TOLERANCE_THZ, ge=0, le=5, allow_inf_nan=False, description="stable when ω_min > −tolerance, in THz"
    )
    threshold: float = Field(1.0, gt=0, le=5, allow_inf_nan=False, description="stable when σ is below")
    level: Literal["all", "comparable"] = Field(
        "all", description="compounds scored: all, or those in which potential and DFT mean the same level of theory"
    )
    common: Literal["yes", "no"] = Field(
        "no", description="whether the potentials of a suite are scored on the compounds that all of them have run"
    )


Read = TypeVar("Read", bound=Parameters)


def read(model: type[Read], query: MultiDict[str, str]) -> Read:
    """The `query` as a `model`; raises `BadParameters` with every parameter that is wrong."""
    problems: dict[str, str] = {}
    given: dict[str, Any] = {}
    for name in query:
        values = query.getlist(name)
        if name not in model.model_fields:
            problems[name] = "there is no such parameter here"
        elif model.model_fields[name].default == ():
            given[name] = values[0].split(",") if name == COMMA_SEPARATED and len(values) == 1 else values
        elif len(values) > 1:
            problems[name] = "given more than once"
        else:
            given[name] = values[0]
    try:
        understood = model.model_validate(given)
    except ValidationError as error:
        for found in error.errors(include_url=False):
            problems.setdefault(str(found["loc"][0]), found["msg"])
    if problems:
        raise BadParameters(list(problems.items()))
    return understood


def changed(query: MultiDict[str, str], name: str, value: str | int) -> str:
    """The `query` as an address states it, with the parameter `name` set to `value`."""
    return urlencode([*(item for item in query.items(multi=True) if item[0] != name), (name, value)])
