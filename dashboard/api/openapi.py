"""The OpenAPI 3.1 document of the endpoints, from their pydantic models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
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


class _Schemas(GenerateJsonSchema):
    """Without `default: null`, which only says that a value may be left out."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if schema.get("default") in (None, ()):
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)


def document(endpoints: Sequence[Endpoint], prefix: str = "") -> dict[str, Any]:
    """The document as it is served by a site below `prefix`."""
    models = [(model, "serialization") for model in (problems.Problem, *(e.answer for e in endpoints))]
    _, schemas = models_json_schema(models, ref_template=_REFERENCE, schema_generator=_Schemas)  # type: ignore[arg-type]
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
        "paths": {endpoint.path: {"get": _operation(endpoint)} for endpoint in endpoints},
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
        "parameters": [*_in_path(endpoint), *_in_query(endpoint.parameters)],
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


def _content(name: str, answer: type[BaseModel]) -> dict[str, Any]:
    if name == "json":
        return {"schema": {"$ref": _REFERENCE.format(model=answer.__name__)}}
    return {"schema": {"type": "string"} if name == "csv" else {"type": "string", "format": "binary"}}


def _problem(status: HTTPStatus) -> dict[str, Any]:
    schema = {"$ref": _REFERENCE.format(model=problems.Problem.__name__)}
    return {"description": status.phrase, "content": {problems.MEDIA_TYPE: {"schema": schema}}}


def _in_path(endpoint: Endpoint) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "description": text, "schema": TypeAdapter(kind).json_schema()}
        for name, kind, text in endpoint.path_types
    ]


def _in_query(parameters: type[Parameters]) -> list[dict[str, Any]]:
    found = parameters.model_json_schema(ref_template=_REFERENCE, schema_generator=_Schemas)["properties"]
    in_order = sorted(found.items(), key=lambda item: item[0] in Paged.model_fields)  # filters first
    return [
        {
            "name": name,
            "in": "query",
            "description": schema.pop("description"),
            "schema": {key: value for key, value in schema.items() if key != "title"},
            **({"style": "form", "explode": name != COMMA_SEPARATED} if schema.get("type") == "array" else {}),
        }
        for name, schema in in_order
    ]
