// The upload of Recompute: Dash gives its file input no name, which a reader of the screen needs.
(function () {
  "use strict";

  new MutationObserver(function () {
    var input = document.querySelector("#recompute-upload input:not([aria-label])");
    if (input) input.setAttribute("aria-label", "CIF or POSCAR file");
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
