"""Nothing that axe-core calls serious or critical, on every page and in every tab, over the published tables."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.conftest import ROOT
from tests.e2e.acting import settled
from tests.e2e.conftest import served
from tests.e2e.test_site import grave_violations

pytestmark = [pytest.mark.e2e, pytest.mark.slow]  # every page as it opens, in both schemes, is in test_site

PATHS = (
    "/", "/compounds", "/compound/abx3/CsPbBr3", "/compound/hdp/Cs2AgBiBr6", "/compound/mp0b3/mp-1000", "/stability",
    "/anharmonicity?y=omega", "/errors", "/models", "/recompute", "/trust", "/methods",
)  # fmt: skip
TABS = "main [role=tab]"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server over the published tables."""
    data, var = ROOT / "data" / "parquet", tmp_path_factory.mktemp("var")
    with served(SOFTMODE_DATA=str(data), SOFTMODE_VAR=str(var)) as address:
        yield address


@pytest.mark.parametrize(("width", "scheme"), [(1440, "dark"), (390, "light")], ids=["wide", "telephone"])
@pytest.mark.parametrize("path", PATHS)
def test_every_tab_of_every_page_is_accessible(visit, path, width, scheme):
    page = visit(path, width=width, scheme=scheme)
    page.wait_for_load_state("networkidle")
    tabs = page.locator(TABS).all()
    for tab in tabs or [None]:
        if tab is not None:
            tab.click()
            expect(tab).to_have_attribute("aria-selected", "true")
            page.wait_for_load_state("networkidle")
        settled(page)  # colours fade into each other
        assert grave_violations(page) == [], tab and tab.inner_text()
