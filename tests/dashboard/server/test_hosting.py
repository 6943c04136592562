"""What hosts read, and a server as it is hosted: two processes below a path, clients that stall, processes that die."""

from __future__ import annotations

import http.client
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from dashboard import gunicorn_config
from tests.conftest import ROOT
from tests.support import dashboard_data
from tests.support.site import answer, free_port

BIN = Path(sys.executable).parent
DOCKERFILE = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
PREFIX = "/softmode"
PATIENCE = 300.0
"""Seconds for a process to start: on a busy machine it takes its time to import what it needs."""
STALLED = 24
"""Clients that stall: more than two processes have threads."""


def instructions(name: str) -> list[str]:
    return re.findall(rf"^{name}\s+(.*)$", DOCKERFILE, flags=re.MULTILINE)


def test_the_procfile_names_web_worker_and_release_check():
    lines = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
    assert set(lines) == {"web", "worker", "release"}
    for command in lines.values():
        assert (BIN / shlex.split(command)[0]).exists()
    assert json.loads(instructions("CMD")[-2]) == shlex.split(lines["web"])
    assert json.loads(instructions("CMD")[-1]) == shlex.split(lines["worker"])
    release = [BIN / "softmode", *shlex.split(lines["release"])[1:], "--help"]
    assert subprocess.run(release, capture_output=True, check=False).returncode == 0


def test_what_the_image_copies_is_there_and_nothing_else_is_sent():
    sent = [line for line in instructions("COPY") if not line.startswith("--from=")]
    sources = {source for line in sent for source in line.split()[:-1]}
    assert sources
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for source in sources:
        assert (ROOT / source).exists(), source
        assert source in allowed or source.split("/")[0] in allowed
    assert (ROOT / ".dockerignore").read_text().startswith("*\n")


def test_images_run_without_root_from_a_pinned_base_and_tell_their_health():
    stages = [line.split() for line in instructions("FROM")]
    assert all(re.fullmatch(r"[a-z]+:[\w.-]*\d[\w.-]*", base) or base == "base" for base, *_ in stages)
    assert instructions("USER") == ["10001", "10001"]
    assert len(instructions("HEALTHCHECK")) == len(instructions("CMD")) == 2
    assert instructions("ADD") == []
    assert "latest" not in DOCKERFILE


def test_services_hold_no_secret_and_are_shown_to_this_machine_only():
    services = COMPOSE["services"]
    assert set(services) == {"web", "worker", "database"}
    targets = {base[-1] for line in instructions("FROM") if len(base := line.split(" AS ")) == 2}
    for name in ("web", "worker"):
        assert services[name]["build"]["target"] in targets
        assert services[name]["cap_drop"] == ["ALL"]
        assert services[name]["depends_on"]["database"]["condition"] == "service_healthy"
    assert services["web"]["ports"] == ["127.0.0.1:8050:8050"]
    assert "ports" not in services["database"]
    used = {volume.split(":")[0] for service in services.values() for volume in service["volumes"]}
    assert used == set(COMPOSE["volumes"])
    for service in services.values():
        for name, value in service["environment"].items():
            if "SECRET" in name or "PASSWORD" in name or "URL" in name:
                assert re.search(r"\$\{\w+:\?\}", value), f"{name} is not asked for"


def test_the_proxy_of_the_documentation_is_understood_by_nginx(tmp_path):
    if (nginx := shutil.which("nginx")) is None:
        pytest.skip("nginx is not installed (Debian: apt-get install nginx)")
    (site,) = re.findall(r"```nginx\n(.*?)```", (ROOT / "docs" / "hosting.md").read_text(), flags=re.DOTALL)
    site = site.replace("/var/log/nginx", str(tmp_path))
    (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/pid; events {{}} http {{ {site} }}")
    done = subprocess.run([nginx, "-t", "-c", tmp_path / "nginx.conf"], capture_output=True, text=True, check=False)
    assert "syntax is ok" in done.stderr


@pytest.fixture(scope="module")
def hosted(tmp_path_factory):
    """Port and log of a gunicorn with two processes, which frees a thread after a second; and its process."""
    folder, port = tmp_path_factory.mktemp("hosted"), free_port()
    log = folder / "log"
    environment = {
        "SOFTMODE_DATA": str(dashboard_data.publish(folder / "data")), "SOFTMODE_VAR": str(folder / "var"),
        "SOFTMODE_PREFIX": PREFIX, "SOFTMODE_REQUEST_SECONDS": "1", "WEB_CONCURRENCY": "2",
    }  # fmt: skip
    command = [BIN / "gunicorn", "--config", "python:dashboard.gunicorn_config", "dashboard.wsgi:app"]
    with log.open("w") as errors:
        process = subprocess.Popen(
            [*command, "--bind", f"127.0.0.1:{port}", "--access-logfile", "-"],
            cwd=ROOT, env={**os.environ, **environment}, stdout=errors, stderr=errors,
        )  # fmt: skip
        try:
            answer(f"http://127.0.0.1:{port}{PREFIX}/readyz", PATIENCE)
            yield port, log, process
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE)


def test_the_health_check_of_the_image_tells_a_site_that_answers(hosted):
    port, _, _ = hosted
    command = json.loads(instructions("HEALTHCHECK")[0].split("CMD ", 1)[1])
    for asked, well in ((port, True), (free_port(), False)):
        environment = {**os.environ, "PORT": str(asked), "SOFTMODE_PREFIX": PREFIX}
        done = subprocess.run([sys.executable, *command[1:]], env=environment, capture_output=True, check=False)
        assert (done.returncode == 0) is well


