/* Shared by the staff charts: axes in the theme's colors, amounts, and redrawing when the width or the theme changes. */
(function () {
  "use strict";

  function token(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }

  function amount(value) {
    return value === null || value === undefined ? "" : value.toLocaleString(document.documentElement.lang, { maximumFractionDigits: 4 });
  }

  function axis(size) {
    return { stroke: token("--ink-3"), grid: { stroke: token("--line"), width: 1 }, ticks: { show: false }, size: size, font: "12px Inter, system-ui, sans-serif" };
  }

  /* Draws `make(width, height)`, a uPlot, into the box; `describe(index)` is the text of the point under the pointer. */
  function keepDrawn(box, make, describe) {
    var caption = document.createElement("p");
    caption.className = "chart-word";
    var chart = null, width = 0;

    function draw() {
      if (chart) chart.destroy();
      width = box.clientWidth;
      chart = make(width, Math.max(192, Math.min(288, width * 0.4)), [function (view) {
        var index = view.cursor.idx;
        caption.textContent = index === null || index === undefined ? "" : describe(index);
      }]);
      box.appendChild(caption);
    }

    draw();
    new ResizeObserver(function () { if (Math.abs(box.clientWidth - width) >= 2) draw(); }).observe(box);
    new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
  }

  window.staffChart = { token: token, amount: amount, axis: axis, keepDrawn: keepDrawn };
})();
