// The header: a link to exactly this view, and the menu of pages on narrow screens.
(function () {
  "use strict";

  function say(text) {
    var place = document.getElementById("copied");
    place.textContent = text;
    window.setTimeout(function () {
      if (place.textContent === text) place.textContent = "";
    }, 4000);
  }

  // The address of this view, with the release of the data that it shows: a later visitor is told what has changed.
  function address() {
    var url = new URL(window.location.href);
    var page = document.querySelector("[data-release]");
    if (page && page.dataset.release) url.searchParams.set("v", page.dataset.release);
    return url.href;
  }

  function copy() {
    var text = address();
    var done = function () { say("Link copied"); };
    var failed = function () { window.prompt("Copy this link", text); };
    if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, failed);
    else failed();
  }

  function menu(open) {
    var button = document.getElementById("menu");
    document.querySelector(".site-head").toggleAttribute("data-open", open);
    button.setAttribute("aria-expanded", String(open));
  }

  document.addEventListener("click", function (event) {
    var target = event.target.closest ? event.target : null;
    if (!target) return;
    if (target.closest("#copy-link")) copy();
    else if (target.closest("#menu")) menu(!document.querySelector(".site-head").hasAttribute("data-open"));
    else if (target.closest("#nav a") || target.closest("main")) menu(false);
  });
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape" && document.querySelector(".site-head[data-open]")) menu(false);
  });
})();
