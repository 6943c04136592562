"""The pages of the documentation, and the fenced blocks in them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import typer
from typer.core import TyperGroup

from compute.cli import app
from docs.generate import PAGES
from tests.conftest import ROOT

WRITTEN = sorted(
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    + [path for path in (ROOT / "docs").glob("*.md") if path.name not in PAGES]
)
"""Pages that are not made by `docs.generate`."""

SOFTMODE = typer.main.get_command(app)
NUMBER = re.compile(r"[-+−]?\d[\d,]*(?:\.\d+)?")
_FENCE = re.compile(
    r"(?:^<!-- not run in tests: (?P<reason>[^>]+?) -->\n+)?"
    r"^(?P<fence>`{3,})(?P<language>[^\n]*)\n(?P<text>.*?)^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)
_OPERATOR = re.compile(r"[|&;<>()]+")
_BEFORE = re.compile(r"\w+=.*|srun|nohup")
"""What may stand before the name of a command."""


@dataclass(frozen=True)
class Block:
    """A fenced block: `reason` says why it is not run, `said` is the text block that follows it at once."""

    page: Path
    line: int
    language: str
    text: str
    reason: str | None
    said: str | None = None

    @property
    def where(self) -> str:
        """Page and line, as a test's name."""
        return f"{self.page.name}:{self.line}"

    @property
    def commands(self) -> list[str]:
        """Commands of a shell block: comments left out, continued lines joined."""
        lines = self.text.replace("\\\n", " ").splitlines()
        return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of `page`, in order."""
    text = page.read_text(encoding="utf-8")
    found = list(_FENCE.finditer(text))
    listed = []
    for fence, following in pairwise([*found, None]):
        assert fence is not None
        said = None
        if following and following["language"] == "text" and not text[fence.end() : following.start()].strip():
            said = following["text"]
        line = text.count("\n", 0, fence.start("fence")) + 1
        listed.append(Block(page, line, fence["language"], fence["text"], fence["reason"], said))
    return listed


def softmode_calls(command: str) -> Iterator[list[str]]:
    """The arguments of every `softmode …` in a line of shell, also in what is quoted as an argument of another."""
    words = shlex.shlex(command, posix=True, punctuation_chars=True)
    words.whitespace_split, words.commenters = True, "#"
    called: list[str] = []
    for word in [*words, ";"]:
        if _OPERATOR.fullmatch(word):
            if called[:1] == ["softmode"]:
                yield called[1:]
            called = []
        elif called or not _BEFORE.fullmatch(word):
            called.append(word)
        if word.startswith("softmode "):
            yield from softmode_calls(word)


def understood(arguments: list[str]) -> None:
    """Parse the arguments of `softmode` without running the command; raises what a user would be told."""
    command, context, name = SOFTMODE, None, "softmode"
    while True:
        context = command.make_context(name, list(arguments), parent=context)
        if not isinstance(command, TyperGroup):
            return
        name, command, arguments = command.resolve_command(context, [*context._protected_args, *context.args])


def numbers(text: str) -> list[float]:
    """The numbers in `text`, whatever writes their minus and their thousands."""
    return [float(found.replace(",", "").replace("−", "-")) for found in NUMBER.findall(text)]
