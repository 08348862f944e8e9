/* What every page does beyond its forms and links: busy buttons, shortcuts, times, copying, toasts, menus.
   Everything is found by data attributes and by delegation, so swapped-in parts of a page need no set-up. */
(function () {
  "use strict";
  var root = document.documentElement;

  function sprite(name) {
    var svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    var use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", document.body.getAttribute("data-icons") + "#" + name);
    svg.appendChild(use);
    return svg;
  }

  function element(name, className, text) {
    var made = document.createElement(name);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  }

  /* --- Texts: written by the server into the page, in its language; [name] stands for a value ---------------------- */
  function text(name, values) {
    var template = document.getElementById("texts");
    var found = template && template.content.querySelector('[data-text="' + name + '"]');
    return (found ? found.textContent : "").replace(/\[(\w+)\]/g, function (whole, key) {
      return values && key in values ? values[key] : whole;
    });
  }

  /* --- Toasts: panel.toast({text, tone, key, action, run}); one a key; errors stay until they are closed ---------- */
  var TONE_ICONS = { green: "check-circle", red: "exclamation-circle", amber: "exclamation-triangle", blue: "info-circle" };

  function dismissLater(note) {
    var timer = null;
    function start() { timer = window.setTimeout(function () { note.remove(); }, 6000); }
    note.addEventListener("mouseenter", function () { window.clearTimeout(timer); });
    note.addEventListener("focusin", function () { window.clearTimeout(timer); });
    note.addEventListener("mouseleave", start);
    start();
  }

  function toast(news) {
    var list = document.getElementById("toasts");
    if (!list) return;
    var tone = TONE_ICONS[news.tone] ? news.tone : "blue";
    if (news.key) untoast(news.key);
    var note = element("div", "toast-note tone-" + tone);
    if (news.key) note.setAttribute("data-key", news.key);
    note.appendChild(sprite(TONE_ICONS[tone]));
    note.appendChild(element("div", "toast-text", news.text));
    if (news.action) {
      var act = element("button", "btn btn-secondary btn-sm", news.action);
      act.type = "button";
      act.addEventListener("click", function () { note.remove(); news.run(); });
      note.appendChild(act);
    }
    var close = element("button", "btn btn-quiet btn-icon btn-sm");
    close.type = "button";
    close.setAttribute("aria-label", text("close"));
    close.setAttribute("data-close-toast", "");
    close.appendChild(sprite("x-lg"));
    note.appendChild(close);
    list.appendChild(note);
    if (tone !== "red" && !news.action) dismissLater(note);
  }

  function untoast(key) {
    document.querySelectorAll('.toast-note[data-key="' + key + '"]').forEach(function (note) { note.remove(); });
  }

  document.addEventListener("toast", function (event) { toast(event.detail); });

  /* --- Busy: a form is sent once; the button shows it. Where its sending was stopped, or takes long, it can be sent
         again: the server does once what a form asks for. --------------------------------------------------------- */
  var BUSY_AT_MOST = 15000;
  var ends = new WeakMap();

  function setBusy(form, button) {
    window.clearTimeout(ends.get(form));
    ends.set(form, window.setTimeout(setIdle, BUSY_AT_MOST, form));
    form.setAttribute("data-busy", "");
    if (button && button.classList.contains("btn")) button.setAttribute("aria-busy", "true");
  }

  function setIdle(form) {
    form.removeAttribute("data-busy");
    form.querySelectorAll('[aria-busy="true"]').forEach(function (button) { button.removeAttribute("aria-busy"); });
    if (form.id) {
      document.querySelectorAll('[form="' + form.id + '"][aria-busy="true"]').forEach(function (button) {
        button.removeAttribute("aria-busy");
      });
    }
  }

  document.addEventListener("submit", function (event) {
    if (!event.target.hasAttribute("data-busy")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (event.defaultPrevented || form.getAttribute("method") === "dialog") return;
    setBusy(form, event.submitter || form.querySelector('[type="submit"]'));
  });
  document.addEventListener("htmx:beforeRequest", function (event) {
    var source = event.detail.elt;
    if (event.detail.requestConfig.verb === "get") return;
    if (source.matches("form")) {
      var by = event.detail.requestConfig.triggeringEvent;
      setBusy(source, (by && by.submitter) || source.querySelector('[type="submit"]'));
    } else if (source.getAttribute("aria-busy") === "true") {
      event.preventDefault();
    } else {
      source.setAttribute("aria-busy", "true");
    }
  });
  document.addEventListener("htmx:afterRequest", function (event) {
    var source = event.detail.elt;
    source.removeAttribute("aria-busy");
    var form = source.closest("form");
    if (form) setIdle(form);
  });
  function allIdle() { document.querySelectorAll("form[data-busy]").forEach(function (form) { setIdle(form); }); }

  window.addEventListener("pageshow", allIdle);
  if (window.navigation) {  /* where the browser tells that loading was stopped */
    window.navigation.addEventListener("navigate", function (event) { event.signal.addEventListener("abort", allIdle); });
  }

  /* --- Times: relative, with the exact one on hover, in the account's zone or the browser's ------------------------ */
  var template = document.getElementById("texts");
  var units = Array.from(template ? template.content.querySelectorAll("[data-seconds]") : [], function (unit) {
    return { seconds: Number(unit.dataset.seconds), past: unit.dataset.past.split("|"), future: unit.dataset.future.split("|") };
  });
  var zone = root.getAttribute("data-time-zone") || undefined;
  try { new Intl.DateTimeFormat("en-GB", { timeZone: zone }); } catch (unknown) { zone = undefined; }  /* the browser's list of zones is another */
  var exact = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, year: "numeric", month: "short", day: "numeric",
    hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short",
  });

  function sayTime(time) {
    var at = new Date(time.getAttribute("datetime"));
    if (isNaN(at)) return;
    var seconds = (Date.now() - at) / 1000;
    var unit = units.find(function (known) { return Math.abs(seconds) >= known.seconds; });
    var count = unit ? Math.floor(Math.abs(seconds) / unit.seconds) : 0;
    var forms = unit && (seconds > 0 ? unit.past : unit.future);
    time.textContent = unit ? forms[count === 1 ? 0 : 1].replace("[count]", count) : text("now");
    time.title = exact.format(at);
  }

  function sayTimes(within) { within.querySelectorAll("time[data-ago]").forEach(sayTime); }

  window.setInterval(function () { sayTimes(document); }, 30000);
  document.addEventListener("htmx:load", function (event) { sayTimes(event.detail.elt.parentNode || document); });

  /* --- Shortcuts: `/` search, `n` new order, `g o` orders; a person can switch them off ---------------------------- */
  var gone = 0;

  function shortcutsWanted() {
    try { return window.localStorage.getItem("shortcuts") !== "off"; } catch (denied) { return true; }
  }

  function follow(name) {
    var link = document.querySelector('[data-shortcut="' + name + '"]');
    if (link) link.click();
    return Boolean(link);
  }

  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") closeMenus(null);
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !shortcutsWanted()) return;
    if (event.target.closest("input, textarea, select, dialog[open], [contenteditable]")) return;
    var after = Date.now() - gone < 1200;
    gone = 0;
    if (event.key === "/") {
      var search = document.querySelector("[data-search]");
      if (search && search.offsetParent) { search.focus(); search.select(); event.preventDefault(); }
    } else if (event.key === "g") {
      gone = Date.now();
    } else if (event.key === "o" && after) {
      follow("g o");
    } else if (event.key === "n" && follow("n")) {
      event.preventDefault();
    }
  });

  function shortcutSwitch() {
    root.classList.toggle("no-shortcuts", !shortcutsWanted());
    document.querySelectorAll("[data-shortcuts-switch]").forEach(function (box) { box.checked = shortcutsWanted(); });
  }
  document.addEventListener("change", function (event) {
    if (!event.target.matches("[data-shortcuts-switch]")) return;
    try { window.localStorage.setItem("shortcuts", event.target.checked ? "on" : "off"); }
    catch (denied) { toast({ text: text("not-kept"), tone: "amber" }); }
    shortcutSwitch();
  });

  /* --- Menus, dialogs, copying, revealing -------------------------------------------------------------------------- */
  function closeMenus(except) {
    document.querySelectorAll("details.menu[open]").forEach(function (menu) {
      if (menu === except) return;
      var inside = menu.contains(document.activeElement);
      menu.open = false;
      if (inside) menu.querySelector("summary").focus();
    });
  }

  function copy(button) {
    navigator.clipboard.writeText(button.getAttribute("data-copy")).then(function () {
      toast({ text: text("copied"), tone: "green", key: "copy" });
    }, function () {
      toast({ text: text("copy-refused"), tone: "amber", key: "copy" });
    });
  }

  function reveal(button) {
    var input = document.getElementById(button.getAttribute("data-reveal"));
    var shown = input.type === "password";
    input.type = shown ? "text" : "password";
    button.textContent = text(shown ? "hide" : "show");
    button.setAttribute("aria-pressed", String(shown));
  }

  document.addEventListener("click", function (event) {
    var target = event.target;
    if (!(target instanceof Element)) return;
    closeMenus(target.closest("details.menu"));
    var button = target.closest("[data-copy], [data-print], [data-reveal], [data-close-toast], [data-open], [data-close]");
    if (target.matches("dialog[open]") && !target.hasAttribute("data-stay")) target.close();
    if (!button) return;
    if (button.hasAttribute("data-copy")) copy(button);
    if (button.hasAttribute("data-print")) window.print();
    if (button.hasAttribute("data-reveal")) reveal(button);
    if (button.hasAttribute("data-close-toast")) button.closest(".toast-note").remove();
    if (button.hasAttribute("data-open")) document.getElementById(button.getAttribute("data-open")).showModal();
    if (button.hasAttribute("data-close")) button.closest("dialog").close();
  });

  document.addEventListener("DOMContentLoaded", function () {
    sayTimes(document);
    shortcutSwitch();
    document.querySelectorAll(".toast-note:not(.tone-red)").forEach(dismissLater);
  });

  window.panel = { toast: toast, untoast: untoast, sprite: sprite, text: text };
})();
