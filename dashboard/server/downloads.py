"""The published files as they are: the manifest, the Parquet files that it lists, and what describes them."""

from __future__ import annotations

import orjson
from flask import Flask, Response, abort, request, send_file

from compute.tables import MANIFEST, TableError, croissant
from dashboard.dataset import Dataset
from dashboard.server.cache_headers import kept

PATH = "/data/"
PARQUET = "application/vnd.apache.parquet"


def serve_data(server: Flask, dataset: Dataset) -> None:
    """Serve the manifest that `dataset` reads, its description and its files at `/data/<file>`; else 404."""

    @server.get(f"{PATH}<name>")
    def published(name: str) -> Response:
        try:
            manifest = dataset.manifest()
        except TableError:
            abort(503, "The published tables cannot be read.")
        listed = {entry["file"]: entry for entry in manifest.tables.values()}
        if name == MANIFEST and listed:
            return _revalidated(Response(orjson.dumps(manifest.document()), mimetype="application/json"))
        if name == croissant.FILE and listed:
            described = croissant.description(manifest.document(), f"{request.host_url.rstrip('/')}{address('')}")
            return _revalidated(Response(orjson.dumps(described), mimetype="application/ld+json"))
        if name not in listed or not (path := dataset.directory / name).exists():
            abort(404)
        etag = listed[name]["sha256"]
        return kept(
            send_file(path, mimetype=PARQUET, as_attachment=True, download_name=name, etag=etag, conditional=True)
        )


def address(file: str) -> str:
    """Where a browser gets `file`."""
    return f"{request.script_root}{PATH}{file}"


def _revalidated(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    return response.make_conditional(request)
