// The table of compounds: a formula is a link to its page, and Enter on its cell follows it.
(function () {
  "use strict";

  function formula(text) {
    return String(text).split(/(\d+)/).map(function (part, index) {
      return index % 2 ? window.React.createElement("sub", { key: index }, part) : part;
    });
  }

  window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {};
  window.dashAgGridComponentFunctions.CompoundLink = function (props) {
    if (!props.data) return null;
    return window.React.createElement("a", { href: props.data.href, tabIndex: -1 }, formula(props.value));
  };

  // A frequency beyond `bound` in THz, softer or harder.
  window.dashAgGridFunctions = window.dashAgGridFunctions || {};
  window.dashAgGridFunctions.implausible = function (params, bound) {
    return Math.abs(parseFloat(String(params.value).replace("\u2212", "-"))) > bound;
  };

  document.addEventListener("keydown", function (event) {
    var cell = event.key === "Enter" && event.target.closest ? event.target.closest(".ag-cell[col-id=formula]") : null;
    var link = cell ? cell.querySelector("a") : null;
    if (link) link.click();
  });
})();
