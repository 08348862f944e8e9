/* Instant search in the price list. The whole list is fetched once, when somebody starts to search, and the browser
   keeps it while it does not change. Rows are drawn as they are scrolled to. Without this script the form asks the
   server. */
(function () {
  "use strict";
  var CHUNK = 100;
  var MAX_AGE = 5 * 60 * 1000;  /* A list that was fetched longer ago is fetched again when its tab becomes visible. */
  var list = null;
  var loading = null;
  var etag = null;
  var fetchedAt = 0;
  var isShown = false;
  var waiting = [];
  var drawn = 0;
  var lastCategory = null;

  function by(id) { return document.getElementById(id); }

  function load() {
    if (loading) return loading;
    loading = fetch(by("prices").dataset.url, { credentials: "same-origin" }).then(function (answer) {
      if (!answer.ok) throw new Error(String(answer.status));
      etag = answer.headers.get("ETag");
      fetchedAt = Date.now();
      return answer.json();
    }).then(function (content) {
      list = [];
      content.categories.forEach(function (category) {
        category.services.forEach(function (service) {
          service.category = category.id;
          service.text = (service.name + " " + category.name).toLowerCase();
          list.push(service);
        });
      });
    });
    loading.catch(function () { loading = null; });
    return loading;
  }

  function grouped(digits) { return digits.replace(/\B(?=(\d{3})+$)/g, ","); }

  /* As panel/web/formatting.py writes money: at least two decimals, up to six. */
  function money(rate) {
    var parts = rate.split(".");
    var box = by("prices").dataset;
    var decimals = (parts[1] || "").replace(/0+$/, "").padEnd(2, "0");
    var text = box.sign + grouped(parts[0]) + "." + decimals + (box.sign ? "" : "\u00a0" + box.currency);
    return { text: text, exact: grouped(parts[0]) + "." + (parts[1] || "").padEnd(6, "0") + " " + box.currency };
  }

  /* A text of the page with its {placeholders} filled in; the texts are in data-text-… attributes, so that they can be
     translated. */
  function text(name, values) {
    return by("prices").dataset["text" + name].replace(/\{(\w+)\}/g, function (hole, key) { return values[key]; });
  }

  function slot(row, name) { return row.querySelector('[data-slot="' + name + '"]'); }

  function makeRow(service) {
    var row = by("price-row").content.firstElementChild.cloneNode(true);
    var isPackage = by("prices").dataset.packageTypes.split(",").indexOf(service.type) >= 0;
    var link = slot(row, "name");
    var path = link.getAttribute("href").replace("/0/", "/" + service.id + "/");
    var rate = slot(row, "rate").firstElementChild;
    var price = money(service.rate);
    var order = slot(row, "order");
    link.textContent = service.name;
    link.setAttribute("href", path);
    link.setAttribute("hx-get", path);
    rate.textContent = price.text;
    rate.title = price.exact;
    slot(row, "id").textContent = text("Id", { id: service.id });
    slot(row, "unit").textContent = text(isPackage ? "Package" : "Thousand", {});
    slot(row, "limits").textContent = isPackage ? "–" : grouped(String(service.min)) + " – " + grouped(String(service.max));
    slot(row, "average_time").textContent = service.average_time || "–";
    ["refill", "cancel", "dripfeed"].forEach(function (mark) { if (!service[mark]) slot(row, mark).remove(); });
    order.setAttribute("href", order.getAttribute("href").replace(/0$/, service.id));
    order.setAttribute("aria-label", text("Order", { name: service.name }));
    return row;
  }

  function heading(category) {
    var made = by("price-headings").content.querySelector('[data-category="' + category + '"]');
    return made ? made.cloneNode(true) : null;
  }

  function drawMore() {
    var part = document.createDocumentFragment();
    waiting.slice(drawn, drawn + CHUNK).forEach(function (service) {
      var head = service.category !== lastCategory && heading(service.category);
      if (head) part.append(head);
      lastCategory = service.category;
      part.append(makeRow(service));
    });
    drawn = Math.min(drawn + CHUNK, waiting.length);
    by("price-rows").append(part);
    window.htmx.process(by("price-rows"));
    by("price-more").hidden = drawn >= waiting.length;
    by("price-more").textContent = text("Shown", { count: drawn.toLocaleString("en"), total: waiting.length.toLocaleString("en") });
  }

  /* The ids that the page is limited to: the favorites, or null for everything. */
  function limits() {
    var numbers = by("prices").dataset.only;
    return numbers === undefined ? null : new Set(numbers.split(","));
  }

  function matches(service, words, category, only) {
    if (only && !only.has(String(service.id))) return false;
    if (category && String(service.category) !== category) return false;
    return words.every(function (word) { return service.text.indexOf(word) >= 0 || String(service.id) === word; });
  }

  function show() {
    var search = by("price-q").value.trim();
    var category = by("price-category").value;
    var words = search.toLowerCase().split(/\s+/).filter(Boolean).slice(0, 8);
    var only = limits();
    waiting = list.filter(function (service) { return matches(service, words, category, only); });
    isShown = true;
    drawn = 0;
    lastCategory = null;
    by("price-rows").replaceChildren();
    by("price-pages").hidden = true;
    by("price-none").hidden = waiting.length > 0;
    document.querySelector(".price-table").hidden = waiting.length === 0;
    by("price-status").textContent = text(waiting.length === 1 ? "One" : "Many", { count: waiting.length.toLocaleString("en") });
    drawMore();
    remember(search, category);
  }

  function remember(search, category) {
    var query = new URLSearchParams();
    if (search) query.set("q", search);
    if (category) query.set("category", category);
    if (limits()) query.set("favourites", "1");
    window.history.replaceState(null, "", window.location.pathname + (query.size ? "?" + query : ""));
  }

  var timer = null;
  function searchSoon() {
    window.clearTimeout(timer);
    timer = window.setTimeout(function () {
      load().then(show, function () {
        window.panel.toast({ text: text("Failed", {}), tone: "amber", key: "prices" });
        document.body.classList.remove("is-instant");
      });
    }, 60);
  }

  /* The browser sends the list's ETag: while nothing changed, almost nothing is sent and nothing is drawn again. */
  function renew() {
    if (document.hidden || !list || Date.now() - fetchedAt < MAX_AGE) return;
    var known = etag;
    loading = null;
    load().then(function () { if (isShown && etag !== known) show(); }, function () {});
  }

  document.addEventListener("visibilitychange", renew);
  document.addEventListener("DOMContentLoaded", function () {
    document.body.classList.add("is-instant");
    by("price-q").addEventListener("focus", function () { load().catch(function () {}); }, { once: true });
    by("price-q").addEventListener("input", searchSoon);
    by("price-category").addEventListener("change", searchSoon);
    by("price-search").addEventListener("submit", function (event) {
      if (!document.body.classList.contains("is-instant")) return;
      event.preventDefault();
      searchSoon();
    });
    new IntersectionObserver(function (seen) {
      if (seen[0].isIntersecting && drawn < waiting.length) drawMore();
    }, { rootMargin: "600px" }).observe(by("price-more"));
  });

  /* The drawer opens with the loaded service; with a modifier key, or without this script, a link leads to the page. */
  document.addEventListener("htmx:afterSettle", function (event) {
    var drawer = by("service-drawer");
    if (event.detail.target.id === "service-drawer-body" && !drawer.open) drawer.showModal();
  });
})();
