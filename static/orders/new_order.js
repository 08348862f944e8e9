/* The order form: problems beside the fields while typing, a count of lines, where the focus goes after a swap. */
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

  function say(input, text) {
    var box = document.createElement("div");
    var line = document.createElement("p");
    var words = document.createElement("span");
    box.id = input.id + "_error";
    line.className = "field-error";
    words.textContent = text;
    line.append(window.panel.sprite("exclamation-circle"), words);
    box.append(line);
    input.closest(".field").append(box);
    input.setAttribute("aria-invalid", "true");
    describe(input);
  }

  document.addEventListener("order-problems", function (event) {
    document.querySelectorAll("#order-form [data-words]").forEach(function (input) {
      var text = event.detail.problems[input.name];
      clear(input);
      if (text) say(input, text);
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
    note.textContent = count.toLocaleString("en") + (count === 1 ? " line" : " lines");
  }

  function countAll() { document.querySelectorAll("#order-form [data-lines]").forEach(countLines); }

  document.addEventListener("input", function (event) {
    if (event.target.matches("#order-form [data-lines]")) countLines(event.target);
  });
  /* A field that belongs to one choice of another is shown with that choice. */
  function showFitting() {
    document.querySelectorAll("#order-form [data-when]").forEach(function (input) {
      var other = document.querySelector("#order-form [name='" + input.dataset.when + "']");
      input.closest(".field").hidden = Boolean(other) && other.value !== input.dataset.whenIs;
    });
  }

  document.addEventListener("change", function (event) {
    if (event.target.closest("#order-form")) showFitting();
  });
  document.addEventListener("DOMContentLoaded", function () { countAll(); showFitting(); });

  function markChosen() {
    var chosen = document.getElementById("order-service");
    document.querySelectorAll(".pick").forEach(function (pick) {
      if (chosen && pick.id.split("-")[1] === chosen.value) pick.setAttribute("aria-current", "true");
      else pick.removeAttribute("aria-current");
    });
  }

  /* On a phone the form is below the list: go there. */
  function bring(form) {
    if (form.getBoundingClientRect().top < 0 || form.getBoundingClientRect().top > window.innerHeight / 2) {
      form.scrollIntoView({ block: "start" });
    }
  }

  document.addEventListener("htmx:afterSettle", function (event) {
    var form = document.getElementById("order-form");
    if (!form || event.detail.target.id !== "order-form") return;
    countAll();
    showFitting();
    markChosen();
    bring(form);
    var first = form.querySelector("[data-placed], [aria-invalid], [role=alert][tabindex]") || form.querySelector("[data-words]");
    if (first) first.focus({ preventScroll: true });
  });
})();
