// An address with a #part: the tab or fold that holds it is opened, and it comes into view once it is there.
(function () {
  "use strict";

  var PATIENCE = 10000; // ms, for a page that is still on its way

  function hidden(element) {
    return element.getClientRects().length === 0;
  }

  // Whether the part was there and could be shown; a tab needs a moment to open.
  function reveal() {
    var name = decodeURIComponent(window.location.hash.slice(1));
    var part = name ? document.getElementById(name) : null;
    if (!part) return !name;
    for (var fold = part.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    var panel = part.closest("[role=tabpanel]");
    if (panel && hidden(panel)) {
      window.dash_clientside.set_props("tabs", { value: panel.id.split("-panel-")[1] });
      return false;
    }
    part.scrollIntoView();
    return true;
  }

  function seek() {
    var end = Date.now() + PATIENCE;
    (function again() {
      if (!reveal() && Date.now() < end) window.requestAnimationFrame(again);
    })();
  }

  window.addEventListener("hashchange", seek);
  document.addEventListener("softmode:shown", seek);
})();
