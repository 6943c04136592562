"""A page for people about the API, from its OpenAPI document: plain HTML in the site's own style."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any

_STYLE = """
.api .address { font-weight: 650; }
.api li, .api .address, .api td { overflow-wrap: anywhere; }
.api table { table-layout: fixed; max-width: 60rem; }
.api th:first-child { width: 11rem; }
.api th:nth-child(2) { width: 14rem; }
.api .about { margin-bottom: 0.6rem; }
@media (max-width: 40rem) {
  .api thead { display: none; }
  .api table, .api tbody, .api tr, .api th:first-child, .api td { display: block; width: auto; }
  .api th, .api td { padding: 0; border: 0; }
  .api tr { padding: 0.5rem 0; border-bottom: 1px solid var(--line); }
}
"""

_ABOUT = """
<p class="about">Answers are JSON; the tables also CSV and Parquet, by <code>format=</code> or the header
<code>Accept</code>. A page of a table has at most 1,000 rows: <code>next</code> in the answer, or the header
<code>Link</code>, leads to the next. The <code>ETag</code> holds the release of the data: sent back in
<code>If-None-Match</code>, an unchanged answer is 304. A parameter that is not listed is refused with 400. Errors are
<code>application/problem+json</code>. Scripts of other sites may read everything here,
and ask for no calculation. Null is “not known” and
“not defined”.</p>
"""


def page(document: Mapping[str, Any], prefix: str = "") -> str:
    """HTML that lists every address of `document` with its parameters and examples, on a site below `prefix`."""
    root = document["servers"][0]["url"]
    sections = "".join(
        _section(root, path, method, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    )
    info = document["info"]
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><title>API · Softmode</title>'
        f'<meta name="description" content="{escape(info["description"])}">'
        f'<link rel="icon" type="image/svg+xml" href="{prefix}/assets/favicon.svg">'
        f'<link rel="stylesheet" href="{prefix}/assets/softmode.css">'
        f'<style>{_STYLE}</style><script src="{prefix}/assets/head/scheme.js"></script></head>\n'
        '<body><a class="skip" href="#page">Skip to content</a>'
        f'<header class="site-head"><div class="bar"><a class="brand" href="{prefix}/">Softmode</a></div></header>\n'
        '<main id="page" class="page api">'
        '<div class="page-head"><h1>The tables for programs</h1>'
        f'<p class="lead">{escape(info["description"])}</p></div>'
        f"{_ABOUT}"
        f'<p class="about">OpenAPI {escape(document["openapi"])}: '
        f'<a href="{root}/openapi.json">{root}/openapi.json</a>. '
        f'Columns with units: <a href="{root}/dataset">{root}/dataset</a>.</p>\n'
        f"{sections}</main></body></html>\n"
    )


def _section(root: str, path: str, method: str, operation: Mapping[str, Any]) -> str:
    name = escape(operation["operationId"])
    examples = "".join(
        f'<li><a href="{escape(root + example)}">{escape(root + example)}</a></li>'
        for example in operation["x-examples"]
    )
    return (
        f'<section id="{name}"><h2>{escape(operation["summary"])}</h2>'
        f'<p class="address"><code>{method.upper()} {escape(root + path)}</code></p>'
        f'<p class="about">{escape(operation["description"])}</p>'
        f"<ul>{examples}</ul>{_body(operation)}{_parameters(operation)}</section>\n"
    )


def _body(operation: Mapping[str, Any]) -> str:
    """What the operation takes."""
    if "requestBody" not in operation:
        return ""
    (content,) = operation["requestBody"]["content"].values()
    return f'<p class="about">Body, as JSON: <code>{escape(json.dumps(content["example"]))}</code></p>'


def _parameters(operation: Mapping[str, Any]) -> str:
    if not operation["parameters"]:
        return ""
    rows = "".join(
        f'<tr><th scope="row"><code>{escape(found["name"])}</code></th>'
        f"<td>{escape(_values(found))}</td><td>{escape(found['description'])}</td></tr>"
        for found in operation["parameters"]
    )
    return (
        '<table><thead><tr><th scope="col">Parameter</th><th scope="col">Values</th>'
        f'<th scope="col">Meaning</th></tr></thead><tbody>{rows}</tbody></table>'
    )


def _values(parameter: Mapping[str, Any]) -> str:
    schema = parameter["schema"]
    single = schema.get("items", schema)
    if "enum" in single:
        many = not parameter.get("explode", True)
        return "columns of the table" if many else ", ".join(map(str, single["enum"]))
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    bounds = f", {low:g} to {schema['maximum']:g}" if "maximum" in schema else ""
    default = f", default {schema['default']}" if "default" in schema else ""
    return {"integer": "whole number", "number": "number", "string": "text"}[single["type"]] + bounds + default
