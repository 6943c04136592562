"""What the server answers: pages, health, and refusals."""

import gzip
import json
import re
import shutil

import brotli
import numpy as np
import pytest
from dash import dcc
from plotly.offline import get_plotlyjs_version

from compute import tables
from dashboard.app import LAY_OUT, PAGES, create_app
from dashboard.dataset import Dataset
from dashboard.pages.anharmonicity import data as anharmonicity
from dashboard.pages.overview.noise_figure import binned_quartiles, noise_by_bond
from dashboard.pages.overview.parity_figure import outside, parity
from dashboard.server.security import CALLBACK_PATH
from dashboard.server.vendored_scripts import PLOTLY, PLOTLY_PATH, bundle_version
from dashboard.settings import ASSETS, Settings
from tests.support import dashboard_data
from tests.support.components import drawn, text_of

BELOW = {"suite": "abx3", "compound": "CsPbI3"}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_pages_answer_and_other_paths_are_404(client, page):
    address = "/".join([page.path, *(BELOW[name] for name in page.below)])
    assert client.get(address).status_code == 200
    assert client.get(f"{address.rstrip('/')}/nothing-here").status_code == 404


def test_plotly_knows_every_setting_of_every_figure(directory):
    dataset = Dataset(directory)
    pages = [page.show(dataset, {}, **{name: BELOW[name] for name in page.below}) for page in PAGES]
    figures = [part.figure for page in pages for part in page._traverse() if isinstance(part, dcc.Graph)]
    assert len(figures) > 20
    for figure in figures:
        drawn(figure)


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
    outputs = router_body("/", "")["outputs"]
    for wrong in ([], {}, None, outputs[:1], outputs[0], [*outputs, outputs[0]], [[], *outputs[1:]]):
        assert client.post(CALLBACK_PATH, json=router_body("/", "", outputs=wrong)).status_code == 400
    assert client.post(CALLBACK_PATH, json=router_body("/", "", state=[{"id": "x"}])).status_code == 400


@pytest.mark.parametrize("half", [r"\ud800", r"\udc00\ud800"])
def test_half_a_character_is_no_value(client, half):
    """A lone surrogate is JSON to Python, and no text to anything that has to write it."""
    body = json.dumps(router_body("/", "")).replace('"value": "/"', f'"value": "/{half}"')
    assert client.post(CALLBACK_PATH, data=body, content_type="application/json").status_code == 400


@pytest.mark.parametrize("pathname", [None, 7, ["/"], {"a": 1}])
def test_values_of_another_type_do_not_break_a_page(client, pathname):
    assert client.post(CALLBACK_PATH, json=router_body(pathname, pathname)).status_code == 200


def test_a_malformed_address_is_answered_with_a_notice(client):
    shown = client.post(CALLBACK_PATH, json=router_body("/stability", "?t=abc&c=sigma")).text
    assert "replaced by the default: t." in shown
    assert "replaced by the default: p." in client.post(CALLBACK_PATH, json=router_body("/", "?p=none-such")).text


def laid_out(page, dataset, query):
    """Text of `page`; one that needs more than a query is asked about CsPbI3."""
    return text_of(page.show(dataset, query, **{name: BELOW[name] for name in page.below}))


@pytest.mark.parametrize("page", [page for page in PAGES if not page.below], ids=lambda p: p.name)
def test_pages_without_tables_say_how_to_compute(tmp_path, page):
    assert "softmode" in laid_out(page, Dataset(tmp_path), {})


@pytest.mark.parametrize("path", ["/", "/compounds", "/compound", "/stability", "/anharmonicity", "/errors", "/models"])
def test_pages_name_run_protocol_and_checkpoint(directory, path):
    (page,) = (p for p in PAGES if p.path == path)
    text = laid_out(page, Dataset(directory), {})
    assert dashboard_data.SIGMA_RUN in text
    assert path == "/anharmonicity" or dashboard_data.RUN in text
    assert "0123456789ab" in text
    assert "doi.org/10.1039/d5cp04693a" in text


def test_an_address_below_a_page_is_matched_whole():
    (page,) = (p for p in PAGES if p.path == "/compound")
    assert page.match("/compound/abx3/CsPbI3") == BELOW
    assert page.match("/compound/mp0b3/mp-1%2F2") == {"suite": "mp0b3", "compound": "mp-1/2"}
    for path in ("/compound", "/compound/abx3", "/compound/abx3/", "/compound/abx3/CsPbI3/x", "/compounds/abx3/CsPbI3"):
        assert page.match(path) is None


def test_every_page_has_its_own_preview(client):
    heads = {path: client.get(path).text.split("</title>")[0] for path in ("/", "/models", "/compound/abx3/CsPbI3")}
    assert "CsPbI3 · Softmode" in heads["/compound/abx3/CsPbI3"]
    assert len({head.split('og:description" content="')[1] for head in heads.values()}) == 3
    assert "<script>alert" not in client.get("/compound/abx3/<script>alert").text


def test_a_link_to_an_older_release_says_what_changed(directory, tmp_path):
    data = shutil.copytree(directory, tmp_path / "data")
    old = tables.read_manifest(data).release
    rows = tables.read(data, "wells").slice(0, 3)
    tables.publish(data, {"wells": rows})
    client = create_app(Settings(data=data)).server.test_client()
    assert "changed since this link was made: wells (10 rows → 3 rows)." in _page(client, f"?v={old}")
    assert "not on record" in _page(client, "?v=00000000")
    assert "since this link" not in _page(client, f"?v={tables.read_manifest(data).release}")


