// The site's own components. `Part` is what a tab opens (dashboard/ui/tabs.py); `Markup` is HTML that no callback changes,
// as one component (dashboard/server/callback_json.py says what, and sends the tree).
(function () {
  "use strict";

  // Of a closed tab React draws in slices, after what can be seen.
  function Part(props) {
    var drawn = React.useState(props.open);
    React.useEffect(function () {
      React.startTransition(function () { drawn[1](true); });
    }, []);
    return drawn[0] ? props.children : null;
  }

  function Markup(props) {
    var children = React.Children.toArray(props.children);
    return (function drawn(node) {
      if (node === null || typeof node !== "object") return node;
      if (!Array.isArray(node)) return children[node.child];
      var kind = node[0] === "Link" ? window.dash_core_components.Link : node[0];
      return React.createElement.apply(null, [kind, node[1]].concat(node.slice(2).map(drawn)));
    })(props.tree);
  }

  window.softmode = { Part: Part, Markup: Markup };
})();
