"""The documentation is served where it is built; else a page says how."""

from __future__ import annotations

from flask import Flask

from dashboard.server.documentation import FIRST, serve_documentation


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
