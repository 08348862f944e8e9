/* The chart of a report: revenue, cost and profit by day. The page holds its data and texts; a table has the values. */
(function () {
  "use strict";
  var box = document.getElementById("report-chart");
  var source = document.getElementById("report-data");
  if (!box || !source || !window.uPlot) return;
  var data = JSON.parse(source.textContent);
  var kit = window.staffChart;
  var at = data.day.map(function (day) { return Date.parse(day + "T00:00:00Z") / 1000; });

  function dayText(seconds) {
    return new Date(seconds * 1000).toLocaleDateString(document.documentElement.lang, { timeZone: "UTC", day: "numeric", month: "short" });
  }

  function make(width, height, hooks) {
    var x = kit.axis(32), y = kit.axis(64);
    x.values = function (view, splits) { return splits.map(dayText); };
    x.incrs = [1, 2, 7, 14, 30, 91, 365].map(function (days) { return days * 86400; });
    y.values = function (view, values) { return values.map(kit.amount); };
    var line = function (label, color, more) {
      return Object.assign({ label: label, stroke: kit.token(color), width: 2, points: { show: data.day.length < 16 } }, more);
    };
    return new window.uPlot({
      width: width,
      height: height,
      legend: { show: false },
      tzDate: function (seconds) { return window.uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"); },
      cursor: { y: false, drag: { setScale: false } },
      axes: [x, y],
      series: [
        {},
        line(data.labels.revenue, "--accent-ink"),
        line(data.labels.cost, "--neutral-bar", { width: 1.5, dash: [6, 4] }),
        line(data.labels.profit, "--green-bar"),
      ],
      hooks: { setCursor: hooks },
    }, [at, data.revenue, data.cost, data.profit], box);
  }

  kit.keepDrawn(box, make, function (index) {
    return dayText(at[index]) + ": " + ["revenue", "cost", "profit"].map(function (name) {
      return data.labels[name] + " " + kit.amount(data[name][index]) + " " + data.currency;
    }).join(" · ");
  });
})();
