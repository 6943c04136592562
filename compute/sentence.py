"""What an exception of another package says, fit to stand in a sentence."""

from __future__ import annotations

_LONGEST = 200


def said_by(error: BaseException) -> str:
    """Kind and message of `error` in one line of bounded length; of a long message, which may be a trace, the end.

    Without a full stop: the sentence has its own.
    """
    text = " ".join(str(error).split()).rstrip(".")
    return f"{type(error).__name__} {'… ' if len(text) > _LONGEST else ''}{text[-_LONGEST:]}".strip()
