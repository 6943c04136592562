// The periodic table: a click goes from no condition to "must contain" to "must not contain" and back.
(function () {
  "use strict";
  var NEXT = { "": "with", with: "without", without: "" };
  var WORDS = { "": "no condition", with: "must contain", without: "must not contain" };

  function buttons(table) {
    return Array.prototype.slice.call(table.querySelectorAll("[data-element]"));
  }

  function show(button, state) {
    button.dataset.state = state;
    button.setAttribute("aria-pressed", String(state !== ""));
    button.setAttribute("aria-label", button.dataset.element + ": " + WORDS[state]);
  }

  function symbols(table, state) {
    return buttons(table)
      .filter(function (button) { return button.dataset.state === state; })
      .map(function (button) { return button.dataset.element; });
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest ? event.target.closest(".elements [data-element]") : null;
    if (!button || button.disabled) return;
    var table = button.closest(".elements");
    show(button, NEXT[button.dataset.state] || "");
    window.dash_clientside.set_props(table.dataset.store, {
      data: { with: symbols(table, "with"), without: symbols(table, "without") },
    });
  });

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.periodicTable = {
    draw: function (chosen, present, id) {
      var table = document.getElementById(id);
      if (!table || !chosen || !present) return;
      buttons(table).forEach(function (button) {
        var symbol = button.dataset.element;
        var state = chosen.with.indexOf(symbol) >= 0 ? "with" : chosen.without.indexOf(symbol) >= 0 ? "without" : "";
        button.disabled = present.indexOf(symbol) < 0;
        show(button, state);
      });
    },
  };
})();
