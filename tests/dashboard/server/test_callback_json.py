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
    assert (found["namespace"], found["type"]) == ("softmode", "StaticTree")
    assert found["props"]["tree"] == [
        "table", {"className": "wide"},
        ["caption", {}, ["Link", {"href": "/compound/abx3/CsPbI3"}, "CsPbI3"]],
        ["tbody", {}, ["tr", {}, ["th", {"scope": "row"}, "CsPbI3"], ["td", {"className": "num"}, 0.31]], None],
    ]  # fmt: skip


def test_what_holds_something_with_an_id_stays_apart_and_its_other_parts_are_one_component_each():
    found = sent(html.Section([html.Table(ROW), html.Div(html.P("n = 3", id="counted")), dcc.Graph(figure={})]))
    table, counted, graph = found["props"]["children"]
    assert found["type"] == "Section"
    assert table["type"] == "StaticTree"
    assert counted["props"]["children"] == {
        "namespace": "dash_html_components", "type": "P", "props": {"children": "n = 3", "id": "counted"},
    }  # fmt: skip
    assert (graph["namespace"], graph["type"]) == ("dash_core_components", "Graph")