def _status(port: int, body: bytes, *headers: tuple[str, str]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.putrequest("POST", f"{PREFIX}/_dash-update-component")
    for name, value in (("Content-Type", "application/json"), *headers):
        connection.putheader(name, value)
    connection.endheaders(body)
    return connection.getresponse().status


def test_bodies_are_bounded_however_they_are_sent(hosted):
    port, _, _ = hosted
    large = b"x" * 300_000
    assert _status(port, large, ("Content-Length", str(len(large)))) == 413
    chunk = b"%x\r\n%s\r\n0\r\n\r\n" % (len(large), large)
    assert _status(port, chunk, ("Transfer-Encoding", "chunked")) in (400, 413)  # cut at the limit, or refused
    deep = b"[" * 100_000
    assert _status(port, deep, ("Content-Length", str(len(deep)))) == 400


_HEAD = f"POST {PREFIX}/_dash-update-component HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n".encode()
_STARTS = {"head": _HEAD[:40], "body": _HEAD + b"Content-Length: 10000\r\n\r\n"}


@pytest.mark.parametrize("sent", [b"", *_STARTS.values()], ids=["nothing", *_STARTS])
def test_clients_that_stall_do_not_keep_the_site_from_others(hosted, sent):
    port, _, _ = hosted
    stalled = [socket.create_connection(("127.0.0.1", port)) for _ in range(STALLED)]
    try:
        for client in stalled:
            client.sendall(sent)
        assert json.loads(answer(f"http://127.0.0.1:{port}{PREFIX}/healthz"))["status"] == "ok"
    finally:
        for client in stalled:
            client.close()


def test_a_client_does_not_say_that_it_came_by_tls(hosted):
    port, _, _ = hosted
    for header in ("X-Forwarded-Proto", "X-Forwarded-Ssl", "X-Forwarded-Protocol"):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", f"{PREFIX}/healthz", headers={header: "on" if "Ssl" in header else "https"})
        answered = connection.getresponse()
        assert answered.status == 200
        assert answered.getheader("Strict-Transport-Security") is None


def _until_closed(client: socket.socket) -> bytes:
    """What the server said before it closed the connection."""
    client.settimeout(60)
    with suppress(ConnectionResetError):
        return client.recv(100)
    return b""


@pytest.mark.parametrize("part", _STARTS)
def test_clients_that_trickle_do_not_keep_the_site_from_others(hosted, part):
    """Each sends a byte now and then: no wait is long, but head and body have a limit as a whole."""
    port, _, _ = hosted
    clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(STALLED)]
    end = threading.Event()

    def trickle() -> None:
        while not end.wait(0.2):
            for client in clients:
                with suppress(OSError):
                    client.send(b"x")

    try:
        for client in clients:
            client.sendall(_STARTS[part])
        trickling = threading.Thread(target=trickle)
        trickling.start()
        assert json.loads(answer(f"http://127.0.0.1:{port}{PREFIX}/healthz"))["status"] == "ok"
        said = [_until_closed(client) for client in clients]
        ends = {answered.partition(b"\r\n")[0] for answered in said}
        assert ends == {b"HTTP/1.1 408 REQUEST TIMEOUT" if part == "body" else b""}
    finally:
        end.set()
        trickling.join()
        for client in clients:
            client.close()


def test_a_client_that_does_not_close_keeps_nobody_waiting():
    """Its last answer may still be on the way, so the connection is closed for writing and kept for reading."""
    here, there = socket.socketpair()
    gunicorn_config.close(SimpleNamespace(sock=here), graceful=True)
    assert here.fileno() != -1, "waited for the client"
    assert there.recv(1) == b""
    there.close()
    while here.fileno() != -1:
        time.sleep(0.01)


def test_the_log_does_not_say_who_asked_for_what(hosted):
    port, log, _ = hosted
    answer(f"http://127.0.0.1:{port}{PREFIX}/compounds?f=CsPbBr3")
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"nonsense\r\n\r\n")
        client.recv(1000)
    deadline = time.monotonic() + 60
    while not all(said in log.read_text() for said in ("Invalid request", "/compounds 200")):
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
    said = [line for line in log.read_text().splitlines() if "Listening" not in line]
    assert any("Invalid request" in line for line in said)
    assert any(f"GET {PREFIX}/compounds 200" in line or "GET /compounds 200" in line for line in said)
    assert not any("127.0.0.1" in line or "CsPbBr3" in line or "Python-urllib" in line for line in said)


def _children(process: subprocess.Popen) -> set[int]:
    return set(map(int, Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()))


@pytest.mark.parametrize("restart", ["one process is killed", "all are replaced"])
def test_processes_that_end_are_replaced_and_the_site_goes_on(hosted, restart):
    port, log, process = hosted
    before = _children(process)
    if restart == "one process is killed":
        os.kill(min(before), signal.SIGKILL)
        gone = {min(before)}
    else:
        process.send_signal(signal.SIGHUP)
        gone = before
    deadline = time.monotonic() + PATIENCE
    while (gone & _children(process) or len(_children(process)) < 2) and time.monotonic() < deadline:
        assert answer(f"http://127.0.0.1:{port}{PREFIX}/healthz", PATIENCE)
    assert not gone & _children(process)
    assert json.loads(answer(f"http://127.0.0.1:{port}{PREFIX}/readyz", PATIENCE))["status"] == "ready"
    assert "leaked" not in log.read_text()  # as DuckDB says of objects that a process did not clear up
