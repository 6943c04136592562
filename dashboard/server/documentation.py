"""The documentation as a site, where `make docs` has built it; else a page that says how."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from flask import Flask, Response, g, redirect, send_from_directory
from werkzeug.wrappers import Response as AnyResponse

from dashboard.server.prefix import link

PATH = "/docs"
"""Where the documentation is served."""
FIRST = "docs/index.html"
MISSING = """<!DOCTYPE html>
<html lang="en">
<title>Documentation · Softmode</title>
<meta name="viewport" content="width=device-width">
<body style="font: 16px/1.5 system-ui; max-width: 40rem; margin: 4rem auto; padding: 0 1rem">
<h1>Documentation</h1>
<p>It is not built here. In the checkout, <code>make docs</code> builds it into <code>build/docs</code>; the same pages
are plain Markdown in the folder <code>docs</code>.</p>
</body>
</html>
"""


def serve_documentation(server: Flask, folder: Path) -> None:
    """Serve what Sphinx made in `folder` at `/docs/`, its first page at `/docs`; 404 with the command where there is
    nothing."""

    @server.get(PATH)
    @server.get(f"{PATH}/")
    def contents() -> AnyResponse:
        return redirect(link(f"{PATH}/{FIRST}"))

    @server.get(f"{PATH}/<path:name>")
    def page(name: str) -> Response:
        if not (folder / FIRST).is_file():
            return Response(MISSING, status=404)
        answer = send_from_directory(folder.resolve(), name)
        if answer.mimetype == "text/html":
            g.inline_scripts = inline_scripts((folder / name).read_text(encoding="utf-8"))
        return answer


def inline_scripts(page: str) -> list[str]:
    """The scripts that stand in `page` itself, as a content security policy names them: Sphinx's theme has one."""
    found = re.findall(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", page, re.DOTALL)
    digests = [hashlib.sha256(text.encode()).digest() for text in found]
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]
