/* The chart of a provider's balance and our books. Its data is in the page; the table below it says the same. */
(function () {
  "use strict";
  var box = document.getElementById("balance-chart");
  var source = document.getElementById("balance-data");
  if (!box || !source || !window.uPlot) return;
  var data = JSON.parse(source.textContent);
  var times = data.at.slice(), ahead = data.at.map(function () { return null; });
  if (data.forecast && times.length) {
    ahead[ahead.length - 1] = data.balance[data.balance.length - 1];
    times.push(data.forecast[0]);
    ahead.push(data.forecast[1]);
  }
  var low = times.map(function () { return data.low; });
  var chart = null;
  var zone = document.documentElement.getAttribute("data-time-zone") || undefined;

  function token(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }

  function amount(value) {
    return value === null || value === undefined ? "" : value.toLocaleString("en-US", { maximumFractionDigits: 4 });
  }

  function axis(size) {
    return { stroke: token("--ink-3"), grid: { stroke: token("--line"), width: 1 }, ticks: { show: false }, size: size, font: "12px Inter, system-ui, sans-serif" };
  }

  function range(view, least, most) {
    var room = (most - least) * 0.08 || Math.max(1, Math.abs(most) * 0.02);
    return [least - room, most + room];
  }

  function draw() {
    if (chart) chart.destroy();
    var x = axis(32);
    x.values = function (view, splits, column, space, step) {
      var parts = step >= 86400 ? { day: "numeric", month: "short" } : { hour: "2-digit", minute: "2-digit" };
      return splits.map(function (at) { return new Date(at * 1000).toLocaleString("en-GB", Object.assign({ timeZone: zone }, parts)); });
    };
    var y = axis(64);
    y.values = function (view, values) { return values.map(amount); };
    /* The limit is drawn where it is near; far below it would flatten the line. */
    var all = data.balance.concat(data.expected, ahead.filter(function (value) { return value !== null; }));
    var least = Math.min.apply(null, all), most = Math.max.apply(null, all);
    var near = data.low >= least - (most - least || 1) * 2;
    chart = new window.uPlot({
      width: box.clientWidth,
      height: Math.max(192, Math.min(288, box.clientWidth * 0.4)),
      legend: { show: false },
      cursor: { y: false, drag: { setScale: false } },
      scales: { y: { range: range } },
      axes: [x, y],
      series: [
        {},
        { label: "Balance", stroke: token("--accent-ink"), width: 2, points: { show: false } },
        { label: "Our books", stroke: token("--neutral-bar"), width: 1.5, dash: [6, 4], points: { show: false } },
        { label: "At this pace", stroke: token("--accent-ink"), width: 1.5, dash: [2, 6], points: { show: false } },
        { label: "Alert below", stroke: token("--amber-bar"), width: 1.5, dash: [2, 4], points: { show: false }, show: near },
      ],
      hooks: { setCursor: [say] },
    }, [times, data.balance, data.expected, ahead, low], box);
    box.appendChild(word);
    document.querySelector(".legend-low").hidden = !near;
  }

  var word = document.createElement("p");
  word.className = "chart-word";

  function say(view) {
    var index = view.cursor.idx;
    if (index === null || index === undefined || index >= data.at.length) { word.textContent = ""; return; }
    var at = new Date(data.at[index] * 1000);
    word.textContent = at.toLocaleString("en-GB", { timeZone: zone, day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }) +
      ": " + amount(data.balance[index]) + " " + data.currency + ", our books " + amount(data.expected[index]);
  }

  draw();
  var width = box.clientWidth;
  new ResizeObserver(function () {
    if (Math.abs(box.clientWidth - width) < 2) return;
    width = box.clientWidth;
    draw();
  }).observe(box);
  new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
})();
