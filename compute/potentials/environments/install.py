"""The environments of families: made beside this one, on top of its packages, and pinned.

An environment is an overlay: its own packages come first, those of the interpreter that runs Softmode behind them, so
that torch is there once. pip installs exactly what `requirements.txt` of the family names.
"""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
import sys
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compute.settings import environments_directory
from compute.tables import write_atomic

_MARK = "installed.json"
_BEHIND = "softmode-behind.pth"


class InstallError(RuntimeError):
    """An environment that could not be made; the message says why and what to do."""


@dataclass(frozen=True)
class Environment:
    """The environment `name`, whether or not it is there: described in `folder`, installed in `directory`."""

    name: str

    @property
    def folder(self) -> Path:
        """Requirements and evaluator."""
        return Path(__file__).with_name(self.name)

    @property
    def directory(self) -> Path:
        """The virtual environment."""
        return environments_directory() / self.name

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.directory / "bin" / "python"

    @property
    def packages_directory(self) -> Path:
        """Its own packages."""
        return self.directory / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"

    @property
    def ready(self) -> bool:
        """Whether it holds what its requirements name, for this interpreter."""
        return self._mark().get("made_for") == self._wanted()

    @property
    def versions(self) -> dict[str, str]:
        """Versions of the packages that it was made of; empty where it is not ready."""
        return dict(self._mark()["packages"]) if self.ready else {}

    def install(self, say: Callable[[str], None] = lambda line: None) -> None:
        """Make it, or go on where making it was interrupted. Raises `InstallError`."""
        from filelock import FileLock

        if self.ready:
            return
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            with FileLock(self.directory.with_name(f".{self.name}.lock")):
                if not self.ready:
                    self._make(say)
        except OSError as error:
            raise InstallError(f"cannot make {self.directory}: {error.strerror or error}") from error

    def _make(self, say: Callable[[str], None]) -> None:
        say(f"making {self.directory}")
        (self.directory / _MARK).unlink(missing_ok=True)
        venv.EnvBuilder(with_pip=False, symlinks=True).create(self.directory)
        (self.packages_directory / _BEHIND).write_text("".join(f"{path}\n" for path in _behind()))
        pinned = _pinned(self.folder / "requirements.txt")
        say(f"installing {', '.join(pinned)}")
        pip = [sys.executable, "-m", "pip", "--python", self.python, "--disable-pip-version-check"]
        self._run(
            [*pip, "install", "--quiet", "--no-deps", "--no-input", *pinned],
            "packages cannot be installed, run the same command again once the package index can be reached",
        )
        self._run(
            [self.python, "-I", "-c", f"import sys; sys.path.append({str(self.folder)!r}); import evaluator"],
            "what was installed cannot be imported",
        )
        packages = dict(requirement.split("==") for requirement in pinned)
        mark = {"made_for": self._wanted(), "packages": packages}
        write_atomic(self.directory / _MARK, json.dumps(mark, indent=2).encode())

    def _run(self, command: list[Any], failed: str) -> None:
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("WARNING")]
            raise InstallError(f"{self.name}: {failed} ({lines[-1] if lines else f'exit status {done.returncode}'})")

    def _mark(self) -> dict[str, Any]:
        try:
            content: dict[str, Any] = json.loads((self.directory / _MARK).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return content

    def _wanted(self) -> str:
        requirements = "\n".join(_pinned(self.folder / "requirements.txt"))
        made_for = "\n".join([requirements, platform.python_version(), *_behind()])
        return hashlib.sha256(made_for.encode()).hexdigest()


def _pinned(requirements: Path) -> list[str]:
    lines = (line.partition("#")[0].strip() for line in requirements.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


def _behind() -> list[str]:
    """The folders of packages of this interpreter, as its own search path orders them."""
    return [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
