// A figure is drawn when it comes near the window, and one at a time: between two the page answers its reader. Drawing
// all of a long page at once would hold up its first screen.
(function () {
  "use strict";

  var AHEAD = 0.5; // of the height of the window, above and below
  var waiting = new WeakMap();
  var due = [];
  var kept = null;

  function near(figure) {
    if (figure.getClientRects().length === 0) return false; // in a tab or a fold that is closed
    var place = figure.getBoundingClientRect();
    var margin = AHEAD * window.innerHeight;
    return place.top < window.innerHeight + margin && place.bottom > -margin;
  }

  function inTurn(figure) {
    due.push(figure);
    if (due.length === 1) window.setTimeout(drawNext);
  }

  function drawNext() {
    var figure = due.shift();
    if (due.length) window.setTimeout(drawNext); // before: one that cannot be drawn must not keep back the others
    draw(figure);
  }

  function draw(figure) {
    var asked = waiting.get(figure);
    if (!asked || !figure.isConnected) return;
    waiting.delete(figure);
    watch.unobserve(figure);
    asked.react.apply(kept, asked.parts).then(asked.resolve, asked.reject);
  }

  var watch = new IntersectionObserver(
    function (entries) {
      entries.forEach(function (entry) {
        if (entry.isIntersecting) inTurn(entry.target);
      });
    },
    { rootMargin: 100 * AHEAD + "% 0px" }
  );

  function deferring(react) {
    return function (figure) {
      var asked = waiting.get(figure);
      if (!asked && figure._fullLayout) return react.apply(kept, arguments);
      if (!asked) {
        asked = { react: react };
        asked.drawn = new Promise(function (resolve, reject) {
          asked.resolve = resolve;
          asked.reject = reject;
        });
        waiting.set(figure, asked);
        if (near(figure)) inTurn(figure);
        else watch.observe(figure);
      }
      asked.parts = arguments; // the newest wins
      return asked.drawn;
    };
  }

  // Dash fetches plotly when the first figure comes and finds it here.
  Object.defineProperty(window, "Plotly", {
    configurable: true,
    get: function () { return kept; },
    set: function (library) {
      kept = library && Object.assign({}, library, { react: deferring(library.react) });
    },
  });
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll(".js-plotly-plot, .dash-graph > div").forEach(draw);
  });
})();
