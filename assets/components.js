// The site's own components. `TabContent` is what a tab opens (dashboard/ui/tabs.py); `Markup` is HTML that no callback
// changes, as one component (dashboard/server/callback_json.py says what, and sends the tree).
(function () {
  "use strict";

  // What a closed tab holds is drawn after what can be seen.
  function TabContent(props) {
    var drawn = React.useState(props.open);
    React.useEffect(function () {
      window.setTimeout(function () { drawn[1](true); });
    }, []);
    return drawn[0] ? props.children : null;
  }

  function Markup(props) {
    var children = React.Children.toArray(props.children);
    function drawn(node) {
      if (node === null || typeof node !== "object") return node;
      if (!Array.isArray(node)) return children[node.child];
      return element(node[0] === "Link" ? window.dash_core_components.Link : node[0], node[1], node.slice(2));
    }
    function element(kind, attributes, nodes) {
      return React.createElement.apply(null, [kind, attributes].concat(nodes.map(drawn)));
    }
    return element(React.Fragment, null, props.tree);
  }

  window.softmode = { TabContent: TabContent, Markup: Markup };
})();
