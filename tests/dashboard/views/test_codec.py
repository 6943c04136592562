"""The address and the view are the same thing: nothing is lost on the way, and nonsense becomes the default."""

import importlib
import pkgutil
from dataclasses import fields, is_dataclass
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dashboard.views
from dashboard.views import codec
from dashboard.views.codec import Choice, Choices, Names, Number, Text
from dashboard.views.error_sources import ErrorSourcesView
from dashboard.views.stability import StabilityView

VIEWS = tuple(
    kind
    for module in pkgutil.iter_modules(dashboard.views.__path__, "dashboard.views.")
    for name, kind in vars(importlib.import_module(module.name)).items()
    if name.endswith("View") and is_dataclass(kind)
)


def _values(kind):
    if isinstance(kind, Choice):
        return st.sampled_from(kind.words)
    if isinstance(kind, Choices):
        return st.sets(st.sampled_from(kind.words)).map(lambda s: tuple(w for w in kind.words if w in s))
    if isinstance(kind, Names):
        names = st.from_regex(kind.pattern, fullmatch=True)
        return st.sets(names, max_size=kind.most).map(lambda s: tuple(sorted(s)))
    if isinstance(kind, Number):
        return st.floats(kind.low, kind.high).map(lambda v: round(v, kind.decimals) + 0.0)
    assert isinstance(kind, Text)
    return st.from_regex(kind.pattern, fullmatch=True)


def views(cls):
    return st.builds(cls, **{item.name: _values(item.metadata["kind"]) for item in fields(cls)})


@given(st.one_of(*(views(cls) for cls in VIEWS)))
def test_a_view_survives_the_address(view):
    query = dict(parse_qsl(codec.encode(view), keep_blank_values=True))
    assert codec.decode(type(view), query) == (view, ())


@pytest.mark.parametrize("cls", VIEWS)
def test_defaults_are_left_out_and_keys_are_unique(cls):
    assert codec.encode(cls()) == ""
    keys = [item.metadata["key"] for item in fields(cls)]
    assert len(keys) == len(set(keys))


@given(st.sampled_from(VIEWS), st.dictionaries(st.text(max_size=3), st.text(max_size=20)))
def test_any_query_gives_a_view_that_can_be_written(cls, query):
    view, problems = codec.decode(cls, query)
    assert set(problems) <= set(query)
    assert codec.decode(cls, dict(parse_qsl(codec.encode(view)))) == (view, ())


def test_malformed_parts_fall_back_and_are_named():
    view, problems = codec.decode(StabilityView, {"t": "nan", "s": "hdp", "th": "9", "zz": "1"})
    assert view == StabilityView(suite="hdp")
    assert problems == ("t", "th", "zz")


def test_control_values_are_checked_like_an_address():
    view = codec.build(StabilityView, suite="drop table", anion=["I", "F"], tolerance_thz="0.2", potential=None)
    assert view == StabilityView(anion=("F", "I"), tolerance_thz=0.2)


def test_names_with_dots_are_kept_apart():
    view = codec.build(ErrorSourcesView, potentials=["mace-mp-0", "chgnet-0.3.0"], order="hfs")
    assert view == ErrorSourcesView(potentials=("chgnet-0.3.0", "mace-mp-0"), order="hfs")
    assert codec.encode(view) == "p=chgnet-0.3.0~mace-mp-0&o=hfs"
    assert codec.decode(ErrorSourcesView, {"p": "a~a"}) == (ErrorSourcesView(), ("p",))


def test_what_the_data_cannot_follow_is_named():
    asked = StabilityView(potentials=("unknown",), anion=("I",))
    assert codec.replaced(asked, StabilityView(anion=("I",))) == ("p",)
    assert codec.replaced(StabilityView(), StabilityView(potentials=("first",), criterion="sigma")) == ()
