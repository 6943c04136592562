"""What a callback returns, as it is sent: what nothing can change is one component."""

import orjson
from dash import dcc, html

from dashboard.server.callback_json import encoded

ROW = html.Tr([html.Th("CsPbI3", scope="row"), html.Td(0.31, className="num")])


def sent(value):
    return orjson.loads(orjson.dumps(encoded(value)))


def test_a_table_that_no_callback_can_name_is_one_component_with_the_whole_of_it():
    link = dcc.Link("CsPbI3", href="/compound/abx3/CsPbI3")
    found = sent(html.Table([html.Caption(link), html.Tbody([ROW, None])], className="wide"))
    assert (found["namespace"], found["type"]) == ("softmode", "Markup")
    assert found["props"]["children"] == []
    assert found["props"]["tree"] == [[
        "table", {"className": "wide"},
        ["caption", {}, ["Link", {"href": "/compound/abx3/CsPbI3"}, "CsPbI3"]],
        ["tbody", {}, ["tr", {}, ["th", {"scope": "row"}, "CsPbI3"], ["td", {"className": "num"}, 0.31]], None],
    ]]  # fmt: skip


def test_what_callbacks_can_name_stands_in_one_component_of_html_as_its_children_each_at_its_place():
    counted = html.P("n = 3", id="counted")
    found = sent(html.Section([html.Table(ROW), html.Div(["of", counted], title="n"), dcc.Graph(figure={})]))
    assert found["type"] == "Markup"
    assert found["props"]["tree"] == [[
        "section", {},
        ["table", {}, ["tr", {}, ["th", {"scope": "row"}, "CsPbI3"], ["td", {"className": "num"}, 0.31]]],
        ["div", {"title": "n"}, "of", {"child": 0}],
        {"child": 1},
    ]]  # fmt: skip
    first, second = found["props"]["children"]
    assert first == {
        "namespace": "dash_html_components", "type": "P", "props": {"children": "n = 3", "id": "counted"},
    }  # fmt: skip
    assert (second["namespace"], second["type"]) == ("dash_core_components", "Graph")


def test_html_below_what_callbacks_can_name_is_again_one_component():
    found = sent(html.Div([html.P(["a", html.B("b")]), dcc.Store(id="kept"), html.P("c")], id="named"))
    within = found["props"]["children"]
    assert (found["type"], found["props"]["id"], within["type"]) == ("Div", "named", "Markup")
    assert within["props"]["tree"] == [["p", {}, "a", ["b", {}, "b"]], {"child": 0}, ["p", {}, "c"]]
    assert [child["type"] for child in within["props"]["children"]] == ["Store"]
    assert sent(html.Div(html.P("alone"), id="named"))["props"]["children"]["type"] == "P"
