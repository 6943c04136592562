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

from compute.files import write_atomic
from compute.settings import environments_directory

_MARK = "installed.json"
_BEHIND = "softmode-behind.pth"


class InstallError(RuntimeError):
    """An environment that could not be made; the message says why and what to do."""


@dataclass(frozen=True)
class Environment:
    """The packages `requirements` in a virtual environment `directory`, whether or not it is there.

    `exact` installs the requirements alone, which then name all that is missing; else pip adds what they depend on.
    `tried` is the folder whose module `evaluator` has to be importable. Without requirements it is this interpreter.
    """

    name: str
    directory: Path
    requirements: tuple[str, ...]
    exact: bool = True
    tried: Path | None = None

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.directory / "bin" / "python" if self.requirements else Path(sys.executable)

    @property
    def packages_directory(self) -> Path:
        """Its own packages."""
        return self.directory / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"

    @property
    def ready(self) -> bool:
        """Whether it holds what its requirements name, for this interpreter."""
        return not self.requirements or self._mark().get("made_for") == self._wanted()

    @property
    def versions(self) -> dict[str, str]:
        """Versions of the packages that its requirements pin; empty where it is not ready."""
        pinned = (requirement.split("==") for requirement in self.requirements if requirement.count("==") == 1)
        return dict(pinned) if self.ready else {}

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
        say(f"installing {', '.join(self.requirements)}")
        listed = self.directory / "requirements.txt"
        listed.write_text("".join(f"{requirement}\n" for requirement in self.requirements), encoding="utf-8")
        pip = [sys.executable, "-m", "pip", "--python", self.python, "--disable-pip-version-check", "install"]
        options = ["--quiet", "--no-input", *(["--no-deps"] if self.exact else [])]
        self._run(
            [*pip, *options, "--requirement", listed],
            "packages cannot be installed, run the same command again once they can be reached",
        )
        if self.tried:
            self._run(
                [self.python, "-I", "-c", f"import sys; sys.path.append({str(self.tried)!r}); import evaluator"],
                "what was installed cannot be imported",
            )
        write_atomic(self.directory / _MARK, json.dumps({"made_for": self._wanted()}, indent=2).encode())

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
        made_for = "\n".join([*self.requirements, platform.python_version(), *_behind()])
        return hashlib.sha256(made_for.encode()).hexdigest()


def folder_of(name: str) -> Path:
    """The folder of the environment `name` of a family: its evaluator, and its requirements where it has any."""
    return Path(__file__).with_name(name)


def of_family(name: str) -> Environment:
    """The environment that the folder `name` describes."""
    folder = folder_of(name)
    listed = folder / "requirements.txt"
    requirements = read_requirements(listed) if listed.is_file() else ()
    return Environment(name, environments_directory() / name, requirements, tried=folder)


def of_calculator(id: str, requirements: tuple[str, ...]) -> Environment:
    """The environment of a calculator that the user has added under `id`."""
    return Environment(id, environments_directory() / "calculators" / id, requirements, exact=False)


def read_requirements(file: Path) -> tuple[str, ...]:
    """The lines of a requirements file without comments."""
    lines = (line.partition(" #")[0].strip() for line in file.read_text(encoding="utf-8").splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def _behind() -> list[str]:
    """The folders of packages of this interpreter, as its own search path orders them."""
    return [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
