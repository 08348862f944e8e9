/* Regions that refresh themselves ([data-live]) do so only while the page is visible, and at once when it becomes
   visible again. A region with an open menu or dialog is not swapped. */
(function () {
  "use strict";

  function isInUse(region) {
    return Boolean(region.querySelector("details[open]"));
  }

  document.addEventListener("htmx:beforeRequest", function (event) {
    var region = event.detail.elt;
    if (!region.hasAttribute("data-live")) return;
    if (document.hidden || isInUse(region)) event.preventDefault();
  });

  /* A failed refresh is retried by itself, so no error is shown. */
  ["htmx:sendError", "htmx:timeout", "htmx:responseError"].forEach(function (name) {
    document.documentElement.addEventListener(name, function (event) {
      if (event.detail.elt.hasAttribute("data-live")) event.stopPropagation();
    });
  });

  document.addEventListener("visibilitychange", function () {
    if (document.hidden) return;
    document.querySelectorAll("[data-live]").forEach(function (region) { window.htmx.trigger(region, "look"); });
  });
})();
