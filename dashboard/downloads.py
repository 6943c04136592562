"""The published files as they are: the manifest and the Parquet files that it lists."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response, abort, send_file

from compute import tables

PATH = "/data/"
PARQUET = "application/vnd.apache.parquet"
YEAR = 365 * 86_400


def serve_data(server: Flask, directory: Path) -> None:
    """Serve `directory`'s manifest and the files in it at `/data/<file>`; any other name is 404."""

    @server.get(f"{PATH}<name>")
    def published(name: str) -> Response:
        hashes = {entry["file"]: entry["sha256"] for entry in tables.read_manifest(directory).tables.values()}
        path = directory / name
        if name == tables.MANIFEST and hashes:
            return _revalidated(send_file(path, mimetype="application/json", conditional=True))
        if name not in hashes:
            abort(404)
        return _kept(
            send_file(
                path, mimetype=PARQUET, as_attachment=True, download_name=name, etag=hashes[name], conditional=True
            )
        )


def _revalidated(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-cache"
    return response


def _kept(response: Response) -> Response:
    """The name of a file holds the hash of its content, so a copy never gets old."""
    response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return response
