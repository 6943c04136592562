"""Pages and picture that are made from the code are those of this code, and lists in other pages name what it has."""

from __future__ import annotations

import importlib
import pkgutil
import re
from dataclasses import fields

import pytest

import dashboard.views
from docs.architecture import architecture, beside, layers
from docs.generate import DECLARED, DOCS, PAGES, READ_ELSEWHERE
from tests.conftest import ROOT


@pytest.mark.parametrize("name", PAGES)
def test_the_committed_page_is_what_the_code_makes_now(name):
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), "python -m docs.generate"


def test_the_picture_has_every_package_of_the_computing_part_in_a_layer():
    assert beside("compute") == []


@pytest.mark.parametrize(("stack", "found"), [("compute", str.find), ("dashboard", str.rfind)])
def test_the_picture_has_the_layers_of_the_import_contract_from_the_top(stack, found):
    picture = architecture()
    names = [name.partition(".")[2] for layer in layers(stack) for name in layer]
    places = [found(picture, f">{name}</text>") for name in names]
    assert -1 not in places
    assert places == sorted(places)


def test_every_address_key_of_a_page_is_in_the_table_of_pages():
    rows = re.findall(
        r"^\| `/([^/`]*)[^`]*` \|[^|]*\| ?(.*?) ?\|$", (DOCS / "web.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    said = {path: dict(re.findall(r"`(\w+)` ([^,|`]+?)(?=,|$)", keys)) for path, keys in rows}
    paths = {"overview": "", "error_sources": "errors", "potentials": "models"}
    for module in pkgutil.iter_modules(dashboard.views.__path__):
        if module.name == "codec":
            continue
        members = vars(importlib.import_module(f"dashboard.views.{module.name}"))
        view = next(members[name] for name in members if name.lower() == f"{module.name}view".replace("_", ""))
        keys = {field.metadata["key"]: field.name.removesuffix("_thz").replace("_", " ") for field in fields(view)}
        listed = said[paths.get(module.name, module.name)]
        assert list(listed.items()) == list(keys.items())


def test_every_environment_variable_that_is_read_is_in_the_page_of_settings():
    read = {"PORT", "WEB_CONCURRENCY", "DATABASE_URL"}
    for package in ("compute", "dashboard"):
        for path in (ROOT / package).rglob("*.py"):
            read |= set(re.findall(r'environ\.get\("(SOFTMODE_\w+)"', path.read_text(encoding="utf-8")))
    assert read == {name for rows in READ_ELSEWHERE.values() for name, _, _ in rows}
    fields_of = [field for kind in DECLARED.values() for field in kind.model_fields.values()]
    assert all(field.description or field.validation_alias for field in fields_of)