def _page(client, search):
    return json.loads(client.post(CALLBACK_PATH, json=router_body("/", search)).text)["response"]["page"].__str__()


def test_tables_that_cannot_be_read_are_a_page_that_says_so(directory, tmp_path):
    data = shutil.copytree(directory, tmp_path / "data")
    tables.read_manifest(data).paths("wells")[0].unlink()
    client = create_app(Settings(data=data)).server.test_client()
    assert "softmode data check" in _page(client, "")
    assert client.get("/readyz").status_code == 503


def test_plotly_is_the_small_bundle_of_the_same_version(client):
    assert bundle_version(PLOTLY) == get_plotlyjs_version()
    response = client.get(PLOTLY_PATH, headers={"Accept-Encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"
    assert len(response.data) < 600_000


def test_the_same_question_is_answered_from_memory_until_the_data_change(directory, tmp_path, monkeypatch):
    data = shutil.copytree(directory, tmp_path / "data")
    app = create_app(Settings(data=data))
    client, asked = app.server.test_client(), []
    frame = Dataset.frame
    monkeypatch.setattr(Dataset, "frame", lambda self, *a: asked.append(1) or frame(self, *a))
    answers = [client.post(CALLBACK_PATH, json=router_body("/", ""), headers={"Accept-Encoding": "br"})]
    first = len(asked)
    answers += [client.post(CALLBACK_PATH, json=router_body("/", ""), headers={"Accept-Encoding": "br"})]
    assert (len(asked), answers[0].data) == (first, answers[1].data)
    assert answers[1].headers["Content-Encoding"] == "br"
    assert "Content-Security-Policy" in answers[1].headers
    other = client.post(CALLBACK_PATH, json=router_body("/", ""), headers={"Accept-Encoding": "identity"})
    assert brotli.decompress(answers[1].data) == other.data
    tables.publish(data, {"wells": tables.read(data, "wells").slice(0, 3)})
    first = len(asked)
    client.post(CALLBACK_PATH, json=router_body("/", ""), headers={"Accept-Encoding": "br"})
    assert len(asked) > first


def test_what_pages_compute_is_there_before_the_first_visitor(directory, monkeypatch):
    anharmonicity._summary.cache_clear()
    server = create_app(Settings(data=directory)).server
    server.extensions[LAY_OUT]()
    monkeypatch.setattr(anharmonicity, "_samples", lambda *_: pytest.fail("drawn again"))
    shown = server.test_client().post(CALLBACK_PATH, json=router_body("/anharmonicity", ""))
    assert "Spearman" in shown.text


def test_a_problem_is_not_remembered(directory, tmp_path):
    data = shutil.copytree(directory, tmp_path / "data")
    client = create_app(Settings(data=data)).server.test_client()
    path = tables.read_manifest(data).paths("wells")[0]
    content = path.read_bytes()
    path.unlink()
    assert "softmode data check" in _page(client, "")
    path.write_bytes(content)
    assert "softmode data check" not in _page(client, "")


def test_the_first_page_asks_for_one_style_sheet_and_one_script_of_the_site(client):
    text = client.get("/").text
    own = re.findall(r'(?:src|href)="(/assets/[^"]+[.](?:css|js))"', text)
    css, scheme, generators, js = own
    assert (scheme, generators) == ("/assets/head/scheme.js", "/assets/vendor/regenerator/runtime.js")
    assert "polyfill" not in text
    for path, sources in ((css, ASSETS.glob("*.css")), (js, ASSETS.glob("*.js"))):
        answer = client.get(path)
        assert answer.cache_control.immutable
        assert all(source.read_text(encoding="utf-8") in answer.text for source in sources)
    assert text.index(js) < text.index("/dash-renderer/")


@pytest.mark.parametrize(
    ("accepted", "encoding", "read"), [("br", "br", brotli.decompress), ("gzip", "gzip", gzip.decompress)]
)
def test_what_is_compressed_is_the_same(client, accepted, encoding, read):
    plain = client.get("/assets/softmode.css", headers={"Accept-Encoding": "identity"})
    packed = client.get("/assets/softmode.css", headers={"Accept-Encoding": accepted})
    assert packed.headers["Content-Encoding"] == encoding
    assert "Content-Encoding" not in plain.headers
    assert read(packed.data) == plain.data


def test_the_noise_figure_shows_quartiles_of_bins_with_enough_compounds():
    bond = np.array([2.71, 2.72, 2.73, 2.74, 2.75, 3.11])
    found = binned_quartiles(bond, np.array([1.0, 2.0, 3.0, 4.0, 5.0, 0.0]))
    assert found["bond"] == pytest.approx([2.75])
    assert (found["n"][0], found["lower"][0], found["median"][0], found["upper"][0]) == (5, 2, 3, 4)
    assert len(drawn(noise_by_bond(bond[5:], np.zeros(1))).data) == 3


def test_the_parity_figure_counts_every_compound_once():
    dft, potential = np.linspace(-5, 0, 200), np.linspace(-4, 0, 200)
    figure = drawn(parity(dft, potential, "ω"))
    assert int(np.sum(figure.data[0].customdata)) + outside(dft, potential) == 200
