"""Where a number comes from: code, packages, hardware."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from compute.potentials.environments.install import of_family
from compute.potentials.registry import families

_PACKAGES = ("ase", "chgnet", "mace-torch", "numpy", "phonopy", "softmode", "symfc", "torch")


def code_commit() -> str | None:
    """The commit of the checkout this code runs from, “+” appended when it has uncommitted changes."""
    root = Path(__file__).parents[2]

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(root), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no", "--", "compute")
        return git("rev-parse", "HEAD") + ("+" if changed else "")
    except (subprocess.CalledProcessError, FileNotFoundError):
        return None


def package_versions() -> dict[str, str]:
    """Versions of the packages that make the numbers, those in the environments of families included."""
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    for family in families().values():
        if family.environment:
            found |= {f"{family.environment}/{k}": v for k, v in of_family(family.environment).versions.items()}
    return found


def hardware() -> str:
    """Processor architecture, without naming the machine."""
    return f"{platform.machine()} CPU, {platform.system()}"
