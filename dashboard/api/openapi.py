"""The OpenAPI 3.1 document of the endpoints, from their pydantic models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from dashboard.api import formats, problems
from dashboard.api.parameters import COMMA_SEPARATED, Paged, Parameters

VERSION = "1.0"
ROOT = "/api/v1"
_REFERENCE = "#/components/schemas/{model}"
_ALWAYS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_HEADERS = {
    "ETag": "release of the data and digest of the request; send it back in If-None-Match",
    "Cache-Control": "no-cache: keep it, and ask whether it is still current",
}
_PAGE_HEADERS = {
    "Link": 'address of the next page, rel="next"; absent on the last',
    "Total-Count": "rows that the filters admit, on all pages",
}


@dataclass(frozen=True)
class Endpoint:
    """One address under `ROOT` that answers GET: `path` as in OpenAPI, `{name}` for what `path_types` describes."""

    path: str
    name: str
    summary: str
    description: str
    parameters: type[Parameters]
    answer: type[BaseModel]
    handle: Callable[..., Any]
    examples: tuple[str, ...]
    formats: tuple[str, ...] = ("json",)
    path_types: tuple[tuple[str, Any, str], ...] = ()
    errors: tuple[HTTPStatus, ...] = ()


@dataclass(frozen=True)
class Reply:
    """What a live endpoint answers: `content` as JSON, the status and further headers."""

    content: dict[str, Any]
    status: HTTPStatus = HTTPStatus.OK
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LiveEndpoint:
    """One method of an address under `ROOT` that answers from the jobs, not from the tables: never kept by caches."""

    method: str
    path: str
    name: str
    summary: str
    description: str
    answer: type[BaseModel]
    handle: Callable[..., Reply]
    body: type[BaseModel] | None = None
    body_example: dict[str, Any] | None = None
    examples: tuple[str, ...] = ()
    statuses: tuple[tuple[HTTPStatus, str], ...] = ((HTTPStatus.OK, "the answer"),)
    path_types: tuple[tuple[str, Any, str], ...] = ()
    errors: tuple[HTTPStatus, ...] = ()


class _Schemas(GenerateJsonSchema):
    """Without `default: null`, which only says that a value may be left out."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if schema.get("default") in (None, ()):
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)


def document(endpoints: Sequence[Endpoint], live: Sequence[LiveEndpoint] = (), prefix: str = "") -> dict[str, Any]:
    """The document as it is served by a site below `prefix`."""
    answers = dict.fromkeys([*(endpoint.answer for endpoint in endpoints), *(endpoint.answer for endpoint in live)])
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [(problems.Problem, "serialization")]
    models += [(answer, "serialization") for answer in answers]
    models += [(endpoint.body, "validation") for endpoint in live if endpoint.body is not None]
    references, schemas = models_json_schema(models, ref_template=_REFERENCE, schema_generator=_Schemas)
    paths: dict[str, dict[str, Any]] = {endpoint.path: {"get": _operation(endpoint)} for endpoint in endpoints}
    for endpoint in live:
        operation = paths.setdefault(endpoint.path, {})[endpoint.method] = _live_operation(endpoint)
        if endpoint.body is not None:
            schema = references[endpoint.body, "validation"]
            content = {formats.MEDIA_TYPES["json"]: {"schema": schema, "example": endpoint.body_example}}
            operation["requestBody"] = {"required": True, "content": content}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Softmode",
            "version": VERSION,
            "description": "Published DFT and foundation potentials on soft phonons: the tables behind the pages, "
            "and the scores made of them. Frequencies in THz, imaginary as negative; null is “not known”.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": prefix + ROOT}],
        "paths": paths,
        "components": {"schemas": schemas["$defs"]},
    }


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    paged = len(endpoint.formats) > 1
    headers = _HEADERS | (_PAGE_HEADERS if paged else {})
    errors = sorted({*_ALWAYS, *endpoint.errors})
    return {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "description": endpoint.description,
        "x-examples": list(endpoint.examples),
        "parameters": [*_in_path(endpoint.path_types), *_in_query(endpoint.parameters)],
        "responses": {
            "200": {
                "description": "the answer",
                "headers": {
                    name: {"description": text, "schema": {"type": "integer" if name == "Total-Count" else "string"}}
                    for name, text in headers.items()
                },
                "content": {formats.MEDIA_TYPES[name]: _content(name, endpoint.answer) for name in endpoint.formats},
            },
            "304": {"description": "not changed since the ETag that was sent"},
            **{str(int(status)): _problem(status) for status in errors},
        },
    }


def _live_operation(endpoint: LiveEndpoint) -> dict[str, Any]:
    return {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "description": endpoint.description,
        "x-examples": list(endpoint.examples),
        "parameters": _in_path(endpoint.path_types),
        "responses": {
            **{
                str(int(status)): {
                    "description": text,
                    "headers": {name: {"schema": {"type": "string"}} for name in _live_headers(endpoint)},
                    "content": {formats.MEDIA_TYPES["json"]: _content("json", endpoint.answer)},
                }
                for status, text in endpoint.statuses
            },
            **{str(int(status)): _problem(status) for status in sorted({*_ALWAYS, *endpoint.errors})},
        },
    }


def _live_headers(endpoint: LiveEndpoint) -> tuple[str, ...]:
    return ("Cache-Control", "Location") if endpoint.body is not None else ("Cache-Control",)


def _content(name: str, answer: type[BaseModel]) -> dict[str, Any]:
    if name == "json":
        return {"schema": {"$ref": _REFERENCE.format(model=answer.__name__)}}
    return {"schema": {"type": "string"} if name == "csv" else {"type": "string", "format": "binary"}}


def _problem(status: HTTPStatus) -> dict[str, Any]:
    schema = {"$ref": _REFERENCE.format(model=problems.Problem.__name__)}
    return {"description": status.phrase, "content": {problems.MEDIA_TYPE: {"schema": schema}}}


def _in_path(path_types: tuple[tuple[str, Any, str], ...]) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "description": text, "schema": TypeAdapter(kind).json_schema()}
        for name, kind, text in path_types
    ]


def _in_query(parameters: type[Parameters]) -> list[dict[str, Any]]:
    found = parameters.model_json_schema(ref_template=_REFERENCE, schema_generator=_Schemas)["properties"]
    in_order = sorted(found.items(), key=lambda item: item[0] in Paged.model_fields)  # filters first
    return [
        {
            "name": name,
            "in": "query",
            **({"required": True} if parameters.model_fields[name].is_required() else {}),
            "description": schema.pop("description"),
            "schema": {key: value for key, value in schema.items() if key != "title"},
            **({"style": "form", "explode": name != COMMA_SEPARATED} if schema.get("type") == "array" else {}),
        }
        for name, schema in in_order
    ]
