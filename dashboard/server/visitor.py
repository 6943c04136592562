"""Who asks: a visitor is a random name in a signed cookie, and nothing else is known of them.

Signed by itsdangerous. Flask's session, which is the same underneath, would need the key as the application is made,
where a site that cannot write one still shows its pages, and has no cookie that is secure where a request came by TLS.
The key is `SOFTMODE_SECRET`, else a file `secret` in `SOFTMODE_VAR`, which all web processes of a machine share.
"""

from __future__ import annotations

import os
import secrets
from functools import lru_cache
from pathlib import Path
from tempfile import NamedTemporaryFile

from flask import Response, after_this_request, request
from itsdangerous import BadSignature, URLSafeSerializer

from compute.jobs.service import JobsUnavailable, TooManyJobs
from compute.settings import var_directory
from dashboard.server.cache_headers import YEAR
from dashboard.server.rate_limit import HOUR, allowed
from dashboard.server.response_cache import do_not_remember

COOKIE = "softmode-client"
VISITORS_PER_HOUR = 100
"""New names that an address is given in an hour: who drops the cookie does not get around the caps on jobs."""


def client_id() -> str:
    """The client of the present request; one that has none is given one, which the answer's cookie keeps.

    Call it where somebody asks for something, and `known_client` where they only look: a link from another site comes
    without the cookie, and must not replace it. The answer is not remembered. Raises `JobsUnavailable`, `TooManyJobs`.
    """
    if (known := known_client()) is not None:
        return known
    if not allowed("visitor", VISITORS_PER_HOUR, HOUR):
        raise TooManyJobs("Too many new visitors come from your network: try again in an hour.")
    new, secure = secrets.token_urlsafe(18), request.is_secure
    value = _serializer().dumps(new)

    @after_this_request
    def _keep(response: Response) -> Response:
        response.set_cookie(COOKIE, value, max_age=YEAR, httponly=True, samesite="Strict", secure=secure)
        return response

    return new


def known_client() -> str | None:
    """The client that the present request names, None where it names none. The answer is not remembered."""
    do_not_remember()
    value = request.cookies.get(COOKIE)
    if value is None:
        return None
    try:
        return str(_serializer().loads(value))
    except BadSignature:
        return None


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(os.environ.get("SOFTMODE_SECRET") or _kept_secret(var_directory()), salt=COOKIE)


@lru_cache(maxsize=4)
def _kept_secret(directory: Path) -> str:
    """The key in `directory`, made by whichever process comes first."""
    path = directory / "secret"
    try:
        if not path.exists():
            directory.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile("w", dir=directory) as new:  # readable by its owner alone
                new.write(secrets.token_hex(32))
                new.flush()
                os.fsync(new.fileno())
                if not path.exists():
                    os.link(new.name, path)
        return path.read_text()
    except FileExistsError:
        return path.read_text()
    except OSError as error:
        raise JobsUnavailable(f"The site cannot keep who asks for what ({error.strerror}). Try again later.") from error
