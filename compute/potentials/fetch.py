"""Fetching checkpoints: resumed when cut, checked before they are used, fixed to the content first seen."""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from compute.files import write_atomic
from compute.potentials.registry import PotentialEntry, entry, families
from compute.potentials.store import PINS, default_directory, file_sha256, locate, pin, read_records

if TYPE_CHECKING:
    import httpx

Progress = Callable[[int, int | None], None]

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class FetchError(RuntimeError):
    """A checkpoint that could not be fetched; the message says why and what to do."""


class _Interrupted(FetchError):
    """The connection broke; what arrived is kept, so another attempt goes on from there."""


@dataclass(frozen=True)
class Patience:
    """How long to wait for a server, in seconds, and how often to go on after a broken connection."""

    connect: float = 10.0
    read: float = 60.0
    attempts: int = 4
    pause: float = 1.0


def fetch(
    id: str,
    *,
    directory: Path | None = None,
    url: str | None = None,
    accept_licence: bool = False,
    progress: Progress = lambda done, total: None,
    patience: Patience = Patience(),
) -> Path:
    """Path of the checkpoint of `id`, fetched into `directory` unless it is there already.

    `url` replaces the registered address, for a mirror. `progress` is called with the bytes so far and the
    bytes in all (None when the server does not say). A licence that asks more than keeping a notice has to be
    accepted once. Raises `FetchError`; `UnknownPotential` for an id that is not registered; `LoadError` when
    the file that is there has changed.
    """
    from filelock import FileLock

    known = entry(id)
    directory = directory or default_directory()
    checkpoint = locate(id, directory)
    if known.kind == "packaged":
        if not checkpoint.path.is_file():
            installation = families()[known.family].installation
            raise FetchError(f"{id} comes with a package that is not installed: {installation}")
        return checkpoint.path
    if known.kind == "published":
        raise FetchError(f"{id} is known by published results alone: its weights are not read here")
    accepted = _licence_accepted(known, directory, accept_licence)
    with _clear_errors(directory), FileLock(directory / f".{known.file}.lock"):
        checkpoint = locate(id, directory)
        source = url or known.source
        details = {"licence": known.licence, "licence_accepted": accepted}
        if not checkpoint.path.exists():
            part = directory / f"{known.file}.part"
            _download(source, part, progress, patience)
            found = file_sha256(part)
            if checkpoint.sha256 not in (None, found):
                part.unlink()
                raise FetchError(
                    f"{source} sent a file with sha256 {found}, but {checkpoint.sha256} is pinned for {id}: fetch it"
                    f" from elsewhere with --url, or remove {id} from {directory / PINS} if the new file is right"
                )
            os.replace(part, checkpoint.path)
            details["url"] = source
        pin(checkpoint, directory, checkpoint.verified(file_sha256(checkpoint.path)), **details)
    return checkpoint.path


def _licence_accepted(known: PotentialEntry, directory: Path, accept: bool) -> str | None:
    """When the licence was accepted (ISO 8601), None for one that needs no acceptance."""
    if known.permissive:
        return None
    pinned = read_records(directory / PINS).get(known.id, {})
    if pinned.get("licence") == known.licence and pinned.get("licence_accepted"):
        return str(pinned["licence_accepted"])
    if not accept:
        raise FetchError(
            f"{known.name} is under the licence {known.licence}: read {known.licence_url}, and if you accept it run"
            f" softmode potentials fetch {known.id} --accept-licence"
        )
    return datetime.now(UTC).isoformat(timespec="seconds")


