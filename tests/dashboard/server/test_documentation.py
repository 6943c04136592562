"""The documentation is served where it is built; else a page says how."""

from __future__ import annotations

import pytest
from flask import Flask

from dashboard.server.documentation import FIRST, inline_scripts, serve_documentation
from dashboard.settings import Settings
from dashboard.ui.shell import shell
from tests.support.components import nodes, words


def client(folder):
    server = Flask("documentation")
    serve_documentation(server, folder)
    return server.test_client()


def test_what_is_built_is_served_and_nothing_beside_it(tmp_path):
    folder = tmp_path / "docs"
    (folder / "docs").mkdir(parents=True)
    (folder / FIRST).write_text("<h1>Softmode</h1>", encoding="utf-8")
    (tmp_path / "secret").write_text("no", encoding="utf-8")
    asked = client(folder)
    assert asked.get("/docs").location == f"/docs/{FIRST}"
    assert asked.get(f"/docs/{FIRST}").text == "<h1>Softmode</h1>"
    assert asked.get("/docs/../secret").status_code == 404


def test_without_it_the_command_is_named(tmp_path):
    answer = client(tmp_path / "nothing").get(f"/docs/{FIRST}")
    assert answer.status_code == 404
    assert "make docs" in answer.text


def test_only_scripts_in_the_page_itself_are_named():
    page = '<script src="a.js"></script><script>one()</script><script type="text/javascript">two()</script>'
    assert len(inline_scripts(page)) == 2
    # echo -n 'one()' | openssl sha256 -binary | base64
    assert inline_scripts(page)[0] == "'sha256-HR7iaask9daLMRRskMI++QeJtjWDOjyPA6lGzYGzKW4='"


def test_the_foot_links_the_code_where_its_owner_says_where_it_is():
    assert "Documentation" in words(shell())
    assert "Source code" not in words(shell())
    shown = list(nodes(shell(source_url="https://example.org/softmode")))
    linked = [node.href for node in shown if getattr(node, "href", None) and words(node) == "Source code"]
    assert linked == ["https://example.org/softmode"]
    for refused in ("javascript:alert(1)", "example.org"):
        with pytest.raises(ValueError, match="source_url"):
            Settings(source_url=refused)
