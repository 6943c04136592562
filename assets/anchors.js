// An address with a #part: the page is drawn after it was loaded, so the part is sought again once it is there.
(function () {
  "use strict";

  function reveal() {
    var name = decodeURIComponent(window.location.hash.slice(1));
    var part = name ? document.getElementById(name) : null;
    if (!part) return false;
    if (part.tagName === "DETAILS") part.open = true;
    part.scrollIntoView();
    return true;
  }

  window.addEventListener("hashchange", reveal);
  if (window.location.hash.length > 1) {
    var observer = new MutationObserver(function () {
      if (reveal()) observer.disconnect();
    });
    observer.observe(document.documentElement, { childList: true, subtree: true });
    window.setTimeout(function () { observer.disconnect(); }, 10000);
  }
})();
