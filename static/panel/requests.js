/* htmx: what a person sees when a request fails, and where one goes whose session has ended. */
(function () {
  "use strict";
  var KNOWN = [0, 403, 404, 429];

  function messageFor(status, requestId) {
    if (KNOWN.includes(status)) return window.panel.text("status-" + status);
    if (status < 500) return window.panel.text("status-other", { status: status });
    return requestId ? window.panel.text("status-500-reference", { reference: requestId }) : window.panel.text("status-500");
  }

  /* Reads are asked for again as they were. A form is sent again as a form, so its own safeguards hold. */
  function again(source, config) {
    if (config.verb === "get") {
      window.htmx.ajax("GET", config.path, { source: source, target: config.target, values: config.parameters });
      return;
    }
    var form = source.closest("form");
    if (form) form.requestSubmit();
    else source.click();
  }

  function fail(event, status) {
    var source = event.detail.elt;
    var config = event.detail.requestConfig;
    var xhr = event.detail.xhr;
    var news = { tone: "red", key: "request", text: messageFor(status, xhr && status ? xhr.getResponseHeader("X-Request-Id") : "") };
    if (status === 403 || status === 404) {
      news.action = window.panel.text("refresh");
      news.run = function () { window.location.reload(); };
    } else if (config && source.isConnected) {
      news.action = window.panel.text("try-again");
      news.run = function () { again(source, config); };
    }
    window.panel.toast(news);
  }

  document.addEventListener("htmx:sendError", function (event) { fail(event, 0); });
  document.addEventListener("htmx:timeout", function (event) { fail(event, 0); });
  document.addEventListener("htmx:responseError", function (event) { fail(event, event.detail.xhr.status); });
  document.addEventListener("htmx:afterOnLoad", function (event) {
    if (event.detail.xhr.status < 400) window.panel.untoast("request");
  });

  document.addEventListener("htmx:beforeSwap", function (event) {
    var login = document.body.getAttribute("data-login");
    var came = event.detail.xhr.responseURL && new URL(event.detail.xhr.responseURL).pathname;
    if (!login || came !== login || window.location.pathname === login) return;
    event.detail.shouldSwap = false;
    window.location.assign(login + "?next=" + encodeURIComponent(window.location.pathname + window.location.search));
  });
})();
