/* The chart of a provider's balance and its ledger balance. The page holds its data and texts; a table has the values. */
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
  var kit = window.staffChart;
  var locale = document.documentElement.lang;
  var zone = document.documentElement.getAttribute("data-time-zone") || undefined;
  try { new Intl.DateTimeFormat(locale, { timeZone: zone }); } catch (unknown) { zone = undefined; }

  function range(view, minimum, maximum) {
    var margin = (maximum - minimum) * 0.08 || Math.max(1, Math.abs(maximum) * 0.02);
    return [minimum - margin, maximum + margin];
  }

  function make(width, height, hooks) {
    var x = kit.axis(32), y = kit.axis(64);
    x.values = function (view, splits, column, space, step) {
      var parts = step >= 86400 ? { day: "numeric", month: "short" } : { hour: "2-digit", minute: "2-digit" };
      return splits.map(function (at) { return new Date(at * 1000).toLocaleString(locale, Object.assign({ timeZone: zone }, parts)); });
    };
    y.values = function (view, values) { return values.map(kit.amount); };
    /* The limit is drawn where it is near; far below it would flatten the line. */
    var all = data.balance.concat(data.expected, ahead.filter(function (value) { return value !== null; }));
    var minimum = Math.min.apply(null, all), maximum = Math.max.apply(null, all);
    var near = data.low >= minimum - (maximum - minimum || 1) * 2;
    var line = function (label, color, more) {
      return Object.assign({ label: label, stroke: kit.token(color), width: 1.5, points: { show: false } }, more);
    };
    document.querySelector(".legend-low").hidden = !near;
    return new window.uPlot({
      width: width,
      height: height,
      legend: { show: false },
      cursor: { y: false, drag: { setScale: false } },
      scales: { y: { range: range } },
      axes: [x, y],
      series: [
        {},
        line(data.labels.balance, "--accent-ink", { width: 2 }),
        line(data.labels.ledger, "--neutral-bar", { dash: [6, 4] }),
        line(data.labels.forecast, "--accent-ink", { dash: [2, 6] }),
        line(data.labels.low, "--amber-bar", { dash: [2, 4], show: near }),
      ],
      hooks: { setCursor: hooks },
    }, [times, data.balance, data.expected, ahead, low], box);
  }

  kit.keepDrawn(box, make, function (index) {
    if (index >= data.at.length) return "";
    var at = new Date(data.at[index] * 1000);
    return at.toLocaleString(locale, { timeZone: zone, day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }) +
      ": " + data.labels.balance + " " + kit.amount(data.balance[index]) + " " + data.currency + " · " +
      data.labels.ledger + " " + kit.amount(data.expected[index]) + " " + data.currency;
  });
})();
