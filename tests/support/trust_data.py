"""The invented data set with the trust fitted to it."""

from __future__ import annotations

from pathlib import Path

from compute import tables
from compute.tables import pairs
from compute.trust.features import LISTED, ROWS
from compute.trust.model import write
from compute.trust.next_runs import next_runs
from compute.trust.training import examples, train
from tests.support import dashboard_data


def publish(directory: Path) -> Path:
    """Publish the data set into `directory`, and the model beside it."""
    dashboard_data.publish(directory)
    connection = pairs.joined(directory)
    data = examples(connection.execute(ROWS).df())
    model = train(data, tables.read_manifest(directory).release, folds=3)
    write(model.model_copy(update={"next_runs": next_runs(data, connection.execute(LISTED).df())}), directory)
    return directory
