"""The architecture as one picture, from what the code is held to: `architecture()` returns the SVG.

Rows are the layers of the import contracts in `pyproject.toml`, texts the first sentences of the docstrings, and which
boxes of `compute` the web imports is read from the imports themselves.
"""

from __future__ import annotations

import ast
import textwrap
import tomllib
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1]
_WIDTH, _GAP, _PAD, _LINE, _TITLE = 1000, 8, 7, 14, 17
_CHARACTER = 5.9
"""Width in px of a character of 11 px text, on average with room to spare."""
_FEW = 4
"""So many modules of a box are named that the web uses."""
_STYLE = """\
svg { --ground: #ffffff; --box: #f4f5f7; --shared: #e3edfb; --line: #b9c0ca; --ink: #1c2430; --soft: #55606e; }
@media (prefers-color-scheme: dark) {
  svg { --ground: #14181e; --box: #1f252d; --shared: #1d3150; --line: #465160; --ink: #e8ebef; --soft: #a9b3bf; }
}
rect.ground { fill: var(--ground); }
rect.box { fill: var(--box); stroke: var(--line); }
rect.shared { fill: var(--shared); stroke: var(--line); }
text { font: 11px system-ui, sans-serif; fill: var(--soft); }
text.name { font: 600 13px ui-monospace, monospace; fill: var(--ink); }
text.head { font: 600 15px system-ui, sans-serif; fill: var(--ink); }"""


@dataclass(frozen=True)
class Box:
    """One package or module: its name in the stack, what it is, and the few of its modules that the web imports."""

    name: str
    text: str
    used_by_web: tuple[str, ...] = ()

    def lines(self, width: float) -> list[str]:
        """The text wrapped into a box of `width` px."""
        used = f" The web uses {', '.join(self.used_by_web)}." if self.used_by_web else ""
        return textwrap.wrap(self.text + used, int((width - 2 * _PAD) / _CHARACTER))


def layers(stack: str) -> list[list[str]]:
    """Modules of `stack` by layer, uppermost first, as the contract in `pyproject.toml` has them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = [c for c in settings["tool"]["importlinter"]["contracts"] if c["type"] == "layers"]
    found = next(c["layers"] for c in contracts if c["layers"][0].startswith(f"{stack}."))
    return [[name.strip() for name in layer.split("|")] for layer in found]


@cache
def _graph() -> grimp.ImportGraph:
    return grimp.build_graph("compute", "dashboard", cache_dir=None)


def beside(stack: str) -> list[str]:
    """Modules of `stack` that no layer has."""
    return sorted(_graph().find_children(stack) - {name for layer in layers(stack) for name in layer})


def used_by_web() -> dict[str, tuple[str, ...]]:
    """Per box of `compute` what the web imports of it: names of modules, or () for all of a module."""
    graph, found = _graph(), defaultdict(set)
    for module in graph.find_descendants("dashboard"):
        for imported in graph.find_modules_directly_imported_by(module):
            stack, _, rest = imported.partition(".")
            if stack == "compute":
                box, _, inner = rest.partition(".")
                found[f"compute.{box}"] |= {inner} - {""}
    return {box: tuple(sorted(inner)) for box, inner in found.items()}


def _box(module: str, used: dict[str, tuple[str, ...]]) -> Box:
    path = ROOT / module.replace(".", "/")
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    text = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8")))
    if not text:
        raise ValueError(f"{module} has no docstring to say what it is")
    inner = used.get(module, ())
    few = inner if len(inner) <= _FEW else ()
    return Box(module.partition(".")[2], text.split("\n\n")[0].replace("\n", " ").replace("`", ""), few)


def _drawn(stack: str, left: float, top: float, width: float) -> tuple[list[str], float]:
    """The boxes of a stack as SVG, and where they end."""
    used, parts = used_by_web(), []
    for layer in layers(stack):
        each = (width - _GAP * (len(layer) - 1)) / len(layer)
        boxes = [_box(module, used) for module in layer]
        height = _TITLE + 2 * _PAD + _LINE * max(len(box.lines(each)) for box in boxes)
        for i, (module, box) in enumerate(zip(layer, boxes, strict=True)):
            parts += _rectangle(box, left + i * (each + _GAP), top, each, height, module in used)
        top += height + _GAP
    return parts, top


def _rectangle(box: Box, x: float, y: float, width: float, height: float, shared: bool) -> list[str]:
    look = "shared" if shared else "box"
    lines = enumerate(box.lines(width), start=1)
    return [
        f'<rect class="{look}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="4"/>',
        f'<text class="name" x="{x + _PAD:.1f}" y="{y + _TITLE:.1f}">{escape(box.name)}</text>',
        *(f'<text x="{x + _PAD:.1f}" y="{y + _TITLE + 2 + _LINE * n:.1f}">{escape(line)}</text>' for n, line in lines),
    ]


def architecture() -> str:
    """The picture as SVG."""
    left, right = 0.6 * _WIDTH, 0.4 * _WIDTH
    top = 44.0
    compute, one = _drawn("compute", 12, top, left - 24)
    web, other = _drawn("dashboard", left + 4, top, right - 16)
    bottom = max(one, other) + 4
    others = ", ".join(name.partition(".")[2] for name in beside("dashboard"))
    bands = [
        Box(
            "data/parquet",
            "The published tables and their manifest. Campaigns write them through compute.tables; the web reads them.",
        ),
        Box(
            "jobs",
            "SQLite or PostgreSQL. The web asks for a job, softmode worker computes it: neither calls the other.",
        ),
        Box("beside the web's layers", f"What the server is made of: {others}."),
    ]
    each = (_WIDTH - 24 - _GAP * (len(bands) - 1)) / len(bands)
    height = _TITLE + 2 * _PAD + _LINE * max(len(band.lines(each)) for band in bands)
    for i, band in enumerate(bands):
        compute += _rectangle(band, 12 + i * (each + _GAP), bottom, each, height, shared=False)
    end = bottom + height + 12
    title = "Softmode: packages by layer; each imports only from rows beneath it"
    legend = "Each row imports only from rows beneath it. Blue: the web imports it too."
    name = f'role="img" aria-label="{title}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {end:.0f}" {name}>',
            f"<title>{title}</title>",
            f"<style>\n{_STYLE}\n</style>",
            f'<rect class="ground" width="{_WIDTH}" height="{end:.0f}"/>',
            '<text class="head" x="12" y="20">compute</text>',
            f'<text x="12" y="36">{legend}</text>',
            f'<text class="head" x="{left + 4:.0f}" y="20">dashboard</text>',
            f'<text x="{left + 4:.0f}" y="36">The web: no torch, no ASE, no phonopy.</text>',
            *compute,
            *web,
            "</svg>",
            "",
        ]
    )
