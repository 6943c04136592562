"""The endpoints and what they answer; nothing here knows of HTTP beyond a status."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from compute import tables
from compute.tables.manifest import TableFile
from compute.tables.schemas import KEYS, SCHEMAS
from dashboard.api import rows
from dashboard.api.answers import (
    CONSTANTS,
    OF_A_COMPOUND,
    PAGES,
    Column,
    CompoundAnswer,
    DatasetAnswer,
    FileAnswer,
    Former,
    ReleaseAnswer,
    Table,
    Version,
)
from dashboard.api.leaderboard import LeaderboardAnswer, LeaderboardParameters
from dashboard.api.metrics import MetricsAnswer, scores
from dashboard.api.openapi import Endpoint
from dashboard.api.parameters import TABLE_PARAMETERS, Formula, MetricsParameters, Paged, Parameters, Suite
from dashboard.api.problems import ApiError
from dashboard.api.trust import TrustAnswer, TrustParameters, trust_of
from dashboard.dataset import Dataset
from dashboard.queries import formulas
from dashboard.queries.ranking import plain_leaderboard
from dashboard.server.downloads import address, whole_table

_OF_TABLES = {
    "references": (
        "Published DFT",
        "One row per compound: σ at 300 K, softest ω, descriptors, source.",
        ("suite=hdp&X=Br&sigma_ge=1&fields=compound,sigma", "suite=abx3&format=csv&limit=1000"),
    ),
    "harmonic": (
        "Harmonic calculations of the potentials",
        "One row per run, compound and geometry, failed and not run ones too. The training data of a potential may "
        "be of another functional than the published DFT: see potentials.",
        ("suite=abx3&potential=chgnet-0.3.0&label=unstable", "compound=CsPbBr3"),
    ),
    "anharmonic": (
        "σ of the potentials",
        "One row per run, compound and sampling protocol, failed and not run ones too. Compare like protocols only.",
        ("compound=CsPbBr3&fields=potential,protocol,sigma,sigma_se", "protocol=published-abx3&status=ok&sigma_ge=1"),
    ),
    "attribution": (
        "Where the error of σ comes from",
        "One row per set of reference frames and potential: forces, Hessian and sampling.",
        ("potential=chgnet-0.3.0",),
    ),
    "potentials": (
        "The registered potentials",
        "Training set, functional, licence, checkpoint hash and citation of each.",
        ("family=MACE&fields=potential,functional,licence",),
    ),
}  # fmt: skip


def _of_table(table: str) -> Endpoint:
    summary, description, examples = _OF_TABLES[table]

    def handle(dataset: Dataset, release: str, asked: Paged) -> rows.Rows:
        return rows.page(dataset, release, table, asked)

    return Endpoint(
        path=f"/{table}",
        name=table,
        summary=summary,
        description=f"{description} In the order of {', '.join(KEYS[table])}.",
        parameters=TABLE_PARAMETERS[table],
        answer=PAGES[table],
        handle=handle,
        examples=tuple(f"/{table}?{query}" for query in examples),
        formats=("json", "csv", "parquet"),
        errors=(HTTPStatus.NOT_ACCEPTABLE, HTTPStatus.GONE),
    )


def _compound(dataset: Dataset, release: str, asked: Parameters, suite: str, formula: str) -> dict[str, Any]:
    found = _named(dataset, suite, formula)

    def of(table: str, columns: tuple[str, ...] = ()) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = rows.of_compound(dataset, table, suite, found, columns).to_pylist()
        return listed

    return {
        "release": release,
        "suite": suite,
        "compound": found,
        "reference": of("references")[0],
        **{table: of(table) for table in OF_A_COMPOUND},
        "force_constants": dataset.of_compound("force_constants", suite, found, CONSTANTS),
    }


def _named(dataset: Dataset, suite: str, formula: str) -> str:
    """The compound of `suite` with this name, else the only one of this formula, elements in any order."""
    found = formulas.named(dataset, [suite], formula)
    if not found:
        raise ApiError(HTTPStatus.NOT_FOUND, "The suite has no such compound.")
    if len(found) > 1:
        names = ", ".join(found)
        raise ApiError(HTTPStatus.NOT_FOUND, f"Several compounds have this formula; ask for one by name: {names}.")
    return found[0]


def _metrics(dataset: Dataset, release: str, asked: MetricsParameters) -> dict[str, Any]:
    return scores(dataset, release, asked).model_dump()


def _leaderboard(dataset: Dataset, release: str, asked: LeaderboardParameters) -> dict[str, Any]:
    return {"release": release, **plain_leaderboard(dataset, release, asked.suite)}


def _dataset(dataset: Dataset, release: str, asked: Parameters) -> dict[str, Any]:
    manifest = dataset.manifest()
    return DatasetAnswer(
        release=release,
        schema_version=Version(major=tables.SCHEMA_MAJOR, minor=tables.SCHEMA_MINOR),
        tables=[
            Table(
                table=name, rows=listed.rows, bytes=listed.bytes, sha256=listed.sha256,
                file=address(whole_table(name)), files=[_file(file) for file in listed.files],
                key=list(KEYS[name]), columns=_columns(name),
            )
            for name, listed in manifest.tables.items() if name in SCHEMAS
        ],
        history=[
            ReleaseAnswer(
                release=former["release"], tables=[Former(table=name, **of) for name, of in former["tables"].items()]
            )
            for former in manifest.history
        ],
    ).model_dump()  # fmt: skip


def _file(file: TableFile) -> FileAnswer:
    return FileAnswer(file=address(file.file), rows=file.rows, bytes=file.bytes, sha256=file.sha256, holds=file.holds)


def _columns(table: str) -> list[Column]:
    return [
        Column(
            name=field.name, type=str(field.type), unit=field.metadata[b"unit"].decode(),
            description=field.metadata[b"description"].decode(), nullable=field.nullable,
        )
        for field in SCHEMAS[table]
    ]  # fmt: skip


ENDPOINTS: tuple[Endpoint, ...] = (
    *(_of_table(table) for table in _OF_TABLES),
    Endpoint(
        path="/compounds/{suite}/{formula}",
        name="compound",
        summary="Everything published of one compound",
        description="Its rows of every table. The arrays of force constants are in the table's file: see dataset.",
        parameters=Parameters,
        answer=CompoundAnswer,
        handle=_compound,
        examples=("/compounds/abx3/CsPbBr3",),
        path_types=(
            ("suite", Suite, "set of compounds"),
            ("formula", Formula, "formula, elements in any order, or material id"),
        ),
        errors=(HTTPStatus.NOT_FOUND, HTTPStatus.NOT_ACCEPTABLE),
    ),
    Endpoint(
        path="/metrics",
        name="metrics",
        summary="Scores of potentials against DFT",
        description="Confusion counts with failed, undecidable and not run, scores with 95 % intervals, and the "
        "ranking, as on the pages Stability and Overview.",
        parameters=MetricsParameters,
        answer=MetricsAnswer,
        handle=_metrics,
        examples=("/metrics?suite=abx3&criterion=harmonic&tolerance_thz=0.2",),
        errors=(HTTPStatus.NOT_ACCEPTABLE,),
    ),
    Endpoint(
        path="/leaderboard",
        name="leaderboard",
        summary="Foundation potentials against DFT's force constants",
        description="Medians over the materials of one suite with cluster-bootstrap intervals, harmonic labels, and "
        "every two potentials tested on the materials that both have, corrected after Holm.",
        parameters=LeaderboardParameters,
        answer=LeaderboardAnswer,
        handle=_leaderboard,
        examples=("/leaderboard?suite=alexandria50",),
        errors=(HTTPStatus.NOT_ACCEPTABLE,),
    ),
    Endpoint(
        path="/trust",
        name="trust",
        summary="How far the labels of potentials can be trusted for one compound",
        description="The probability that each label is DFT's, an interval of |Δω_min|, and what speaks against it, as "
        "on the page Trust; also for a compound that nobody has computed.",
        parameters=TrustParameters,
        answer=TrustAnswer,
        handle=trust_of,
        examples=("/trust?compound=CsPbBr3",),
        errors=(HTTPStatus.NOT_FOUND, HTTPStatus.NOT_ACCEPTABLE),
    ),
    Endpoint(
        path="/dataset",
        name="dataset",
        summary="What is published",
        description="The release, its tables with rows, hash, file and columns, and the releases before.",
        parameters=Parameters,
        answer=DatasetAnswer,
        handle=_dataset,
        examples=("/dataset",),
        errors=(HTTPStatus.NOT_ACCEPTABLE,),
    ),
)
