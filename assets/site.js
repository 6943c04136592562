// The header: a link to exactly this view, and the menu of pages on narrow screens; what buttons copy.
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
    copyText(address(), "Link copied");
  }

  function copyText(text, done) {
    var failed = function () { window.prompt("Copy", text); };
    if (navigator.clipboard) navigator.clipboard.writeText(text).then(function () { say(done); }, failed);
    else failed();
  }

  // What is to be copied: the text of the element that the button names, or how this view is cited.
  function copyOf(button) {
    if (button.dataset.copy) return copyText(document.getElementById(button.dataset.copy).textContent, "Copied");
    var today = new Date().toISOString().slice(0, 10);
    copyText(button.dataset.cite + ", " + address() + ", visited on " + today + ".", "Citation copied");
  }

  function menu(open) {
    var button = document.getElementById("menu");
    document.querySelector(".site-head").toggleAttribute("data-open", open);
    button.setAttribute("aria-expanded", String(open));
  }

  document.addEventListener("click", function (event) {
    var target = event.target.closest ? event.target : null;
    if (!target) return;
    var button = target.closest("button[data-copy], button[data-cite]");
    if (button) copyOf(button);
    else if (target.closest("#copy-link")) copy();
    else if (target.closest("#menu")) menu(!document.querySelector(".site-head").hasAttribute("data-open"));
    else if (target.closest("#nav a") || target.closest("main")) menu(false);
  });
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape" && document.querySelector(".site-head[data-open]")) menu(false);
  });
})();
