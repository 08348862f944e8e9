/* What keeps itself fresh ([data-live]) asks only while somebody looks, and at once when they look again. What a
   person has opened in it is not swapped away under their hands. */
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

  /* A look that fails is made again by itself: no news to bother anybody with. */
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
