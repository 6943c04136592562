"""The page Recompute: what a visitor asks for, and what the page says of a job."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from compute.jobs import service
from compute.jobs.service import Job, JobRequest, JobsUnavailable, Progress
from dashboard.app import create_app
from dashboard.dataset import Dataset
from dashboard.pages.compound import page as compound
from dashboard.pages.recompute import page as recompute
from dashboard.pages.recompute.panel import panel
from dashboard.server import uploads
from dashboard.server.security import CALLBACK_PATH
from dashboard.settings import Settings
from tests.support import recompute_data
from tests.support.components import said, text_of
from tests.support.recompute_data import CLEAR, POTENTIAL, directory, same_data

__all__ = ["directory", "same_data"]


def shown(monkeypatch: pytest.MonkeyPatch, dataset: Dataset, found: Job | None, *, worker: bool = True) -> Any:
    monkeypatch.setattr(service, "read", lambda id: found)
    monkeypatch.setattr(service, "worker_alive", lambda: worker)
    return panel(dataset, [found.id if found else "0" * 16])


def test_where_a_job_stands(dataset, monkeypatch):
    request = {"stage": "sigma"}
    told = Progress(
        stage="sampling", done=60, total=300, sigma=0.8, sigma_se=0.05, seconds_left=90, trace=((30, 0.9), (60, 0.8))
    )
    found = shown(monkeypatch, dataset, recompute_data.job(dataset, "running", progress=told, request=request))
    assert found.active
    assert "sampling" in said(*found.state)
    assert "60 of 300 frames, σ so far 0.800 ± 0.050, about 90 s left" in said(*found.progress)
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
    text = text_of(recompute.PAGE.show(dataset, {"job": "0" * 16}))
    assert "The database of the jobs does not answer." in text
    assert panel(dataset, ["0" * 16]).active


def test_the_form_is_filled_from_the_address_and_from_a_job(dataset):
    text = text_of(
        recompute.PAGE.show(dataset, {"c": "CsPbBr3", "s": "abx3", "p": POTENTIAL, "st": "quick", "t": "200"})
    )
    assert "at 200 K in the published cell" in text
    assert "softmode worker" in text
    assert "replaced by the default: t." in text_of(recompute.PAGE.show(dataset, {"t": "5"}))
    asked = service.submit(JobRequest(stage="sigma", compound="CsPbI3", potential=POTENTIAL, temperature=400), "me")
    text = text_of(recompute.PAGE.show(dataset, {"job": asked.id}))
    assert "at 400 K" in text
    assert "No worker runs" in text


def test_a_site_that_computes_nothing_says_so(dataset, monkeypatch):
    monkeypatch.setenv("SOFTMODE_LIVE", "off")
    assert "computes nothing on demand" in text_of(recompute.PAGE.show(dataset, {"c": "CsPbBr3"}))
    assert "/recompute?" not in text_of(compound.PAGE.show(dataset, {}, suite="abx3", compound="CsPbBr3"))
    monkeypatch.setenv("SOFTMODE_LIVE", "on")
    assert "/recompute?c=CsPbBr3&s=abx3" in text_of(compound.PAGE.show(dataset, {}, suite="abx3", compound="CsPbBr3"))
    assert "/recompute?" not in text_of(compound.PAGE.show(dataset, {}, suite="mp0b3", compound="mp-1"))


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
    (stamp,) = stamps = answer["recompute-job"]["data"]
    assert stamp[1:] == [1, "queued"]
    assert answer["view-query"]["data"] == f"job={stamp[0]}"
    assert "CsPbBr" in str(me.send("recompute-seen.data", recompute_seen=stamps)["recompute-mine"])
    assert me.send("recompute-seen.data", recompute_seen=stamps)["recompute-active"]["hidden"] is False
    assert you.send("recompute-seen.data", recompute_seen=stamps)["recompute-active"]["hidden"] is True
    polled = {"recompute_job": stamps, "recompute_seen": stamps, "recompute_asked": 1}
    assert "Waiting" in str(you.send("recompute-asked.data", **polled))
    assert "Only those who asked" in str(you.send("recompute-cancel.n_clicks", recompute_job=stamps))
    assert me.send("recompute-cancel.n_clicks", recompute_job=stamps)["recompute-cancelled"]["children"] == ""
    # The same question as before has another answer: nothing of a job is remembered.
    after = you.send("recompute-asked.data", **polled)
    assert "Cancelled" in str(after)
    assert after["recompute-poll"]["disabled"] is True
    again = me.send("recompute-compute.n_clicks", **FORM)
    assert again["recompute-job"]["data"] == [[stamp[0], 2, "queued"]]


def test_what_cannot_be_computed_is_refused_with_a_reason(app, monkeypatch):
    visitor = Visitor(app)
    wrong = visitor.send("recompute-compute.n_clicks", **{**FORM, "recompute_compound": "NaCl"})
    assert "neither ABX₃ nor A₂MM′X₆" in wrong["recompute-refused"]["children"]
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


def test_several_potentials_are_one_address(app, dataset):
    me = Visitor(app)
    asked = {"recompute_potentials": ["sevennet-0", POTENTIAL], "recompute_calculation": "quick"}
    form = {**FORM, **asked, "recompute_temperature": 333}
    answer = me.send("recompute-compute.n_clicks", **form)
    stamps = answer["recompute-job"]["data"]
    assert answer["view-query"]["data"] == "job=" + "~".join(sorted(stamp[0] for stamp in stamps))
    jobs = [service.read(stamp[0]) for stamp in stamps]
    assert {job.request.potential for job in jobs} == {"sevennet-0", POTENTIAL}
    shown = recompute.PAGE.show(dataset, {"job": "~".join(stamp[0] for stamp in stamps)})
    assert "2 potentials, σ, quick, 333 K" in text_of(shown)
    polled = {"recompute_job": stamps, "recompute_seen": [], "recompute_asked": 1}
    assert "Waiting" in str(me.send("recompute-asked.data", **polled))
    me.send("recompute-cancel.n_clicks", recompute_job=stamps)
    assert {service.read(stamp[0]).state for stamp in stamps} == {"cancelled"}


def test_progress_only_grows():
    plan = [("starting", 0, None), ("loading the potential", 0, None), ("geometry", 3, None), ("geometry", 20, None)]
    plan += [("force constants", 0, 6), ("force constants", 5, 6), ("frequencies", 0, None)]
    running = {"id": "0" * 16, "state": "running", "suite": "abx3", "compound": "CsPbBr3"}
    running |= {"request": {"stage": "harmonic", "compound": "CsPbBr3", "potential": POTENTIAL}}
    running |= {"submitted": "2026-01-01T00:00:00Z"}
    found = [
        Job(**running, progress=Progress(stage=stage, done=done, total=total)).percent for stage, done, total in plan
    ]
    assert found == sorted(found)
    assert found[0] == 0
    assert found[-1] < 100
    assert Job(**running, progress=Progress(stage="waiting")).percent is None


def test_an_uploaded_file_is_kept_as_text_and_asked_for_as_it_is(app, monkeypatch):
    monkeypatch.setattr(uploads, "read", lambda text: uploads.UploadedFile(described="a crystal"))
    visitor = Visitor(app)
    sent = visitor.send("recompute-upload.contents", recompute_upload="data:;base64,Q3NQYkJyMw==")
    assert sent["recompute-structure"]["data"] == {"text": "CsPbBr3"}
    for encoding in ("utf-8-sig", "utf-16", "latin-1"):
        content = base64.b64encode("data_x\r\n_by 'Müller'\r\n".encode(encoding)).decode()
        sent = visitor.send("recompute-upload.contents", recompute_upload=f"data:;base64,{content}")
        assert sent["recompute-structure"]["data"] == {"text": "data_x\n_by 'Müller'\n"}
    assert "a crystal" in sent["recompute-uploaded"]["children"]
    for binary in ("iVBORw0KGgoAAAANSUhEUg==", "not base64"):
        refused = visitor.send("recompute-upload.contents", recompute_upload=f"data:;base64,{binary}")
        assert "not a text file" in str(refused)
    checked = visitor.send("recompute-structure.data", recompute_structure={"text": "CsPbBr3"}, **FORM)
    assert checked["recompute-compound"]["disabled"] is True
    assert checked["recompute-compute"]["disabled"] is False
    assert "Nothing is published about an uploaded structure" in str(checked)
    answer = visitor.send("recompute-compute.n_clicks", recompute_structure={"text": "CsPbBr3"}, **FORM)
    found = service.read(answer["recompute-job"]["data"][0][0])
    assert found.request.structure == "CsPbBr3"
    assert found.request.compound is None


def test_a_file_is_read_before_anything_is_computed(app):
    pytest.importorskip("spglib")
    visitor = Visitor(app)

    def sent(text: str) -> dict[str, Any]:
        content = base64.b64encode(text.encode()).decode()
        return visitor.send("recompute-upload.contents", recompute_upload=f"data:;base64,{content}")

    lines = ["CsPbBr3", "1", "6 0 0", "0 6 0", "0 0 6", "Cs Pb Br", "1 1 3", "Direct"]
    lines += ["0 0 0", "0.5 0.5 0.5", "0.5 0.5 0", "0.5 0 0.5", "0 0.5 0.5"]
    read = sent("\n".join(lines))
    assert "CsPbBr3, cubic perovskite with a = 6.0000 Å" in read["recompute-uploaded"]["children"]
    assert read["recompute-remove"]["hidden"] is False
    junk = sent("data_x")
    assert junk["recompute-structure"]["data"] is None
    assert junk["recompute-uploaded"]["className"] == "recompute-refused"
