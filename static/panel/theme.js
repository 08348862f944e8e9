/* Sets the remembered theme before the first paint, so it is loaded in the head without defer.
   The choice is kept under the name that Django's admin uses too: one switch for both. */
(function () {
  "use strict";
  var root = document.documentElement;
  var system = window.matchMedia("(prefers-color-scheme: dark)");

  function remembered() {
    try {
      var theme = window.localStorage.getItem("theme");
      return theme === "light" || theme === "dark" ? theme : null;
    } catch (denied) {
      return null;
    }
  }

  function apply() {
    var theme = remembered() || (system.matches ? "dark" : "light");
    root.setAttribute("data-bs-theme", theme);
    document.querySelectorAll("[data-theme-switch]").forEach(function (button) {
      var label = button.getAttribute(theme === "dark" ? "data-use-light" : "data-use-dark");
      button.setAttribute("aria-label", label);
      button.title = label;
    });
  }

  root.classList.add("js");
  apply();
  system.addEventListener("change", apply);
  document.addEventListener("DOMContentLoaded", apply);
  window.addEventListener("storage", apply);
  document.addEventListener("click", function (event) {
    if (!(event.target instanceof Element) || !event.target.closest("[data-theme-switch]")) return;
    var next = root.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
    try {
      window.localStorage.setItem("theme", next);
    } catch (denied) {
      root.setAttribute("data-bs-theme", next);
      return;
    }
    apply();
  });
})();
