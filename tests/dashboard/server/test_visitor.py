"""A visitor is a random name in a signed cookie, and other sites cannot write in their name."""

import re

import pytest
from flask import Flask, request

from dashboard.server.security import from_another_site
from dashboard.server.visitor import COOKIE, client_id, known_client


@pytest.fixture
def server() -> Flask:
    server = Flask(__name__)
    server.add_url_rule("/ask", "ask", client_id)
    server.add_url_rule("/look", "look", lambda: known_client() or "nobody")
    return server


def test_a_visitor_keeps_the_name_they_were_given(server):
    visitor, another = server.test_client(), server.test_client()
    assert visitor.get("/look").text == "nobody"
    first = visitor.get("/ask")
    assert re.fullmatch(r"[\w-]{24}", first.text)
    assert {"HttpOnly", "SameSite=Strict"} <= set(first.headers["Set-Cookie"].split("; "))
    assert visitor.get("/ask").text == visitor.get("/look").text == first.text
    assert "Set-Cookie" not in visitor.get("/ask").headers
    assert another.get("/ask").text != first.text


def test_looking_replaces_nothing(server):
    assert "Set-Cookie" not in server.test_client().get("/look").headers


@pytest.mark.parametrize("value", ["somebody", "ImEi.AAAA", "", "☃"])
def test_a_name_that_was_not_given_here_is_nobodys(server, value):
    visitor = server.test_client()
    visitor.set_cookie(COOKIE, value)
    assert visitor.get("/look").text == "nobody"


def test_names_hold_across_web_processes_that_share_a_key(server, monkeypatch):
    monkeypatch.setenv("SOFTMODE_SECRET", "one")
    visitor = server.test_client()
    name = visitor.get("/ask").text
    assert visitor.get("/look").text == name
    monkeypatch.setenv("SOFTMODE_SECRET", "another")
    assert visitor.get("/look").text == "nobody"


@pytest.mark.parametrize(
    ("headers", "elsewhere"),
    [
        ({}, False),
        ({"Origin": "http://localhost"}, False),
        ({"Origin": "http://evil.example"}, True),
        ({"Origin": "null"}, True),
        ({"Origin": "http://["}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://behind.proxy"}, False),
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, True),
    ],
)
def test_a_write_from_a_page_of_another_site_is_known(server, headers, elsewhere):
    with server.test_request_context("/ask", method="POST", headers=headers):
        assert from_another_site(request) is elsewhere
