"""What a client can have the web remember is bounded, whatever it sends: figures in docs/threat-model.md."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable

import pandas as pd
import pytest

from dashboard.app import create_app
from dashboard.dataset import _size
from dashboard.server.security import CALLBACK_PATH
from dashboard.settings import Settings
from tests.dashboard.server.test_app import router_body

MEGABYTE = 1_000_000


def grown(act: Callable[[], None]) -> float:
    """Megabytes that are held after `act` and were not before."""
    gc.collect()
    tracemalloc.start()
    try:
        act()
        gc.collect()
        return tracemalloc.get_traced_memory()[0] / MEGABYTE
    finally:
        tracemalloc.stop()


def test_an_answer_is_remembered_by_the_digest_of_its_question(directory):
    client = create_app(Settings(data=directory)).server.test_client()
    client.post(CALLBACK_PATH, json=router_body("/nowhere", ""))

    def ask() -> None:
        for number in range(40):
            body = router_body("/nowhere", f"?{number}{'x' * 200_000}")
            assert client.post(CALLBACK_PATH, json=body).status_code == 200

    assert grown(ask) < 3  # of the 8 MB that were sent


@pytest.mark.parametrize(
    "changes",
    [
        {"pad": "x"},
        {"changedPropIds": ["x"]},
        {"changedPropIds": ["location.pathname"], "parsedChangedPropsIds": ["x"]},
        {"inputs": [{"id": "location", "property": "pathname", "value": "/", "pad": "x"}]},
    ],
)
def test_a_callback_with_more_than_pages_send_is_refused(client, changes):
    assert client.post(CALLBACK_PATH, json=router_body("/", "")).status_code == 200
    assert client.post(CALLBACK_PATH, json=router_body("/", "") | changes).status_code == 400


def test_remembered_rows_take_what_they_are_counted_for(dataset):
    """A row of many columns takes far more than its values, of which only the numbers used to be counted."""
    dataset.frame("SELECT * FROM pairs LIMIT 1")
    kept: list[pd.DataFrame] = []
    taken = grown(lambda: kept.extend(dataset.frame(f"SELECT * FROM pairs LIMIT 1 OFFSET {n}") for n in range(10)))
    assert sum(map(_size, kept)) / MEGABYTE > taken
