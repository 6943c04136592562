"""`softmode potentials` as its users meet it."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

pytest.importorskip("chgnet")
pytest.importorskip("httpx")

from typer.testing import CliRunner

from compute.cli.potentials import app
from compute.potentials import store


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("SOFTMODE_POTENTIALS", str(tmp_path / "weights"))
    monkeypatch.setenv("COLUMNS", "200")
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def url():
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "7")
            self.end_headers()
            self.wfile.write(b"weights")

        def log_message(self, *arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/x.model"
    server.shutdown()
    server.server_close()


def states(run) -> dict[str, str]:
    return {row["potential"]: row["state"] for row in json.loads(run("list", "--json").stdout)}


def test_list_shows_what_is_here(run):
    assert states(run)["chgnet-0.3.0"] == "packaged"
    assert states(run)["mace-mpa-0-medium"] == "not fetched"
    table = run("list")
    assert table.exit_code == 0
    assert "mace-mh-1" in table.stdout


def test_fetch_stores_the_weights_and_verify_notices_a_change(run, url, tmp_path):
    done = run("fetch", "mace-mpa-0-medium", "--url", url, "--json")
    assert done.exit_code == 0, done.stderr
    (record,) = json.loads(done.stdout)
    file = tmp_path / "weights" / "mace-mpa-0-medium.model"
    assert record == {"potential": "mace-mpa-0-medium", "path": str(file)}
    assert states(run)["mace-mpa-0-medium"] == "fetched"
    assert run("verify").exit_code == 0
    file.write_bytes(b"changed")
    changed = run("verify", "--json")
    assert changed.exit_code == 1
    assert json.loads(changed.stdout)[0]["state"] == "changed"


def test_fetch_for_people_shows_a_bar_apart_from_the_result(run, url):
    done = run("fetch", "mace-mpa-0-medium", "--url", url)
    assert "mace-mpa-0-medium.model" in done.stdout
    assert "7/7 bytes" in done.stderr


def test_an_academic_licence_has_to_be_accepted(run, url):
    refused = run("fetch", "mace-omat-0-medium", "--url", url)
    assert refused.exit_code == 1
    assert "https://github.com/gabor1/ASL" in refused.stderr
    assert "Traceback" not in refused.output
    assert run("fetch", "mace-omat-0-medium", "--url", url, "--accept-licence").exit_code == 0


def test_add_records_a_file_and_warns_that_it_runs_code(run, tmp_path):
    file = tmp_path / "mine.pth.tar"
    file.write_bytes(store.locate("chgnet-0.3.0").path.read_bytes())
    added = run("add", file, "--id", "mine")
    assert added.exit_code == 0
    assert "runs code" in added.stderr
    assert states(run)["mine"] == "local"
    file.unlink()
    assert states(run)["mine"] == "missing"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["fetch", "mace-mpa"], "there is no potential 'mace-mpa': did you mean"),
        (["fetch", "mace-mpa-0-medium", "--url", "http://example.org/x"], "is not https"),
        (["add", "nothing.model", "--id", "mine"], "there is no file nothing.model"),
        (["add", "nothing.model", "--id", "chgnet-0.3.0"], "choose another id"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_1(run, words, sentence):
    refused = run(*words)
    assert refused.exit_code == 1
    assert sentence in refused.stderr
    assert refused.stdout == ""
    assert len(refused.stderr.strip().splitlines()) == 1
