"""The page Recompute: what a form asks for, what a result is held against, and what the page says of a job."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from compute.jobs import service
from compute.jobs.service import Job, JobRequest, JobsUnavailable, Progress
from dashboard.app import create_app
from dashboard.dataset import Dataset
from dashboard.pages.compound import page as compound
from dashboard.pages.recompute import data as query
from dashboard.pages.recompute import page as recompute
from dashboard.pages.recompute.form import cost_sentence, reading
from dashboard.pages.recompute.panel import panel
from dashboard.server.security import CALLBACK_PATH
from dashboard.settings import Settings
from dashboard.views.recompute import CALCULATIONS
from tests.support import recompute_data
from tests.support.components import said, text_of
from tests.support.recompute_data import POTENTIAL, directory, same_data

__all__ = ["directory", "same_data"]

CLEAR = {"suite": "", "potential": POTENTIAL, "calculation": "harmonic", "temperature": 300}


def check(dataset: Dataset, text: str, **changed: Any) -> query.Checked:
    return query.check(dataset, **{**CLEAR, "compound": text, **changed})


@pytest.mark.parametrize(
    ("text", "changed", "field", "sentence"),
    [
        ("CsPbXq3", {}, "compound", "“Xq” in “CsPbXq3” is not an element"),
        ("NaCl", {}, "compound", "is not a halide double perovskite"),
        ("CsPbBr3", {"potential": "mine"}, "potential", "There is no potential 'mine'"),
        ("CsPbBr3", {"calculation": "quick", "temperature": 5}, "temperature", "greater than or equal to 10"),
        ("CsPbBr3", {"calculation": "fast"}, "calculation", "No protocol 'fast' for sigma"),
        ("KMgF3", {"calculation": "attribution"}, "compound", "There are no reference frames of KMgF3"),
        ("KMgF3", {"calculation": "attribution-quick"}, "compound", "There are no reference frames of KMgF3"),
        ("CsPbBr3", {"structure": "x", "calculation": "published"}, "calculation", "No protocol 'published'"),
        (7, {}, "compound", "valid string"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(dataset, text, changed, field, sentence):
    checked = check(dataset, text, **changed)
    assert checked.request is None
    assert sentence in checked.errors[field]
    assert list(checked.errors) == [field]


def test_a_formula_is_read_back(dataset):
    checked = check(dataset, "Br₃ Pb Cs")
    assert checked.task.compound == "CsPbBr3"
    assert checked.published
    assert checked.suites == ("abx3",)
    text = said(*reading(checked))
    assert "A = Cs, B = Pb, X = Br; in the suite Cubic ABX3 perovskites" in text
    outside = check(dataset, "RbGeCl3")
    assert not outside.published
    assert "no published reference exists" in said(*reading(outside))
    assert "relaxed with the potential" in said(*reading(outside))


def test_every_calculation_of_the_form_is_a_request_and_back(dataset):
    for calculation in CALCULATIONS:
        asked = check(dataset, "CsPbBr3", calculation=calculation)
        assert asked.request is not None, calculation
        assert query.view_of(asked.request).calculation == calculation
    own = check(dataset, "CsPbBr3", calculation="attribution-quick")
    assert own.task.frames == "abx3-CsPbBr3-pbe"
    text = said(*reading(own))
    assert "the reference frames abx3-CsPbBr3-pbe" in text
    assert "One trajectory at 300 K" in text


def test_the_suite_is_asked_for_only_where_a_formula_can_mean_both(dataset):
    both = check(dataset, "CsInBr3", suite="hdp")
    assert both.suites == ("abx3", "hdp")
    assert both.task.suite == "hdp"
    assert check(dataset, "CsPbBr3", suite="hdp").task.suite == "abx3"


def test_a_potential_that_cannot_run_here_stands_disabled_with_the_reason(dataset, monkeypatch):
    monkeypatch.setattr(service, "lacking", lambda: {"mace-mp-0-medium": "weights missing"})
    page = recompute.layout(dataset, {"c": "CsPbBr3", "p": "mace-mp-0-medium"})
    (select,) = (part for part in page._traverse() if getattr(part, "id", None) == "recompute-potential")
    able, others = select.data
    assert others == {
        "group": "Cannot run here",
        "items": [
            {"value": "mace-mp-0-medium", "label": "MACE-MP-0 medium: weights missing", "disabled": True},
        ],
    }
    assert POTENTIAL in [item["value"] for item in able["items"]]
    assert not any(item.get("disabled") for item in able["items"])
    assert select.error == "MACE-MP-0 medium cannot run here: weights missing."
    (button,) = (part for part in page._traverse() if getattr(part, "id", None) == "recompute-compute")
    assert button.disabled


def test_suggestions_begin_with_what_was_typed(dataset):
    assert query.suggestions(dataset, "cspb") == ["CsPbI3", "CsPbBr3", "CsPbCl3"]
    assert query.suggestions(dataset, "InCl") == ["Cs2AgInCl6"]
    assert query.suggestions(dataset, " ") == query.suggestions(dataset, None) == []


def test_the_cost_is_the_measured_rate_scaled_by_atoms(dataset):
    own = query.rate(dataset, check(dataset, "CsPbI3"))
    assert (own.seconds, own.n, own.n_atoms, own.scaled) == (2.0, 2, 40, 40)
    assert "About 2.0 s" in cost_sentence(own)
    assert "an invented machine" in cost_sentence(own)
    # 80 atoms of a double perovskite, from 40 of an ABX3.
    scaled = query.rate(dataset, check(dataset, "Cs2AgBiBr6", calculation="one-shot"))
    assert (scaled.seconds, scaled.scaled) == (60.0, 80)
    assert "scaled to 80 atoms" in cost_sentence(scaled)
    # 1 + 2 ps in steps of 2 fs, from 2 × 25 samples.
    other = query.rate(dataset, check(dataset, "CsPbI3", calculation="quick"))
    assert other.seconds == pytest.approx(30.0 * 1500 / 50)
    assert "by one-shot, scaled by the number of force calls" in cost_sentence(other)
    assert query.rate(dataset, check(dataset, "CsPbI3", potential="chgnet-0.2.0")) is None
    assert "No rate is measured yet" in cost_sentence(None)


def shown(monkeypatch: pytest.MonkeyPatch, dataset: Dataset, found: Job | None, *, worker: bool = True) -> Any:
    monkeypatch.setattr(service, "read", lambda id: found)
    monkeypatch.setattr(service, "worker_alive", lambda: worker)
    return panel(dataset, found.id if found else "0" * 16)


def test_where_a_job_stands(dataset, monkeypatch):
    request = {"stage": "sigma"}
    told = Progress(
        stage="sampling", done=60, total=300, sigma=0.8, sigma_se=0.05, seconds_left=90, trace=((30, 0.9), (60, 0.8))
    )
    found = shown(monkeypatch, dataset, recompute_data.job(dataset, "running", progress=told, request=request))
    assert found.active
    assert "sampling" in said(*found.state)
    assert "60 of 300 frames, σ so far 0.800 ± 0.050, about 90 s left" in said(found.progress)
    assert "n = 60 frames so far" in found.trace[1]
    assert "2 jobs before it" in said(
        *shown(monkeypatch, dataset, recompute_data.job(dataset, "queued", ahead=2)).state
    )
    waiting = shown(monkeypatch, dataset, recompute_data.job(dataset, "queued", ahead=0), worker=False)
    assert "softmode worker" in said(*waiting.state)
    assert waiting.waits
    failed = shown(monkeypatch, dataset, recompute_data.job(dataset, "failed", error="It exploded."))
    assert "It exploded." in said(*failed.state)
    assert not failed.active
    assert "no job of this name" in said(shown(monkeypatch, dataset, None).state)


def test_without_the_database_the_page_says_so_and_keeps_looking(dataset, monkeypatch):
    def away(*_: Any) -> Any:
        raise JobsUnavailable("The database of the jobs does not answer.")

    monkeypatch.setattr(service, "read", away)
    monkeypatch.setattr(service, "worker_alive", away)
    text = text_of(recompute.layout(dataset, {"job": "0" * 16}))
    assert "The database of the jobs does not answer." in text
    assert panel(dataset, "0" * 16).active


def test_the_form_is_filled_from_the_address_and_from_a_job(dataset):
    text = text_of(recompute.layout(dataset, {"c": "CsPbBr3", "s": "abx3", "p": POTENTIAL, "st": "quick", "t": "200"}))
    assert "at 200 K in the published cell" in text
    assert "softmode worker" in text
    assert "replaced by the default: t." in text_of(recompute.layout(dataset, {"t": "5"}))
    asked = service.submit(JobRequest(stage="sigma", compound="CsPbI3", potential=POTENTIAL, temperature=400), "me")
    text = text_of(recompute.layout(dataset, {"job": asked.id}))
    assert "at 400 K" in text
    assert "No worker runs" in text


def test_a_site_that_computes_nothing_says_so(dataset, monkeypatch):
    monkeypatch.setenv("SOFTMODE_LIVE", "off")
    assert "computes nothing on demand" in text_of(recompute.layout(dataset, {"c": "CsPbBr3"}))
    assert "/recompute?" not in text_of(compound.PAGE.layout(dataset, {}, "abx3", "CsPbBr3"))
    monkeypatch.setenv("SOFTMODE_LIVE", "on")
    assert "/recompute?c=CsPbBr3&s=abx3" in text_of(compound.PAGE.layout(dataset, {}, "abx3", "CsPbBr3"))
    assert "/recompute?" not in text_of(compound.PAGE.layout(dataset, {}, "mp0b3", "mp-1"))


class Visitor:
    """A browser that sends callbacks, with its own cookies."""

    def __init__(self, app: Any):
        self._app, self._client = app, app.server.test_client()

    def send(self, changed: str, **values: Any) -> dict[str, Any]:
        """What the callback that has `changed` as an input and all of `values` answers."""
        ids = {changed, *(name.replace("_", "-") for name in values)}
        output, named = next(
            (output, named)
            for output, callback in self._app.callback_map.items()
            if ids <= {changed, *_names(named := {part: callback[part] for part in ("inputs", "state")})}
            and any(f"{d['id']}.{d['property']}" == changed for d in named["inputs"])
        )
        known = {k.replace("_", "-"): v for k, v in values.items()}

        def filled(part: str) -> list[dict[str, Any]]:
            return [{"id": d["id"], "property": d["property"], "value": known.get(d["id"])} for d in named[part]]

        outputs = [dict(zip(("id", "property"), o.rsplit(".", 1), strict=True)) for o in output.strip(".").split("...")]
        body = {"output": output, "changedPropIds": [changed], "inputs": filled("inputs"), "state": filled("state")}
        one = not output.startswith("..")
        answer = self._client.post(CALLBACK_PATH, json={**body, "outputs": outputs[0] if one else outputs})
        assert answer.status_code == 200, answer.text
        return answer.json["response"]


def _names(parts: dict[str, list[dict[str, str]]]) -> set[str]:
    return {d["id"] for part in parts.values() for d in part}


@pytest.fixture
def app(directory):
    return create_app(Settings(data=directory))


FORM = {f"recompute_{name}": value for name, value in {**CLEAR, "compound": "CsPbBr3"}.items()}


def test_a_visitor_computes_and_another_sees_it_but_cannot_cancel_it(app):
    me, you = Visitor(app), Visitor(app)
    answer = me.send("recompute-compute.n_clicks", **FORM)
    stamp = answer["recompute-job"]["data"]
    assert stamp[1:] == [1, "queued"]
    assert answer["view-query"]["data"] == f"job={stamp[0]}"
    assert "CsPbBr" in str(me.send("recompute-seen.data", recompute_seen=stamp)["recompute-mine"])
    assert me.send("recompute-seen.data", recompute_seen=stamp)["recompute-active"]["hidden"] is False
    assert you.send("recompute-seen.data", recompute_seen=stamp)["recompute-active"]["hidden"] is True
    polled = {"recompute_job": stamp, "recompute_seen": stamp, "recompute_asked": 1}
    assert "Waiting" in str(you.send("recompute-asked.data", **polled))
    assert "Only those who asked" in str(you.send("recompute-cancel.n_clicks", recompute_job=stamp))
    assert me.send("recompute-cancel.n_clicks", recompute_job=stamp)["recompute-cancelled"]["children"] == ""
    # The same question as before has another answer: nothing of a job is remembered.
    after = you.send("recompute-asked.data", **polled)
    assert "Cancelled" in str(after)
    assert after["recompute-poll"]["disabled"] is True
    again = me.send("recompute-compute.n_clicks", **FORM)
    assert again["recompute-job"]["data"] == [stamp[0], 2, "queued"]


def test_what_cannot_be_computed_is_refused_with_a_reason(app, monkeypatch):
    visitor = Visitor(app)
    wrong = visitor.send("recompute-compute.n_clicks", **{**FORM, "recompute_compound": "NaCl"})
    assert "not a halide double perovskite" in wrong["recompute-refused"]["children"]
    monkeypatch.setenv("SOFTMODE_JOBS_PER_CLIENT", "1")
    visitor.send("recompute-compute.n_clicks", **FORM)
    more = visitor.send("recompute-compute.n_clicks", **{**FORM, "recompute_compound": "CsPbI3"})
    assert "1 of your jobs" in more["recompute-refused"]["children"]
    monkeypatch.setenv("SOFTMODE_LIVE", "off")
    off = visitor.send("recompute-compute.n_clicks", **{**FORM, "recompute_compound": "CsPbI3"})
    assert "computes nothing on demand" in off["recompute-refused"]["children"]


@pytest.mark.parametrize("nonsense", [None, 7, "x", [], [7], ["../etc/passwd"], {"a": 1}, [None, None, None]])
def test_nonsense_in_a_callback_is_answered(app, nonsense):
    visitor = Visitor(app)
    assert "recompute-state" in visitor.send("recompute-asked.data", recompute_job=nonsense, recompute_seen=1)
    visitor.send("recompute-cancel.n_clicks", recompute_job=nonsense)
    visitor.send("recompute-seen.data", recompute_seen=nonsense)
    visitor.send("recompute-structure.data", recompute_structure=nonsense, **dict.fromkeys(FORM, nonsense))
    visitor.send("recompute-compute.n_clicks", recompute_structure=nonsense, **dict.fromkeys(FORM, nonsense))


def test_an_uploaded_file_is_kept_as_text_and_asked_for_as_it_is(app):
    visitor = Visitor(app)
    sent = visitor.send("recompute-upload.contents", recompute_upload="data:;base64,Q3NQYkJyMw==")
    assert sent["recompute-structure"]["data"] == {"text": "CsPbBr3"}
    for encoding in ("utf-8-sig", "utf-16", "latin-1"):
        content = base64.b64encode("data_x\r\n_by 'Müller'\r\n".encode(encoding)).decode()
        sent = visitor.send("recompute-upload.contents", recompute_upload=f"data:;base64,{content}")
        assert sent["recompute-structure"]["data"] == {"text": "data_x\n_by 'Müller'\n"}
    for binary in ("iVBORw0KGgoAAAANSUhEUg==", "not base64"):
        refused = visitor.send("recompute-upload.contents", recompute_upload=f"data:;base64,{binary}")
        assert "not a text file" in str(refused)
    checked = visitor.send("recompute-structure.data", recompute_structure={"text": "CsPbBr3"}, **FORM)
    assert checked["recompute-compound"]["disabled"] is True
    assert checked["recompute-compute"]["disabled"] is False
    assert "No published reference exists" in str(checked)
    answer = visitor.send("recompute-compute.n_clicks", recompute_structure={"text": "CsPbBr3"}, **FORM)
    found = service.read(answer["recompute-job"]["data"][0])
    assert found.request.structure == "CsPbBr3"
    assert found.request.compound is None