@contextmanager
def _clear_errors(directory: Path) -> Iterator[None]:
    """A full disk or a folder that cannot be written becomes one clear sentence."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise FetchError(
                f"the disk of {directory} is full: make room and fetch again, or set SOFTMODE_POTENTIALS to a folder"
                " on another disk"
            ) from error
        raise FetchError(f"cannot write to {directory}: {error.strerror or error}") from error


def _download(url: str, part: Path, progress: Progress, patience: Patience) -> None:
    """Fill `part` with the whole content of `url`, going on where an earlier attempt stopped."""
    import httpx

    timeout = httpx.Timeout(patience.read, connect=patience.connect)
    with httpx.Client(timeout=timeout, follow_redirects=True, event_hooks={"request": [_require_safe]}) as client:
        for attempt in range(patience.attempts):
            try:
                return _download_once(client, url, part, progress)
            except _Interrupted:
                if attempt + 1 == patience.attempts:
                    raise
                time.sleep(patience.pause * 2**attempt)
            except httpx.HTTPError as error:
                raise FetchError(f"cannot fetch {url}: {error or type(error).__name__}") from error
            except httpx.InvalidURL as error:
                raise FetchError(f"{url} is not an address: {error}") from error
    return None


def _download_once(client: httpx.Client, url: str, part: Path, progress: Progress) -> None:
    import httpx

    done, headers = _resume_from(part, url)
    try:
        with client.stream("GET", url, headers={"Accept-Encoding": "identity", **headers}) as response:
            if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                part.unlink()
                raise _Interrupted(f"{url} has changed since the fetch began: fetch again")
            if response.status_code not in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
                raise FetchError(f"{url} answers {response.status_code} {response.reason_phrase}: try --url")
            done, total = _range_of(response, done, headers.get("If-Range"), part)
            _refuse_page(url, response.headers.get("content-type", ""), b"")
            with part.open("ab" if done else "wb") as stream:
                # Only now, when bytes of another version are gone, may the note say which version this is.
                write_atomic(_note(part), json.dumps({"url": url, "validator": _validator(response)}).encode())
                progress(done, total)
                for chunk in response.iter_bytes():
                    if done == 0:
                        _refuse_page(url, "", chunk)
                    stream.write(chunk)
                    done += len(chunk)
                    progress(done, total)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        host = urlsplit(url).hostname
        raise _Interrupted(f"cannot reach {host} ({type(error).__name__}): check the network or use --url") from error
    except (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError) as error:
        raise _Interrupted(
            f"the connection to {urlsplit(url).hostname} broke ({type(error).__name__}): fetch again to go on from"
            f" {part.stat().st_size if part.exists() else 0:,} bytes"
        ) from error
    if done == 0 or total not in (None, done):
        part.unlink(missing_ok=True)
        raise FetchError(f"{url} sent {done:,} bytes where {total or 'some'} were announced: fetch again")
    _note(part).unlink(missing_ok=True)


def _resume_from(part: Path, url: str) -> tuple[int, dict[str, str]]:
    """Bytes that can be kept, and the headers that ask for the rest only if the file is still the same.

    Without a validator from the server nothing is kept: a mixture of two versions could not be noticed.
    """
    if not part.exists() or not _note(part).exists():
        return 0, {}
    note = json.loads(_note(part).read_text(encoding="utf-8"))
    size = part.stat().st_size
    if note["url"] != url or not note["validator"] or size == 0:
        return 0, {}
    return size, {"Range": f"bytes={size}-", "If-Range": note["validator"]}


def _range_of(response: httpx.Response, done: int, asked: str | None, part: Path) -> tuple[int, int | None]:
    """First byte of the answer and length of the whole file, None when the server does not say.

    A part that starts elsewhere, or belongs to another version than `asked`, is dropped.
    """
    if response.status_code == 200:
        length = response.headers.get("content-length")
        return 0, int(length) if length else None
    unit, _, rest = response.headers.get("content-range", "").partition(" ")
    span, _, total = rest.partition("/")
    if unit != "bytes" or span.partition("-")[0] != str(done) or _validator(response) not in ("", asked):
        part.unlink()
        raise _Interrupted(f"{response.url.host} sent another part than was asked for: fetch again")
    return done, int(total) if total.isdigit() else None


def _validator(response: httpx.Response) -> str:
    """What names this version of the file in If-Range: a strong tag (RFC 9110, 13.1.5), else the date."""
    tag: str = response.headers.get("etag", "")
    date: str = response.headers.get("last-modified", "")
    return tag if tag.startswith('"') else date


def _note(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _refuse_page(url: str, content_type: str, start: bytes) -> None:
    page = start.lstrip().lower().startswith((b"<!doctype", b"<html"))
    if page or content_type.startswith("text/html"):
        raise FetchError(f"{url} leads to a web page, not to a checkpoint: check the address or use --url")


def _require_safe(request: httpx.Request) -> None:
    """Refuse plain http, also after a redirect; a checkpoint runs code, so its way here must be trusted."""
    if request.url.scheme != "https" and request.url.host not in _LOOPBACK:
        raise FetchError(f"{request.url} is not https: a checkpoint could be exchanged on its way")
