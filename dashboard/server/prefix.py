"""The site below a path, and behind proxies: every address that it answers or writes begins with its prefix."""

from __future__ import annotations

from flask import Flask, has_request_context, request
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix


def mount(server: Flask, prefix: str, proxies: int) -> None:
    """Answer below `prefix` only, such as "/softmode", and believe the X-Forwarded headers of `proxies` proxies.

    Pages write links from the root of the site; `callback_json` has them pass through `link` on the way to the browser.
    `request.path` stays without the prefix, and it is `request.script_root`.
    """
    if prefix:
        server.wsgi_app = DispatcherMiddleware(NotFound(), {prefix: server.wsgi_app})  # type: ignore[method-assign]  # as Flask says
    if proxies:
        server.wsgi_app = ProxyFix(server.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]  # as Flask says


def link(address: str) -> str:
    """`address` as the present request's browser needs it: below the prefix where it is from the root of the site.

    Dash's `get_relative_path` gives the same in a callback; elsewhere it is of the application that was made last.
    """
    of_site = address.startswith("/") and not address.startswith("//")
    return f"{request.script_root}{address}" if of_site and has_request_context() else address
