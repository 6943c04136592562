"""What the server answers: pages, health, and refusals."""

import json

import numpy as np
import pytest
from plotly.offline import get_plotlyjs_version

from dashboard.app import PAGES, create_app
from dashboard.bundle import CARTESIAN, PLOTLY_PATH, bundle_version
from dashboard.dataset import Dataset
from dashboard.figures.noise import binned_quartiles, noise_by_bond
from dashboard.figures.parity import outside, parity
from dashboard.security import CALLBACK_PATH
from dashboard.settings import Settings
from tests import dashboard_data


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return dashboard_data.publish(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def client(directory):
    return create_app(Settings(data=directory)).server.test_client()


def text_of(component) -> str:
    return json.dumps(component.to_plotly_json(), default=lambda c: c.to_plotly_json(), ensure_ascii=False)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_pages_answer_and_other_paths_are_404(client, page):
    assert client.get(page.path).status_code == 200
    assert client.get(f"{page.path.rstrip('/')}/nothing-here").status_code == 404


def test_health_and_readiness(client, tmp_path):
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").json["rows"]["references"] == 16
    (tmp_path / "manifest.json").write_text('{"schema": {"major": 99}, "tables": {}}')
    broken = create_app(Settings(data=tmp_path)).server.test_client().get("/readyz")
    assert broken.status_code == 503
    assert "schema 99" in broken.json["reason"]


def test_everything_comes_from_this_server(client):
    response = client.get("/")
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]
    assert "unsafe-eval" not in policy
    assert "https://" not in response.text.replace("https://dash.plotly.com", "")
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "body",
    [
        "not json",
        "[]",
        "{}",
        '{"output": "nothing.children", "outputs": [], "inputs": [], "changedPropIds": []}',
        '{"output": ["a"], "outputs": [], "inputs": []}',
    ],
)
def test_malformed_callbacks_are_bad_requests(client, body):
    response = client.post(CALLBACK_PATH, data=body, content_type="application/json")
    assert response.status_code == 400


def router_body(pathname, search, **changes):
    body = {
        "output": "..page.children...nav.children...title.data..",
        "outputs": [
            {"id": i, "property": p} for i, p in (("page", "children"), ("nav", "children"), ("title", "data"))
        ],
        "inputs": [{"id": "location", "property": "pathname", "value": pathname}],
        "state": [{"id": "location", "property": "search", "value": search}],
        "changedPropIds": ["location.pathname"],
    }
    return body | changes


def test_callbacks_need_exactly_their_inputs(client):
    assert client.post(CALLBACK_PATH, json=router_body("/", "")).status_code == 200
    assert client.post(CALLBACK_PATH, json=router_body("/", "", inputs=[])).status_code == 400
    assert client.post(CALLBACK_PATH, json=router_body("/", "", state=[{"id": "x"}])).status_code == 400


@pytest.mark.parametrize("pathname", [None, 7, ["/"], {"a": 1}])
def test_values_of_another_type_do_not_break_a_page(client, pathname):
    assert client.post(CALLBACK_PATH, json=router_body(pathname, pathname)).status_code == 200


def test_a_malformed_address_is_answered_with_a_notice(client):
    shown = client.post(CALLBACK_PATH, json=router_body("/stability", "?t=abc&c=sigma")).text
    assert "replaced by the default: t." in shown
    assert "replaced by the default: p." in client.post(CALLBACK_PATH, json=router_body("/", "?p=none-such")).text


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_pages_without_tables_say_how_to_compute(tmp_path, page):
    assert "softmode" in text_of(page.layout(Dataset(tmp_path), {}))


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
@pytest.mark.parametrize("suite", ["hdp", "abx3", "mp0b3"])
def test_pages_name_run_protocol_and_checkpoint(directory, page, suite):
    if page.path == "/errors" and suite == "mp0b3":
        pytest.skip("the page is about the other suites")
    text = text_of(page.layout(Dataset(directory), {"s": suite}))
    assert f"run-{suite}-test" in text
    assert "0123456789ab" in text
    assert "doi.org/10.1039/d5cp04693a" in text


def test_a_cross_tabulation_has_no_scores(directory):
    (page,) = (p for p in PAGES if p.path == "/stability")
    text = text_of(page.layout(Dataset(directory), {"s": "abx3", "c": "sigma"}))
    assert "Two different questions" in text
    assert "Matthews" not in text


def test_plotly_is_the_small_bundle_of_the_same_version(client):
    assert bundle_version(CARTESIAN) == get_plotlyjs_version()
    response = client.get(PLOTLY_PATH, headers={"Accept-Encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"
    assert len(response.data) < 600_000


def test_the_noise_figure_shows_quartiles_of_bins_with_enough_compounds():
    bond = np.array([2.71, 2.72, 2.73, 2.74, 2.75, 3.11])
    found = binned_quartiles(bond, np.array([1.0, 2.0, 3.0, 4.0, 5.0, 0.0]))
    assert found["bond"] == pytest.approx([2.75])
    assert (found["n"][0], found["lower"][0], found["median"][0], found["upper"][0]) == (5, 2, 3, 4)
    assert len(noise_by_bond(bond[5:], np.zeros(1)).data) == 3


def test_the_parity_figure_counts_every_compound_once():
    dft, potential = np.linspace(-5, 0, 200), np.linspace(-4, 0, 200)
    figure = parity(dft, potential, "ω")
    assert int(np.sum(figure.data[0].customdata)) + outside(dft, potential) == 200
