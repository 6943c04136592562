"""The site's own style sheets and scripts, each kind as one file: a first visit asks for two instead of twenty."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, Response

from dashboard.server.cache_headers import kept

_BETWEEN = {"css": "\n", "js": "\n;\n"}
_TYPES = {"css": "text/css", "js": "text/javascript"}


@dataclass(frozen=True)
class Bundle:
    """All files of one kind: the path that names their content, and the content."""

    path: str
    text: str
    mimetype: str


def bundles(folder: Path) -> dict[str, Bundle]:
    """The bundles "css" and "js" of the files in `folder`, by name; not of those in its folders."""
    return {kind: _bundle(folder, kind) for kind in _BETWEEN}


def _bundle(folder: Path, kind: str) -> Bundle:
    text = _BETWEEN[kind].join(path.read_text(encoding="utf-8") for path in sorted(folder.glob(f"*.{kind}")))
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    # Beside the files that they are made of, so that what a style sheet points to stays where it is.
    return Bundle(f"/assets/site-{digest}.{kind}", text, _TYPES[kind])


def serve_bundles(server: Flask, found: Mapping[str, Bundle]) -> None:
    """Answer for the bundles; their paths change with their content, so that a browser may keep them."""
    for kind, bundle in found.items():
        server.add_url_rule(
            bundle.path, f"site_{kind}", lambda bundle=bundle: kept(Response(bundle.text, mimetype=bundle.mimetype))
        )
