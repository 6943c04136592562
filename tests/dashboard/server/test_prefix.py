"""The site below a path: every address that it answers or writes begins with the prefix."""

import json
import re

import pytest
from pydantic import ValidationError

from dashboard.app import PAGES, create_app
from dashboard.pages.compounds.columns import drawn
from dashboard.server.security import CALLBACK_PATH
from dashboard.settings import Settings
from tests.dashboard.server.test_app import BELOW, router_body

PREFIX = "/tools/softmode"


@pytest.fixture(scope="module")
def client(directory):
    return create_app(Settings(data=directory, prefix=PREFIX)).server.test_client()


def links(text):
    return re.findall(r'\b(?:href|src)="(/[^"]*)', text)


def linked(content):
    """Where the components of an answer lead to on this site."""
    if isinstance(content, list):
        return [link for part in content for link in linked(part)]
    if not isinstance(content, dict):
        return []
    own = [content["href"]] if str(content.get("href", "")).startswith("/") else []
    return own + linked(list(content.values()))


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_link_of_a_page_is_below_the_prefix(client, page):
    address = PREFIX + "/".join([page.path, *(BELOW[name] for name in page.below)])
    drawn = client.get(address)
    assert drawn.status_code == 200
    body = router_body(address, "")
    shown = [client.post(PREFIX + CALLBACK_PATH, json=body).text for _ in range(2)]  # the second comes from memory
    assert shown[0] == shown[1]
    assert '"No data"' not in shown[0]
    assert '"Not found"' not in shown[0]
    layout = linked(client.get(f"{PREFIX}/_dash-layout").json)
    answered = linked(json.loads(shown[0]))
    assert layout[0] == f"{PREFIX}/"
    assert set(layout[1:]) <= {f"{PREFIX}/docs/docs/index.html"}  # where the documentation is built
    assert len(answered) >= sum(page.listed for page in PAGES)  # the navigation at least
    found = links(drawn.text) + answered
    assert [link for link in found if not link.startswith(f"{PREFIX}/")] == []
    assert [link for link in found if link.startswith(2 * PREFIX)] == []


def test_what_pages_link_to_is_there(client):
    head = client.get(f"{PREFIX}/").text
    for link in {link for link in links(head) if "/assets/" in link}:
        assert client.get(link).status_code == 200, link
    data = client.get(f"{PREFIX}/api/v1/dataset").json
    assert all(client.get(table["file"]).status_code == 200 for table in data["tables"])
    first = client.get(f"{PREFIX}/api/v1/references?limit=1")
    address = re.search("<(.*)>", first.headers["Link"])[1]
    assert client.get(address).json["rows"] != first.json["rows"]


def test_the_interface_for_programs_is_below_the_prefix(client):
    text = client.get(f"{PREFIX}/api/v1/").text
    assert [link for link in links(text) if not link.startswith(f"{PREFIX}/")] == []
    assert client.get(f"{PREFIX}/api/v1/openapi.json").json["servers"] == [{"url": f"{PREFIX}/api/v1"}]


@pytest.mark.parametrize("path", ["/", "/compounds", "/healthz", "/tools", "/tools/softmodes", "/api/v1/dataset"])
def test_nothing_is_answered_beside_the_prefix(client, path):
    assert client.get(path).status_code == 404


def test_a_link_in_the_words_of_a_visitor_stays_as_it_was_written(client):
    body = router_body(f"{PREFIX}/compounds", '?f="href":"/x"')
    shown = client.post(PREFIX + CALLBACK_PATH, json=body).text
    assert f"{PREFIX}/x" not in json.loads(shown)["response"]["page"].__str__()


@pytest.mark.parametrize("prefix", ["softmode", "/softmode/", "/a b", '/"x', "//evil.example"])
def test_a_prefix_that_is_no_path_is_refused(prefix):
    with pytest.raises(ValidationError):
        Settings(prefix=prefix)


def test_forwarded_headers_are_believed_of_the_proxies_that_there_are_and_of_no_others(directory):
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}
    alone, behind = (create_app(Settings(data=directory, proxies=n)).server.test_client() for n in (0, 1))
    assert "Strict-Transport-Security" not in alone.get("/healthz", headers=headers).headers
    assert "max-age=" in behind.get("/healthz", headers=headers).headers["Strict-Transport-Security"]


def test_a_row_of_the_table_leads_below_the_prefix(client):
    with client.application.test_request_context("/compounds", environ_overrides={"SCRIPT_NAME": PREFIX}):
        (row,) = drawn((), (), [{"suite": "abx3", "compound": "CsPbI3", "formula": "CsPbI3"}])["rows"]
    assert row["href"] == f"{PREFIX}/compound/abx3/CsPbI3"
