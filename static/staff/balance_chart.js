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
  var kit = window.staffChart;
  var zone = document.documentElement.getAttribute("data-time-zone") || undefined;
  try { new Intl.DateTimeFormat("en-GB", { timeZone: zone }); } catch (unknown) { zone = undefined; }

  function range(view, least, most) {
    var room = (most - least) * 0.08 || Math.max(1, Math.abs(most) * 0.02);
    return [least - room, most + room];
  }

  function make(width, height, hooks) {
    var x = kit.axis(32), y = kit.axis(64);
    x.values = function (view, splits, column, space, step) {
      var parts = step >= 86400 ? { day: "numeric", month: "short" } : { hour: "2-digit", minute: "2-digit" };
      return splits.map(function (at) { return new Date(at * 1000).toLocaleString("en-GB", Object.assign({ timeZone: zone }, parts)); });
    };
    y.values = function (view, values) { return values.map(kit.amount); };
    /* The limit is drawn where it is near; far below it would flatten the line. */
    var all = data.balance.concat(data.expected, ahead.filter(function (value) { return value !== null; }));
    var least = Math.min.apply(null, all), most = Math.max.apply(null, all);
    var near = data.low >= least - (most - least || 1) * 2;
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
        line("Balance", "--accent-ink", { width: 2 }),
        line("Our books", "--neutral-bar", { dash: [6, 4] }),
        line("At this pace", "--accent-ink", { dash: [2, 6] }),
        line("Alert below", "--amber-bar", { dash: [2, 4], show: near }),
      ],
      hooks: { setCursor: hooks },
    }, [times, data.balance, data.expected, ahead, low], box);
  }

  kit.keepDrawn(box, make, function (index) {
    if (index >= data.at.length) return "";
    var at = new Date(data.at[index] * 1000);
    return at.toLocaleString("en-GB", { timeZone: zone, day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }) +
      ": " + kit.amount(data.balance[index]) + " " + data.currency + ", our books " + kit.amount(data.expected[index]);
  });
})();
