/* The order form: shows errors beside the fields while typing, counts lines and moves the focus after a swap. */
(function () {
  "use strict";

  function clear(input) {
    var old = document.getElementById(input.id + "_error");
    if (old) old.remove();
    input.removeAttribute("aria-invalid");
    describe(input);
  }

  function describe(input) {
    var ids = ["_help", "_error", "_lines"].map(function (end) { return input.id + end; });
    input.setAttribute("aria-describedby", ids.filter(function (id) { return document.getElementById(id); }).join(" "));
  }

  function showError(input, text) {
    var box = document.createElement("div");
    var line = document.createElement("p");
    var message = document.createElement("span");
    box.id = input.id + "_error";
    line.className = "field-error";
    message.textContent = text;
    line.append(window.panel.sprite("exclamation-circle"), message);
    box.append(line);
    input.closest(".field").append(box);
    input.setAttribute("aria-invalid", "true");
    describe(input);
  }

  document.addEventListener("order-problems", function (event) {
    document.querySelectorAll("#order-form [data-order-field]").forEach(function (input) {
      var text = event.detail.problems[input.name];
      clear(input);
      if (text) showError(input, text);
    });
  });

  function countLines(input) {
    var count = input.value.split("\n").filter(function (line) { return line.trim(); }).length;
    var note = document.getElementById(input.id + "_lines");
    if (!note) {
      note = document.createElement("div");
      note.id = input.id + "_lines";
      note.className = "field-help tabular";
      input.after(note);
      describe(input);
    }
    note.textContent = input.dataset.lines.replace("%s", count.toLocaleString("en"));
  }

  function countAll() { document.querySelectorAll("#order-form [data-lines]").forEach(countLines); }

  document.addEventListener("input", function (event) {
    if (event.target.matches("#order-form [data-lines]")) countLines(event.target);
  });
  /* A field that depends on the value of another is shown only with that value. */
  function showDependent() {
    document.querySelectorAll("#order-form [data-when]").forEach(function (input) {
      var other = document.querySelector("#order-form [name='" + input.dataset.when + "']");
      input.closest(".field").hidden = Boolean(other) && other.value !== input.dataset.whenIs;
    });
  }

  document.addEventListener("change", function (event) {
    if (event.target.closest("#order-form")) showDependent();
  });
  document.addEventListener("DOMContentLoaded", function () { countAll(); showDependent(); });

  function markSelected() {
    var selected = document.getElementById("order-service");
    document.querySelectorAll(".pick").forEach(function (pick) {
      if (selected && pick.id.split("-")[1] === selected.value) pick.setAttribute("aria-current", "true");
      else pick.removeAttribute("aria-current");
    });
  }

  /* On a phone the form is below the list: scroll to it. */
  function scrollToForm(form) {
    if (form.getBoundingClientRect().top < 0 || form.getBoundingClientRect().top > window.innerHeight / 2) {
      form.scrollIntoView({ block: "start" });
    }
  }

  document.addEventListener("htmx:afterSettle", function (event) {
    var form = document.getElementById("order-form");
    if (!form || event.detail.target.id !== "order-form") return;
    countAll();
    showDependent();
    markSelected();
    scrollToForm(form);
    var first = form.querySelector("[data-placed], [aria-invalid], [role=alert][tabindex]") || form.querySelector("[data-order-field]");
    if (first) first.focus({ preventScroll: true });
  });
})();
