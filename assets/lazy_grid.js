// The library of the table is a third of what a page weighs, and one page needs it: fetched when that page is drawn.
(function () {
  "use strict";

  var address = document.querySelector('meta[name="softmode-grid"]');
  if (!address) return;
  var fetched = null;

  function library() {
    fetched = fetched || new Promise(function (resolve, reject) {
      var script = document.createElement("script");
      script.src = address.content;
      script.onload = function () { resolve(window.dash_ag_grid); }; // the library has put itself there
      script.onerror = reject;
      document.head.append(script);
    });
    return fetched;
  }

  var React = window.React;
  var Fetched = React.lazy(function () {
    return library().then(function (found) { return { default: found.AgGrid }; });
  });
  function Grid(properties) {
    // The library shows nothing while it fetches a part of its own: the place is held from outside.
    var grid = React.createElement(React.Suspense, { fallback: null }, React.createElement(Fetched, properties));
    return React.createElement("div", { style: { minHeight: properties.style.height } }, grid);
  }
  var ready = false;
  // Dash asks this before it runs callbacks of a component.
  Object.defineProperty(Grid, "_dashprivate_isLazyComponentReady", {
    get: function () {
      return ready || library().then(function (found) { return found.AgGrid._dashprivate_isLazyComponentReady; })
        .then(function () { ready = true; });
    },
  });
  window.dash_ag_grid = { AgGrid: Grid };
})();
