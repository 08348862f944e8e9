/* The order list: selects rows (all, a range with Shift, none with Escape), copies their ids and keeps the filter form
   in order. Without this script each row's checkbox and the form still work. */
(function () {
  "use strict";
  var anchor = null; /* the checkbox changed last, where a range begins */

  function boxes() { return Array.prototype.slice.call(document.querySelectorAll("input.order-pick")); }
  function isChecked(box) { return box.checked; }

  /* --- Selection ---------------------------------------------------------------------------------------------- */
  function show() {
    var all = boxes();
    var picked = all.filter(isChecked);
    var whole = document.getElementById("pick-all");
    if (!whole) return;
    whole.checked = picked.length > 0 && picked.length === all.length;
    whole.indeterminate = picked.length > 0 && picked.length < all.length;
    var label = document.getElementById("picked");
    label.textContent = picked.length ? label.dataset.some.replace("%s", picked.length) : label.dataset.none;
    document.getElementById("copy-picked").setAttribute("data-copy", picked.map(function (box) { return box.value; }).join(", "));
  }

  function pick(some, checked) {
    some.forEach(function (box) { box.checked = checked; });
    show();
  }

  function pickRange(from, to) {
    var all = boxes();
    var ends = [all.indexOf(from), all.indexOf(to)].sort(function (a, b) { return a - b; });
    if (ends[0] >= 0) pick(all.slice(ends[0], ends[1] + 1), to.checked);
  }

  document.addEventListener("click", function (event) {
    var box = event.target;
    if (!(box instanceof Element)) return;
    if (box.id === "pick-all") { pick(boxes(), box.checked); return; }
    if (!box.classList.contains("order-pick")) return;
    if (event.shiftKey && anchor && anchor !== box) pickRange(anchor, box);
    else show();
    anchor = box;
  });

  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("details.menu[open]")) return;
    if (event.target.closest("#orders-selected") && boxes().some(isChecked)) pick(boxes(), false);
  });

  /* Swapped rows keep their checkbox (hx-preserve); rows that left with their page are no longer selected. */
  document.addEventListener("htmx:afterSettle", show);
  document.addEventListener("DOMContentLoaded", show);

  /* --- After a bulk action: clear the selection and refresh the rows ----------------------------------------- */
  document.addEventListener("htmx:afterSwap", function (event) {
    if (!event.detail.target || event.detail.target.id !== "selection-result") return;
    document.querySelectorAll("#orders-selected details[open]").forEach(function (menu) { menu.open = false; });
    if (!document.querySelector("#selection-result[data-answered]")) return;
    pick(boxes(), false);
    window.htmx.trigger(document.getElementById("orders-live"), "look");
  });

  /* --- Filters: a period or dates, not both; no empty values in the URL --------------------------------------- */
  document.addEventListener("change", function (event) {
    var form = event.target.form;
    if (!form || form.id !== "orders-filter") return;
    if (event.target.name === "since") form.elements.from.value = form.elements.to.value = "";
    if (event.target.name === "from" || event.target.name === "to") form.elements.since.value = "";
  }, true);

  document.addEventListener("htmx:configRequest", function (event) {
    if (event.detail.elt.id !== "orders-filter") return;
    var parameters = event.detail.parameters;
    Object.keys(parameters).forEach(function (name) { if (!parameters[name]) delete parameters[name]; });
  });
})();
