"""The site below a path, and behind proxies: every address that it answers or writes begins with its prefix."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps

from flask import Flask, Response, make_response
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

_SLASH = rb"(?:/|\\u002f)"  # Dash writes some answers so that they could stand in HTML
_LINK = re.compile(rb'("href":\s*")' + _SLASH + rb"(?!" + _SLASH + rb")")
_WITH_LINKS = ("/_dash-layout", "/_dash-update-component")


def mount(server: Flask, prefix: str, proxies: int) -> None:
    """Answer below `prefix` only, such as "/softmode", and believe the X-Forwarded headers of `proxies` proxies.

    Pages write links from the root of the site; on the way to the browser they get the prefix here. `request.path`
    stays without it, and it is `request.script_root`.
    """
    if prefix:
        server.wsgi_app = DispatcherMiddleware(NotFound(), {prefix: server.wsgi_app})  # type: ignore[method-assign]
        for name in _WITH_LINKS:
            server.view_functions[name] = _prefixed(server.view_functions[name], prefix)
    if proxies:
        server.wsgi_app = ProxyFix(server.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]


def _prefixed(view: Callable[..., object], prefix: str) -> Callable[..., Response]:
    """`view` with `prefix` before every link in its JSON, where a quote inside a text is escaped: no text matches."""
    linked = rb"\1" + prefix.encode() + b"/"

    @wraps(view)
    def answer(*path: object, **names: object) -> Response:
        response = make_response(view(*path, **names))
        response.set_data(_LINK.sub(linked, response.get_data()))
        return response

    return answer
