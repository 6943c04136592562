"""Requests that no page sends: python benchmarks/fuzz.py [--requests 10000] [--seed 0] [--json FILE].

Starts gunicorn as it is hosted over the published tables, with live jobs and no worker, and sends it malformed paths,
queries, callbacks, API requests and bytes that are no HTTP. Every answer must be below 500 and without a traceback.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from web import HEADERS, PAGES, callbacks, server

from compute.settings import data_directory

CLIENTS = 4
_OF_OPTIMADE = (501, 553)  # a filter that is not supported, a version that is not served: so its specification says
TEXTS = (
    "", "0", "-1", "1e999", "nan", "null", "true", "☃", "\u202e", "a" * 900, "A2BB'X6", "CsPbBr3", "Cs2AgBiBr6", "abx3",
    "'; DROP TABLE pairs; --", "' OR 1=1 --", '" UNION SELECT 1', "$suite", "%", "%00", "\x00", "../../../etc/passwd",
    "..%2f..%2fetc%2fpasswd", "<script>alert(1)</script>", "{{7*7}}", "${7*7}", "chgnet-0.3.0", "Cl.Br",
    "~~~", "\r\nX: y",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    *TEXTS, None, True, 0, -1, 10**400, 1e308, [], {}, [[]], {"points": [{}]}, {"points": [{"customdata": 1}]},
    ["x"] * 300, {"startRow": "a", "endRow": None},
    {"startRow": -5, "endRow": 10**9, "sortModel": [{"colId": "1; DROP"}]},
)  # fmt: skip
KEYS = (
    "s p m q an a b bp el no f sl sh tl tu fl fu cr t th dl la ag st di c o fc sr n k cs cu pr ax y si g sp e v job"
).split()
RAW = (b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x00" * 64, b"GET / HTTP/1.1\r\nA\r\n\r\n",
       b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n",
       b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nxyz",
       b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 500 + b"\r\n")  # fmt: skip


@dataclass
class Found:
    """What the answers were: how many of each status, and the requests that were answered wrongly."""

    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Request:
    """One request; `raw` are bytes that are sent as they are."""

    method: str = "GET"
    path: str = "/"
    body: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()
    raw: bytes | None = None


def paths(chance: random.Random) -> Request:
    """A path that may be none of the site's."""
    roots = (
        *PAGES,
        "/data",
        "/assets",
        "/_dash-component-suites",
        "/_reload-hash",
        "/_dash-layout",
        "/api/v1",
        "/optimade",
        "/optimade/v1/structures",
        "/healthz",
    )
    parts = [quote(chance.choice(TEXTS)[:300], safe="/%") for _ in range(chance.randint(0, 3))]
    return Request(
        method=chance.choice(("GET", "GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "NONE")),
        path=_sendable("/".join([chance.choice(roots).rstrip("/"), *parts]) or "/"),
        headers=tuple(chance.choice(_HEADERS) for _ in range(chance.randint(0, 2))),
    )


_HEADERS = (
    ("Accept-Encoding", "br;q=x, *;q=1"), ("Accept", "text/☃".encode().decode("latin-1")), ("Range", "bytes=9-1"),
    ("If-None-Match", '"' * 50), ("If-Modified-Since", "yesterday"), ("Cookie", "softmode-client=" + "x" * 3000),
    ("Host", "[::"),
    ("X-Forwarded-For", "☃".encode().decode("latin-1")), ("Origin", "http://["), ("Sec-Fetch-Site", "cross-site"),
    ("Content-Type", "application/json; charset=☃".encode().decode("latin-1")),
    ("Content-Length", "7"),
)  # fmt: skip


def pages(chance: random.Random, router: dict[str, Any]) -> Request:
    """A page with a query that a control never wrote, as the browser asks for it."""
    query = [(chance.choice(KEYS), chance.choice(TEXTS)) for _ in range(chance.randint(1, 5))]
    body = json.loads(json.dumps(router))
    body["inputs"][0]["value"] = chance.choice((*PAGES, "/recompute", f"/compound/abx3/{quote(chance.choice(TEXTS))}"))
    body["state"][0]["value"] = "?" + (urlencode(query) if chance.random() < 0.8 else chance.choice(TEXTS))
    return _callback(json.dumps(body).encode())


def spoilt(chance: random.Random, bodies: list[bytes]) -> Request:
    """A callback of the site with values, or a shape, that no page sends."""
    body = json.loads(chance.choice(bodies))
    for _ in range(chance.randint(1, 3)):
        part = body[chance.choice([name for name in ("inputs", "state") if body.get(name)])]
        if isinstance(part, list) and part:
            item = chance.choice(part)
            if isinstance(item, dict):
                item["value"] = chance.choice(VALUES)
    if chance.random() < 0.2:
        body[chance.choice(list(body))] = chance.choice(VALUES)
    if chance.random() < 0.1:
        del body[chance.choice(list(body))]
    content = json.dumps(body).encode()
    if chance.random() < 0.1:
        content = chance.choice((content[:-9], b"[" * 100_000, b'{"a":' * 20_000, b"\xff\xfe", b"1" * 300_000))
    return _callback(content)


def programs(chance: random.Random, document: dict[str, Any]) -> Request:
    """A request to the API with parameters from its document and values that are none of theirs."""
    path, methods = chance.choice(list(document["paths"].items()))
    method, operation = chance.choice([(m, o) for m, o in methods.items() if isinstance(o, dict) and "responses" in o])
    query = []
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            path = path.replace("{" + parameter["name"] + "}", quote(chance.choice(TEXTS[1:])[:300], safe=""))
        elif chance.random() < 0.3:
            allowed = parameter["schema"].get("enum") or parameter["schema"].get("items", {}).get("enum") or TEXTS
            query.append((parameter["name"], chance.choice(allowed if chance.random() < 0.5 else TEXTS)))
    good = {"stage": "harmonic", "compound": "CsPbBr3", "potential": "chgnet-0.3.0"}
    body = {name: value if chance.random() < 0.6 else chance.choice(VALUES) for name, value in good.items()}
    body |= {name: chance.choice(VALUES) for name in ("suite", "temperature", "structure") if chance.random() < 0.3}
    return Request(
        method=method.upper(),
        path=_sendable(f"/api/v1{path}?{urlencode(query)}"),
        body=json.dumps(body).encode() if method == "post" else None,
        headers=(("Content-Type", "application/json"),),
    )


_WORDS = (
    "elements", "nelements", "id", "species", "_softmode_sigma", "_softmode_potentials", "_other_gap", "last_modified",
    "HAS", "ALL", "ANY", "ONLY", "LENGTH", "IS KNOWN", "IS UNKNOWN", "CONTAINS", "STARTS WITH", "ENDS", "AND", "OR",
    "NOT", "(", ")", "=", "!=", "<", ">=", ":", ",", ".", '"Cs"', '"', "3", "-1e999", "0.2", "TRUE", "9" * 400,
    'elements HAS "Cs"', "nelements = 3", "(" * 300,
)  # fmt: skip


_FILTERS = (
    'elements HAS ALL "Cs" , < "Br"', "NOT nelements = 3", 'elements : elements_ratios HAS "Cs" : >= 0.2',
    'id STARTS WITH "abx3"', "_softmode_sigma IS UNKNOWN", "( 3 <= nelements )", "elements LENGTH 3",
    'last_modified > "2026-01-01T00:00:00Z"',
)  # fmt: skip


def optimade(chance: random.Random) -> Request:
    """A request for structures: filters of the language with a few words changed."""
    words = chance.choice((" AND ", " OR ")).join(chance.choices(_FILTERS, k=chance.randint(1, 4))).split(" ")
    for _ in range(chance.choice((0, 1, 1, 2))):
        words[chance.randrange(len(words))] = chance.choice(_WORDS + TEXTS)
    query = [("filter", " ".join(words))]
    for name in ("sort", "page_limit", "page_offset", "response_fields", "response_format", "include", "api_hint"):
        if chance.random() < 0.03:
            query.append((name, chance.choice(_WORDS + TEXTS)))
    path = chance.choice(("/structures",) * 9 + (f"/structures/{quote(chance.choice(TEXTS), safe='')}",))
    return Request(path=f"/optimade/{chance.choice(('v1', 'v1', 'v1.2', 'v9'))}{path}?{urlencode(query)}"[:3500])


def _callback(body: bytes) -> Request:
    return Request("POST", "/_dash-update-component", body, tuple(HEADERS.items()))


def _sendable(path: str) -> str:
    return quote(path, safe="/%?=&+.-_~")[:3500]


def send(port: int, asked: Request) -> tuple[int, bytes]:
    """Status and body of the answer; 0 where the server closed the connection on bytes that are no HTTP."""
    if asked.raw is not None:
        with socket.create_connection(("127.0.0.1", port), timeout=60) as raw:
            raw.sendall(asked.raw)
            raw.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: raw.recv(65536), b""))
        return (int(answer.split()[1]), answer) if answer.startswith(b"HTTP/1") else (0, answer)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        connection.putrequest(asked.method, asked.path, skip_host=any(name == "Host" for name, _ in asked.headers))
        length = any(name == "Content-Length" for name, _ in asked.headers)
        for name, value in asked.headers:
            connection.putheader(name, value.encode("latin-1", "replace"))
        if asked.body is not None and not length:
            connection.putheader("Content-Length", str(len(asked.body)))
        connection.endheaders(asked.body if asked.body is not None else (b"1234567" if length else None))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def fuzz(port: int, number: int, seed: int) -> Found:
    """Send `number` requests from a few clients at once."""
    bodies = [body for _, body in callbacks(port).values()]
    router = next(json.loads(body) for body in bodies if json.loads(body)["inputs"][0]["id"] == "location")
    document = json.loads(send(port, Request(path="/api/v1/openapi.json"))[1])
    kinds: tuple[Callable[[random.Random], Request], ...] = (
        paths,
        lambda chance: pages(chance, router),
        lambda chance: spoilt(chance, bodies),
        lambda chance: programs(chance, document),
        optimade,
        lambda chance: Request(raw=chance.choice(RAW)) if chance.random() < 0.2 else paths(chance),
    )
    found, lock = Found(), threading.Lock()

    def client(first: int) -> None:
        for index in range(first, number, CLIENTS):
            chance = random.Random(f"{seed} {index}")
            asked = kinds[index % len(kinds)](chance)
            try:
                status, body = send(port, asked)
            except (OSError, http.client.HTTPException) as error:
                status, body = -1, repr(error).encode()
            with lock:
                found.statuses[status] += 1
                if status == -1 or (status >= 500 and status not in _OF_OPTIMADE) or b"Traceback" in body:
                    found.wrong.append(f"{index}: {status} {asked} {body[:200]!r}"[:1500])

    clients = [threading.Thread(target=client, args=(first,)) for first in range(CLIENTS)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    return found


def main() -> None:
    """Send the requests, print what was answered, and fail on a wrong answer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as var, server(data_directory(), SOFTMODE_VAR=var) as (port, _, _):
        start = time.perf_counter()
        found = fuzz(port, given.requests, given.seed)
        seconds = time.perf_counter() - start
    result = {
        "requests": given.requests, "seed": given.seed, "seconds": round(seconds, 1), "wrong": len(found.wrong),
        "statuses": {str(status): n for status, n in sorted(found.statuses.items())},
    }  # fmt: skip
    print(json.dumps(result, indent=2), *found.wrong[:20], sep="\n")
    if given.json:
        given.json.write_text(json.dumps(result, indent=2) + "\n")
    sys.exit(bool(found.wrong))


if __name__ == "__main__":
    os.environ.pop("SOFTMODE_LIVE", None)
    main()
