// Clientside callbacks. The address is written, never read, here: the server reads it when a page is laid out.
window.dash_clientside = window.dash_clientside || {};
window.dash_clientside.softmode = {
  writeAddress: function (query) {
    if (typeof query === "string") {
      var address = window.location.pathname + (query ? "?" + query : "") + window.location.hash;
      window.history.replaceState(window.history.state, "", address);
    }
  },

  // A page was drawn: it has a title, and the address may name a part of it.
  arrive: function (title) {
    if (title) {
      document.title = title;
      document.dispatchEvent(new Event("softmode:shown"));
    }
  },

  // A tab was opened: the address names it. The first needs no name, and what is in the tab keeps its own.
  writePart: function (part) {
    var named = document.getElementById(decodeURIComponent(window.location.hash.slice(1)) || " ");
    var opened = document.getElementById(part);
    if (!opened || (named && opened.contains(named))) return;
    var first = opened.closest("[role=tabpanel]").matches("[role=tablist] + [role=tabpanel]");
    var address = window.location.pathname + window.location.search + (first ? "" : "#" + part);
    window.history.replaceState(window.history.state, "", address);
  },

  // What is asked with is the answer: sliders of the viewer.
  same: function () {
    return Array.prototype.slice.call(arguments, 0, 3);
  },

  // A job was asked for: its panel, which may be below the window, comes into view and takes the focus.
  showJob: function () {
    window.requestAnimationFrame(function () {
      var panel = document.getElementById("recompute-panel");
      if (panel) panel.focus();
    });
  },

  // Look at a job again once it was looked at: an answer that comes after the next question is dropped by Dash. An
  // answer that is missing after 60 turns is not waited for.
  lookAgain: function (turn, asked, answered) {
    return asked === answered || turn - asked > 60 ? turn : window.dash_clientside.no_update;
  },
};
