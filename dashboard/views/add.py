"""What the author of a new potential has, and how it will be called."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.views.codec import Choice, Text, key

KINDS = ("mace", "sevennet", "chgnet", "calculator")
"""A checkpoint of one of the families that are evaluated, or a file with a calculator of ASE."""


@dataclass(frozen=True)
class AddView:
    """The kind of file, and the id that the potential gets."""

    kind: str = key("k", Choice(KINDS), "mace")
    name: str = key("id", Text(r"[a-z0-9][a-z0-9.-]{0,63}"), "my-potential")
