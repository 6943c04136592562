"""Methods and data have one view."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MethodsView:
    """All there is: the page has no controls, and its parts have anchors."""
