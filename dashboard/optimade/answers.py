"""What OPTIMADE's answers hold beside the entries: who answers, what was asked, what there is, what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from importlib.metadata import version
from typing import Any
from urllib.parse import urlencode

from flask import request

from dashboard.api import parameters
from dashboard.optimade.properties import PROPERTIES

ROOT = "/optimade"
API_VERSION = "1.2.0"
PATHS = ("/v1", "/v1.2", "/v1.2.0", "")
"""What may stand between `ROOT` and an endpoint."""

_SCHEMA = "https://schemas.optimade.org/openapi/v1.2/optimade.json"
_PROVIDER = {
    "name": "Softmode",
    "description": "Cubic ABX3 and A2BB'X6 perovskites: published DFT against foundation potentials.",
    "prefix": "softmode",
    "homepage": None,
}
_ENTRY_ENDPOINTS = ("structures",)


def base() -> str:
    """The unversioned base address, as the client reaches it."""
    return f"{request.host_url.rstrip('/')}{request.script_root}{ROOT}"


def asked_path() -> str:
    """The part of the address of the present request that follows the base address."""
    path = request.path.removeprefix(ROOT)
    for prefix in PATHS:
        if prefix and path.startswith(f"{prefix}/"):
            return path.removeprefix(prefix)
    return path


def meta(more: bool = False, foreign: tuple[str, ...] = (), **numbers: int) -> dict[str, Any]:
    """The member `meta`; `more` data are on another page, `foreign` are names of other databases in the request."""
    query = urlencode(list(request.args.items(multi=True)))
    content = {
        "query": {"representation": asked_path() + (f"?{query}" if query else "")},
        "api_version": API_VERSION,
        "more_data_available": more,
        "schema": _SCHEMA,
        "time_stamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "provider": _PROVIDER | {"homepage": f"{base().removesuffix(ROOT)}/"},
        "implementation": {"name": "Softmode", "version": version("softmode")},
        **numbers,
    }
    if foreign:
        content["warnings"] = [
            {"type": "warning", "detail": f"{name} is a property of another database: unknown here."}
            for name in foreign
        ]
    return content


def next_page(offset: int) -> str:
    """The address of the present request, from the entry at `offset` on."""
    query = parameters.changed(request.args, "page_offset", offset)
    return f"{request.host_url.rstrip('/')}{request.script_root}{request.path}?{query}"


def info() -> dict[str, Any]:
    """What this database serves."""
    attributes = {
        "api_version": API_VERSION,
        "available_api_versions": [{"url": f"{base()}/v1", "version": API_VERSION}],
        "formats": ["json"],
        "available_endpoints": ["info", "links", *_ENTRY_ENDPOINTS],
        "entry_types_by_format": {"json": list(_ENTRY_ENDPOINTS)},
        "is_index": False,
    }
    return {"data": {"id": "/", "type": "info", "attributes": attributes}, "meta": meta()}


def structures_info() -> dict[str, Any]:
    """The properties of a structure."""
    properties = {
        each.name: {
            "description": each.description,
            "type": each.kind,
            "sortable": each.sortable,
            **({"unit": each.unit} if each.unit else {}),
        }
        for each in PROPERTIES.values()
    }
    described = {
        "id": "structures",
        "type": "info",
        "formats": ["json"],
        "description": "Compounds in their cubic structure, with published DFT and what potentials give.",
        "properties": properties,
        "output_fields_by_format": {"json": list(properties)},
    }
    return {"data": described, "meta": meta()}


def links() -> dict[str, Any]:
    """This database, which belongs to no index."""
    root = {
        "name": _PROVIDER["name"],
        "description": _PROVIDER["description"],
        "base_url": base(),
        "homepage": f"{base().removesuffix(ROOT)}/",
        "link_type": "root",
    }
    data = [{"id": "softmode", "type": "links", "attributes": root}]
    return {"data": data, "meta": meta(data_returned=1, data_available=1)}


def errors(status: int, detail: str, wrong: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
    """Why a request was not answered, per parameter where it is one's fault."""
    title = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Version Not Supported"
    error: dict[str, Any] = {"status": str(status), "title": title, "detail": detail}
    listed = [error | {"detail": text, "source": {"parameter": name}} for name, text in wrong] or [error]
    return {"errors": listed, "meta": meta()}
