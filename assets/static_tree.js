// Text and tables that no callback changes, as one component: dashboard/server/callback_json.py says which and sends the tree.
(function () {
  "use strict";

  function drawn(node) {
    if (!Array.isArray(node)) return node;
    var kind = node[0] === "Link" ? window.dash_core_components.Link : node[0];
    return React.createElement.apply(null, [kind, node[1]].concat(node.slice(2).map(drawn)));
  }

  window.softmode = { StaticTree: function StaticTree(props) { return drawn(props.tree); } };
})();
