"""The documentation as a site: `make docs`. The pages are plain Markdown, and `index.md` gives their order."""

from __future__ import annotations

import re
from importlib.metadata import version as installed
from typing import Any

from sphinx.application import Sphinx

project = "Softmode"
author = "The Softmode developers"
version = release = installed("softmode")
language = "en-GB"

# The root of the sources is the checkout, so that links from docs/ to files beside it hold on a forge and here.
root_doc = "docs/index"
include_patterns = ["docs/*.md", "CONTRIBUTING.md"]
exclude_patterns = [".*", "build", "var", "tests", "benchmarks", "data", "assets", "compute", "dashboard"]
extensions = ["myst_parser"]
myst_heading_anchors = 4

html_theme = "furo"
html_title = "Softmode"
html_favicon = "../assets/favicon.svg"
html_copy_source = html_show_sourcelink = html_show_copyright = False
html_additional_pages = {"index": "to-the-index.html"}
templates_path = ["_templates"]

_PART = re.compile(r"^## (?P<title>[^\n]+)$(?P<links>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_PAGE = re.compile(r"^- \[[^]]+\]\((\S+)\.md\)", re.MULTILINE)


def _with_contents(app: Sphinx, name: str, source: list[str]) -> None:
    """Adds to the index what Sphinx needs for its side bar: each heading with the pages that it lists."""
    if name != app.config.root_doc:
        return
    for part in _PART.finditer(source[0]):
        pages = "\n".join(_PAGE.findall(part["links"]))
        source[0] += f"\n```{{toctree}}\n:hidden:\n:titlesonly:\n:caption: {part['title']}\n\n{pages}\n```\n"


def _with_levels(app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Headings of the side bar say what level they are of, which a screen reader needs."""
    tree = context.get("furo_navigation_tree", "")
    context["furo_navigation_tree"] = tree.replace('role="heading"', 'role="heading" aria-level="2"')


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", _with_contents)
    app.connect("html-page-context", _with_levels, priority=900)  # after the theme
