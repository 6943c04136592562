"""The published files as they are, the manifest that lists them, what describes them; and each table in one file."""

from __future__ import annotations

from pathlib import Path

import orjson
from flask import Flask, Response, abort, request, send_file

from compute.tables import MANIFEST, SCHEMAS, Manifest, TableError, croissant
from dashboard.dataset import Dataset
from dashboard.server.cache_headers import kept
from dashboard.server.whole_tables import WholeTables

PATH = "/data/"
PARQUET = "application/vnd.apache.parquet"


def serve_data(server: Flask, dataset: Dataset) -> None:
    """Serve the manifest that `dataset` reads, its description, its files at `/data/<file>`, whole tables; else 404.

    A file that is no longer what the manifest lists is not sent: 503.
    """
    whole = WholeTables()

    @server.get(f"{PATH}<path:name>")
    def published(name: str) -> Response:
        try:
            return _answer(dataset.manifest(), whole, name) or abort(404)
        except TableError as error:
            abort(503, f"The published tables cannot be read: {error}.")


def _answer(manifest: Manifest, whole: WholeTables, name: str) -> Response | None:
    listed = {file.file: (table, file) for table, files in manifest.tables.items() for file in files.files}
    if name == MANIFEST and listed:
        return _revalidated(Response(orjson.dumps(manifest.document()), mimetype="application/json"))
    if name == croissant.FILE and listed:
        base = f"{request.host_url.rstrip('/')}{address('')}"
        described = croissant.description(whole.document(manifest), base)
        return _revalidated(Response(orjson.dumps(described), mimetype="application/ld+json"))
    if name in listed:
        table, file = listed[name]
        manifest.verify_file(table, file)
        return kept(_file(manifest.directory / name, name.replace("/", "-"), file.sha256))
    table = name.removesuffix(".parquet")
    if name != table and table in manifest.tables and table in SCHEMAS:
        path, file = whole.file(manifest, table)
        response = _file(path, name, file.sha256)
        response.headers["Cache-Control"] = "no-cache"
        return response
    return None


def address(file: str) -> str:
    """Where a browser gets `file`."""
    return f"{request.script_root}{PATH}{file}"


def whole_table(name: str) -> str:
    """The file that holds all of table `name`."""
    return f"{name}.parquet"


def _file(path: Path, name: str, etag: str) -> Response:
    return send_file(path, mimetype=PARQUET, as_attachment=True, download_name=name, etag=etag, conditional=True)


def _revalidated(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response
