"""What the machine of a worker lacks to run a potential, told to the web when it changes."""

from __future__ import annotations

from compute.jobs.request import potential_ids
from compute.jobs.store import Store
from compute.potentials.store import lacking, locate


class Abilities:
    """The abilities of the worker `name`; `elsewhere` where other machines calculate, of which nothing is known."""

    def __init__(self, name: str, *, elsewhere: bool):
        self._name, self._elsewhere = name, elsewhere
        self._told: tuple[Store, dict[str, str | None]] | None = None

    def tell(self, store: Store) -> None:
        """Write to `store` what is lacking here, where that is not there yet."""
        found = {} if self._elsewhere else {id: lacking(locate(id)) for id in potential_ids()}
        if self._told != (store, found):
            store.announce(self._name, found)
            self._told = (store, found)
