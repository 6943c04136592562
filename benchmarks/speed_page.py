"""The tables of docs/speed.md and its figure, from the files in benchmarks/results: python benchmarks/speed_page.py"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "speed.md"
FIGURE = ROOT / "docs" / "images" / "speed.svg"
RESULTS = ROOT / "benchmarks" / "results"
END = "<!-- end -->"


def tables(found: dict[str, Any]) -> str:
    """What was measured, in Markdown."""
    hardware, settings, limit = (found[name] for name in ("hardware", "settings", "limit"))
    matrix = limit["matrix_gflops"]
    lines = [
        f"Measured on {hardware['name']}, {hardware.get('cores', 1)} cores, one used by each side;"
        f" matrix products {matrix['float32']:.0f} GFLOP/s in float32 and {matrix['float64']:.0f} in float64,"
        f" memory {limit['bandwidth_gb_per_second']:.0f} GB/s. Model `{settings['model']}` and, for force calls, the"
        " published medium architecture (128 channels, L = 1, 6 Å) with random weights: speed does not depend on them.",
        "",
        "| | compounds | engine, per hour | plain loop, per hour | faster, wall | faster, processor time | outside the"
        " network, engine | plain | peak memory, MB | plain |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    titles = {"force_constants": "force constants", "sigma": "σ", "medium": "force calls, medium architecture"}
    for name, title in titles.items():
        part = found[name]
        engine, plain = part["engine"], part["plain"]
        lines.append(
            f"| {title} | {part['compounds']} | {engine['compounds_per_hour']:.0f} | {plain['compounds_per_hour']:.0f}"
            f" | {part['speed_ratio']:.1f}× | {part['cpu_ratio']:.1f}× | {engine['share_outside_model']:.0%}"
            f" | {plain['share_outside_model']:.0%} | {engine['peak_mb']:.0f} | {plain['peak_mb']:.0f} |"
        )
    lines += [
        "",
        "| in a batch | " + " | ".join(f"{row['compounds']}" for row in found["batch"]) + " |",
        "|---|" + "---|" * len(found["batch"]),
        "| ms of a force call | " + " | ".join(f"{row['ms_per_call']:.1f}" for row in found["batch"]) + " |",
        "",
        "| compounds in the campaign | " + " | ".join(f"{row['compounds']:,}" for row in found["growth"]) + " |",
        "|---|" + "---|" * len(found["growth"]),
        "| s per compound | " + " | ".join(f"{row['seconds_per_compound']:.3f}" for row in found["growth"]) + " |",
        "",
    ]
    if "workers" in found:
        one, two = found["workers"]["seconds"]
        lines += [
            f"Force constants by one worker {one:.0f} s, by two {two:.0f} s: {found['workers']['workers_ratio']:.2f}×.",
            "",
        ]
    lines += ["| operations of matrix products in a force call, MFLOP | engine | plain |", "|---|---|---|"]
    lines += [
        f"| {model} | {sides['sparse']:.0f} | {sides['plain']:.0f} |"
        for model, sides in limit["mflop_per_call"].items()
    ]
    medium = found["medium"]
    for side, key in (("engine", "sparse"), ("plain", "plain")):
        rate = (
            limit["mflop_per_call"]["random-medium"][key] * medium[side]["force_calls"] / medium[side]["seconds"] / 1e3
        )
        lines.append(
            f"\nOf the matrix rate the medium architecture reaches {rate / matrix['float32']:.0%} by the {side}."
        )
    lines += ["", f"![{figure.__doc__.rstrip('.')}](images/{FIGURE.name})"]
    return "\n".join(lines) + "\n"


def sevennet(found: dict[str, Any]) -> str:
    """SevenNet beside its own calculator, in Markdown."""
    hardware = found["hardware"]
    lines = [
        f"Measured on {hardware['name']}, {hardware['cores']} cores, both sides in turn on one of them.",
        "",
        "| call of 40 atoms, float32 | here, ms | own calculator, ms | faster, wall | between the processes"
        " | largest difference of a force, eV/Å |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {potential} | {part['engine_ms']:.0f} | {part['plain_ms']:.0f} | {part['speed_ratio']:.1f}×"
        f" | {part['overhead_ratio']:.1%} | {part['largest_force_difference']:.0e} |"
        for potential, part in found["sevennet"].items()
    ]
    return "\n".join(lines) + "\n"


def costs(found: dict[str, Any]) -> str:
    """What a force call of every potential costs, in Markdown."""
    sizes = list(next(iter(found["us_per_atom"].values())))
    lines = [
        f"Measured on {found['measured'][:10]} on {found['hardware']} with {found['cores']} cores, {found['dtype']},"
        f" medians of {found['calls']} calls.",
        "",
        "| µs per atom and call | " + " | ".join(f"{size} atoms" for size in sizes) + " |",
        "|---|" + "---|" * len(sizes),
    ]
    lines += [
        f"| {potential} | " + " | ".join(f"{of[size]:.0f}" for size in sizes) + " |"
        for potential, of in found["us_per_atom"].items()
    ]
    return "\n".join(lines) + "\n"


def growth(found: dict[str, Any]) -> str:
    """What more runs cost, in Markdown."""
    web = found["web"]
    lines = [
        "| runs | harmonic rows | publish one more, s | plan, s | read the manifest, s | read one compound, s |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['runs']:,} | {row['rows']:,} | {row['publish_one_s']:.2f} | {row['plan_s']:.3f}"
        f" | {row['read_manifest_s']:.3f} | {row['read_compound_s']:.2f} |"
        for row in found["growth"]
    ]
    pages = {name: each["p95_ms_1"] for name, each in web["callbacks"].items() if "(the page itself)" in name}
    controls = {name: each["p95_ms_1"] for name, each in web["callbacks"].items() if name not in pages}
    memory, cold, first = (web[name] for name in ("memory_mb", "cold_start_s", "cold_start_first_s"))
    lines += [
        "",
        f"The web over the last of these: cold start {cold:.1f} s, {first:.0f} s the first time after a publication,"
        " when the release is joined into its file. Memory of a web process:"
        f" {memory['own']:.0f} MB of its own, {memory['resident']:.0f} MB with the files that it shares with others."
        " Of all answers, computed anew for one client (95th percentile): the slowest control of a page"
        f" {max(controls.values()):.0f} ms, the slowest page {max(pages.values()) / 1e3:.1f} s.",
    ]
    return "\n".join(lines) + "\n"


PARTS: dict[str, tuple[str, Callable[[dict[str, Any]], str]]] = {
    "measured": ("engine.json", tables),
    "sevennet": ("sevennet.json", sevennet),
    "costs": ("costs.json", costs),
    "growth": ("growth.json", growth),
}
"""By the comment that begins a part of the page: the file that it is made from, and how."""


def figure(found: dict[str, Any]) -> None:
    """Compounds per hour by both sides, and the time of a force call by the size of the batch."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = FIGURE.stem  # the same picture of the same numbers
    from matplotlib import pyplot

    drawn, (left, right) = pyplot.subplots(1, 2, figsize=(8, 3), constrained_layout=True)
    names = {"force_constants": "force\nconstants", "sigma": "σ", "medium": "medium\narchitecture"}
    for shift, (side, colour) in enumerate((("engine", "#0b6e99"), ("plain", "#b8860b"))):
        values = [found[name][side]["compounds_per_hour"] for name in names]
        left.bar([index + 0.38 * shift for index in range(len(names))], values, 0.36, label=side, color=colour)
    left.set_xticks([index + 0.19 for index in range(len(names))], list(names.values()))
    left.set_yscale("log")
    left.set_ylabel("compounds per hour")
    left.legend(frameon=False)
    right.plot(
        *zip(*[(row["compounds"], row["ms_per_call"]) for row in found["batch"]], strict=True), "o-", color="#0b6e99"
    )
    right.set_xscale("log", base=2)
    right.set_ylim(bottom=0)
    right.set_xlabel("compounds in a batch")
    right.set_ylabel("ms per force call")
    drawn.savefig(FIGURE, metadata={"Date": None})


def written(text: str) -> str:
    """The page `text` with its measured parts made anew."""
    for name, (file, made) in PARTS.items():
        before, rest = text.split(f"<!-- {name} -->\n")
        text = f"{before}<!-- {name} -->\n{made(json.loads((RESULTS / file).read_text()))}{END}{rest.split(END, 1)[1]}"
    return text


def main() -> None:
    """Write the page's tables and its figure."""
    PAGE.write_text(written(PAGE.read_text()))
    figure(json.loads((RESULTS / "engine.json").read_text()))


if __name__ == "__main__":
    main()
