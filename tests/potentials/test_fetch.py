"""Fetching against a real server that misbehaves in every way that has to be survived."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

pytest.importorskip("httpx")
pytest.importorskip("filelock")

from compute.potentials.fetch import FetchError, Patience, fetch
from compute.potentials.store import LoadError, read_records

ID = "mace-mpa-0-medium"
FILE = "mace-mpa-0-medium.model"
CONTENT = bytes(range(256)) * 4096
HASTY = Patience(connect=5.0, read=10.0, attempts=4, pause=0.0)


class Server(ThreadingHTTPServer):
    """Serves `content` under `etag`; `faults` are taken one per request."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.etag = CONTENT, '"one"'
        self.faults: list[str] = []
        self.requests: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{FILE}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.requests.append(dict(self.headers))
        fault = self.server.faults.pop(0) if self.server.faults else ""
        if fault == "404":
            self._answer(404, b"not here")
        elif fault == "page":
            self._answer(200, b"<html>please log in</html>", {"Content-Type": "text/html; charset=utf-8"})
        elif fault == "disguised page":
            self._answer(200, b"\n<!DOCTYPE html><title>moved</title>")
        elif fault == "insecure redirect":
            self._answer(302, b"", {"Location": "http://example.org/x.model"})
        elif fault == "redirect":
            self._answer(302, b"", {"Location": self.server.url})
        elif fault == "empty":
            self._answer(200, b"")
        else:
            self._content(fault)

    def _content(self, fault: str) -> None:
        content, etag = self.server.content, self.server.etag
        start = 0
        asked = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
        same = self.headers.get("If-Range") == etag or fault == "no comparison"
        if asked and fault != "no ranges" and same:
            start = int(asked[1])
        headers = {"ETag": etag} if etag else {}
        if start:
            first = start - 5 if fault == "other range" else start
            total = len(content) + 7 if fault == "wrong length" else len(content)
            headers["Content-Range"] = f"bytes {first}-{len(content) - 1}/{total}"
        body = content[start:]
        if fault in ("cut", "stall"):
            self._head(206 if start else 200, len(body), headers)
            self.wfile.write(body[: len(body) // 3])
            self.wfile.flush()
            if fault == "stall":
                time.sleep(1.0)
            self.close_connection = True
        else:
            self._answer(206 if start else 200, body, headers)

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self._head(status, len(body), headers or {})
        self.wfile.write(body)

    def _head(self, status: int, length: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/octet-stream", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def left_over(directory) -> list[str]:
    return sorted(p.name for p in directory.iterdir() if not p.name.startswith("."))


def test_a_fetched_file_is_complete_pinned_and_not_fetched_again(server, tmp_path):
    seen = []
    path = fetch(ID, directory=tmp_path, url=server.url, progress=lambda *now: seen.append(now), patience=HASTY)
    assert path.read_bytes() == CONTENT
    assert seen[0] == (0, len(CONTENT))
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    pinned = read_records(tmp_path / "pins.json")[ID]
    assert pinned["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert (pinned["url"], pinned["licence_accepted"]) == (server.url, None)
    assert left_over(tmp_path) == [FILE, "pins.json"]
    assert fetch(ID, directory=tmp_path, url=server.url, patience=HASTY) == path
    assert len(server.requests) == 1


def test_a_cut_connection_is_taken_up_where_it_broke(server, tmp_path):
    server.faults = ["cut", "cut"]
    path = fetch(ID, directory=tmp_path, url=server.url, patience=HASTY)
    assert path.read_bytes() == CONTENT
    third = len(CONTENT) // 3
    starts = [third, third + (len(CONTENT) - third) // 3]
    assert [r["Range"] for r in server.requests[1:]] == [f"bytes={start}-" for start in starts]
    assert {r["If-Range"] for r in server.requests[1:]} == {'"one"'}


def test_a_stalled_server_times_out_and_a_later_fetch_goes_on(server, tmp_path):
    server.faults = ["stall"]
    with pytest.raises(FetchError, match=r"broke .ReadTimeout.: fetch again to go on from"):
        fetch(ID, directory=tmp_path, url=server.url, patience=Patience(read=0.2, attempts=1))
    assert not (tmp_path / FILE).exists()
    assert fetch(ID, directory=tmp_path, url=server.url, patience=HASTY).read_bytes() == CONTENT
    assert "Range" in server.requests[1]


def test_a_server_without_ranges_is_asked_for_everything_again(server, tmp_path):
    server.faults = ["cut", "no ranges"]
    assert fetch(ID, directory=tmp_path, url=server.url, patience=HASTY).read_bytes() == CONTENT


def test_without_a_validator_nothing_is_kept(server, tmp_path):
    server.etag, server.faults = "", ["cut"]
    assert fetch(ID, directory=tmp_path, url=server.url, patience=HASTY).read_bytes() == CONTENT
    assert "Range" not in server.requests[1]


def test_a_file_that_changes_between_attempts_is_not_mixed(server, tmp_path):
    server.faults = ["cut"]
    with pytest.raises(FetchError, match="broke"):
        fetch(ID, directory=tmp_path, url=server.url, patience=Patience(attempts=1))
    server.content, server.etag = CONTENT[::-1], '"two"'
    assert fetch(ID, directory=tmp_path, url=server.url, patience=HASTY).read_bytes() == CONTENT[::-1]


def test_a_server_that_ignores_the_condition_cannot_mix_two_versions(server, tmp_path):
    server.faults = ["cut"]
    with pytest.raises(FetchError, match="broke"):
        fetch(ID, directory=tmp_path, url=server.url, patience=Patience(attempts=1))
    server.content, server.etag = CONTENT[::-1], '"two"'
    server.faults = ["no comparison"]
    assert fetch(ID, directory=tmp_path, url=server.url, patience=HASTY).read_bytes() == CONTENT[::-1]
    assert "Range" in server.requests[1]
    assert "Range" not in server.requests[2]


def test_a_part_that_was_not_asked_for_is_dropped(server, tmp_path):
    server.faults = ["cut", "other range"]
    assert fetch(ID, directory=tmp_path, url=server.url, patience=HASTY).read_bytes() == CONTENT


def test_a_wrong_length_is_refused(server, tmp_path):
    server.faults = ["cut", "wrong length"]
    with pytest.raises(FetchError, match="sent 1,048,576 bytes where 1048583 were announced"):
        fetch(ID, directory=tmp_path, url=server.url, patience=HASTY)
    server.faults = ["empty"]
    with pytest.raises(FetchError, match="sent 0 bytes"):
        fetch(ID, directory=tmp_path, url=server.url, patience=HASTY)
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize("fault", ["page", "disguised page"])
def test_a_web_page_is_not_taken_for_a_checkpoint(server, tmp_path, fault):
    server.faults = [fault]
    with pytest.raises(FetchError, match="leads to a web page"):
        fetch(ID, directory=tmp_path, url=server.url, patience=HASTY)
    assert FILE not in left_over(tmp_path)
    assert "pins.json" not in left_over(tmp_path)


def test_an_error_of_the_server_and_a_missing_server_are_named(server, tmp_path):
    server.faults = ["404"]
    with pytest.raises(FetchError, match="answers 404 Not Found"):
        fetch(ID, directory=tmp_path, url=server.url, patience=HASTY)
    with pytest.raises(FetchError, match=r"cannot reach 127.0.0.1 .ConnectError"):
        fetch(ID, directory=tmp_path, url="http://127.0.0.1:9/x", patience=Patience(attempts=2, pause=0.0))


def test_only_https_is_trusted_also_after_a_redirect(server, tmp_path):
    with pytest.raises(FetchError, match="is not https"):
        fetch(ID, directory=tmp_path, url="http://example.org/x.model", patience=HASTY)
    server.faults = ["insecure redirect"]
    with pytest.raises(FetchError, match=r"http://example.org/x.model is not https"):
        fetch(ID, directory=tmp_path, url=server.url, patience=HASTY)
    server.faults = ["redirect"]
    assert fetch(ID, directory=tmp_path, url=server.url, patience=HASTY).read_bytes() == CONTENT


def test_content_that_differs_from_the_pinned_one_is_refused(server, tmp_path):
    fetch(ID, directory=tmp_path, url=server.url, patience=HASTY).unlink()
    server.content = CONTENT[::-1]
    with pytest.raises(FetchError, match="is pinned for mace-mpa-0-medium: fetch it from elsewhere with --url"):
        fetch(ID, directory=tmp_path, url=server.url, patience=HASTY)
    assert left_over(tmp_path) == ["pins.json"]


def test_a_file_changed_on_this_machine_is_refused(server, tmp_path):
    fetch(ID, directory=tmp_path, url=server.url, patience=HASTY).write_bytes(b"tampered")
    with pytest.raises(LoadError, match="has changed"):
        fetch(ID, directory=tmp_path, url=server.url, patience=HASTY)


def test_a_full_disk_is_one_clear_sentence(server, tmp_path):
    (tmp_path / f"{FILE}.part").symlink_to("/dev/full")
    with pytest.raises(FetchError, match="is full: make room"):
        fetch(ID, directory=tmp_path, url=server.url, patience=HASTY)


def test_a_folder_that_cannot_be_made_is_named(server, tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(FetchError, match=r"cannot write to .*taken"):
        fetch(ID, directory=tmp_path / "taken", url=server.url, patience=HASTY)


def test_an_academic_licence_is_accepted_once_and_recorded(server, tmp_path):
    academic = "mace-omat-0-medium"
    with pytest.raises(FetchError, match=r"ASL .*https://github.com/gabor1/ASL.*--accept-licence"):
        fetch(academic, directory=tmp_path, url=server.url, patience=HASTY)
    assert not server.requests
    path = fetch(academic, directory=tmp_path, url=server.url, accept_licence=True, patience=HASTY)
    accepted = read_records(tmp_path / "pins.json")[academic]["licence_accepted"]
    assert accepted.endswith("+00:00")
    path.unlink()
    fetch(academic, directory=tmp_path, url=server.url, patience=HASTY)
    assert read_records(tmp_path / "pins.json")[academic]["licence_accepted"] == accepted


def test_simultaneous_fetches_ask_the_server_once(server, tmp_path):
    def run() -> None:
        fetch(ID, directory=tmp_path, url=server.url, patience=HASTY)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.requests) == 1
    assert (tmp_path / FILE).read_bytes() == CONTENT
    assert list(json.loads((tmp_path / "pins.json").read_text())) == [ID]


def test_packaged_weights_need_no_fetch(tmp_path):
    pytest.importorskip("chgnet")
    assert fetch("chgnet-0.3.0", directory=tmp_path).is_file()
    assert left_over(tmp_path) == []
