"""What the documentation says to type is run, or says why not; every `softmode …` in it is one that exists."""

from __future__ import annotations

import ast
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.testing import CliRunner

from compute.cli import app
from tests.conftest import ROOT
from tests.support.documentation import (
    NUMBER,
    SOFTMODE,
    WRITTEN,
    Block,
    blocks,
    numbers,
    softmode_calls,
    understood,
)
from tests.support.site import answer, served

ADDRESS = "http://127.0.0.1:8050"
LANGUAGES = {"sh", "python", "text", "json", "yaml", "nginx", "toml", "bibtex"}
RUNNABLE = {"sh", "python"}
SPAN = re.compile(r"`(softmode [^`]+)`")
BLOCKS = [block for page in WRITTEN for block in blocks(page)]
CODE = [block for block in BLOCKS if block.language in RUNNABLE]
RUN = {page: [b for b in CODE if b.page == page and not b.reason] for page in WRITTEN}


def test_every_block_says_its_language():
    assert [block.where for block in BLOCKS if block.language not in LANGUAGES] == []


@pytest.mark.parametrize("block", [b for b in CODE if b.language == "sh"], ids=lambda b: b.where)
def test_every_command_in_the_pages_exists_with_its_options(block):
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for command in block.commands:
        for arguments in softmode_calls(re.sub(r"\$\w+", "1", command)):
            understood(arguments)
        if command.startswith("make "):
            assert shlex.split(command, comments=True)[1] in targets


def not_there(text: str) -> Iterator[str]:
    """Commands and options that a sentence names with `softmode …` and that do not exist."""
    for call in re.split(r"\bsoftmode (?=[a-z])", text)[1:]:
        words = [word.strip(".,;:()“”’`'…") for word in re.split(r"&&|\||\n| > ", call)[0].split()]
        command, path = SOFTMODE, "softmode"
        while isinstance(command, TyperGroup) and words:
            path += f" {words[0]}"
            # Of a group whose first word may be a value, the command that takes it.
            command = command.commands.get(words.pop(0)) or getattr(command, "of_values", None)
        if command is None:
            yield path
            continue
        options = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
        yield from (f"{path} {word}" for word in words if word.startswith("--") and word not in options)


@pytest.mark.parametrize("written", WRITTEN, ids=lambda path: path.name)
def test_commands_that_a_page_names_in_a_sentence_exist(written):
    assert [name for span in SPAN.findall(written.read_text(encoding="utf-8")) for name in not_there(span)] == []


@pytest.mark.parametrize("package", ["compute", "dashboard"])
def test_commands_that_the_program_tells_its_users_exist(package):
    for path in (ROOT / package).rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        said = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        found = {name: node.lineno for node in said if id(node) not in prose for name in not_there(node.value)}
        assert found == {}, path


def test_a_command_that_does_not_exist_is_found_out():
    assert list(not_there("see softmode compounds; softmode data export t --whre a=b, softmode data summary.")) == [
        "softmode compounds",
        "softmode data export --whre",
    ]
    for wrong in (["harmonics"], ["serve", "--prot", "1"], ["data", "audit", "--n", "many"], ["potentials", "fetch"]):
        with pytest.raises(Exception, match=r"No such|should be|Missing"):
            understood(wrong)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the commands of the pages read and write, and nothing else."""
    root = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "data", root / "data")
    (root / "docs").mkdir()
    return root


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The address of a server over the published tables, without a worker."""
    with served("--no-worker") as (address, _):
        answer(f"{address}/readyz")
        yield address


@pytest.mark.parametrize("written", [page for page in WRITTEN if RUN[page]], ids=lambda page: page.name)
def test_the_blocks_of_a_page_run_one_after_another(written, checkout, monkeypatch, request):
    monkeypatch.chdir(checkout)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    for block in RUN[written]:
        text = block.text
        if ADDRESS in text:
            text = text.replace(ADDRESS, request.getfixturevalue("site"))
        said = ran(block, text)
        if block.said is not None:
            assert alike(said, block.said), f"{block.where} now says\n{said}"


def ran(block: Block, text: str) -> str:
    """What a block prints. Commands of Softmode run in this process, which has its libraries loaded already."""
    if block.language == "python":
        Path("block.py").write_text(text, encoding="utf-8")
        runpy.run_path("block.py", run_name="__main__")
        return ""
    said = []
    if not all(command.startswith("softmode ") for command in block.commands):
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", text], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, f"{block.where}\n{done.stdout}{done.stderr}"
        return done.stdout
    for command in block.commands:
        words, _, file = command.partition(" > ")
        done = CliRunner().invoke(app, shlex.split(words, comments=True)[1:])
        assert done.exit_code == 0, f"{block.where}: {command}\n{done.output}"
        if file:
            Path(file.strip()).write_text(done.stdout, encoding="utf-8")
        said.append(done.stdout)
    return "".join(said)


def alike(one: str, other: str) -> bool:
    """Whether two printed answers have the same words, and numbers that differ by no more than processors do.

    What a calculation took and how a line is broken may differ.
    """
    first, second = (re.sub(r"[\d.]+ s\b", "time", text).split() for text in (one, other))
    return len(first) == len(second) and all(map(_alike, first, second))


def _alike(one: str, other: str) -> bool:
    if one == other:
        return True
    first, second = numbers(one), numbers(other)
    return (
        NUMBER.sub("", one) == NUMBER.sub("", other)
        and len(first) == len(second)
        and all(abs(x - y) <= 0.02 + 0.02 * abs(y) for x, y in zip(first, second, strict=True))
    )


def test_two_answers_are_alike_but_for_the_last_digits():
    assert alike("σ  1.002 ± 0.010, 12 s", "σ 1.010 ±\n0.011, 3.5 s")
    assert not alike("σ 1.002 stable", "σ 1.102 stable")
    assert not alike("σ 1.002 stable", "σ 1.002 unstable")
