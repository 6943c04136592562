"""Pictures of every page, wide and narrow, light and dark: python benchmarks/screenshots.py [folder].

Serves the published tables and writes WebP files of the first screen of each page into docs/images.
"""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright
from web import BROWSER, ROOT, server

from compute.settings import data_directory

PAGES = {
    "overview": "/",
    "compounds": "/compounds",
    "compound": "/compound/abx3/CsPbBr3",
    "stability": "/stability",
    "anharmonicity": "/anharmonicity",
    "errors": "/errors",
    "models": "/models",
    "recompute": "/recompute",
    "methods": "/methods",
}
SIZES = {1440: 900, 390: 844}
DRAWN = ", ".join(
    [
        ".js-plotly-plot .xtick text",
        "#compounds-table tbody tr",
        ".structure-viewer canvas",
        "main section:not([hidden])",
        "main dl",
    ]
)
QUALITY = 60


def main(folder: Path = ROOT / "docs" / "images") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with server(data_directory()) as (port, _, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(BROWSER))
        for scheme in ("light", "dark"):
            for width, height in SIZES.items():
                tab = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
                for name, path in PAGES.items():
                    tab.goto(f"http://127.0.0.1:{port}{path}")
                    tab.wait_for_selector(DRAWN)
                    tab.wait_for_load_state("networkidle")
                    tab.wait_for_timeout(2500)
                    picture = Image.open(io.BytesIO(tab.screenshot()))
                    picture.save(folder / f"{name}-{width}-{scheme}.webp", quality=QUALITY, method=6)
                tab.close()
        browser.close()


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:]))
