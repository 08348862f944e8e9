/* htmx: what a person sees when a request fails, and where one goes whose session has ended. */
(function () {
  "use strict";
  var WORDS = {
    0: "The server could not be reached. Check your connection, then try again.",
    403: "This page is out of date or your session has ended. Reload it, then try again.",
    404: "This is no longer there. Reload the page to see what changed.",
    429: "Too many requests. Wait a moment, then try again.",
    500: "Something went wrong on our side. It has been logged.",
  };

  function wordsFor(status, requestId) {
    if (status < 500 && WORDS[status]) return WORDS[status];
    if (status >= 500) return WORDS[500] + (requestId ? " Reference: " + requestId : "");
    return "The server did not accept this (" + status + "). Reload the page, then try again.";
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
    var news = { tone: "red", key: "request", text: wordsFor(status, xhr && status ? xhr.getResponseHeader("X-Request-Id") : "") };
    if (status === 403 || status === 404) {
      news.action = "Reload";
      news.run = function () { window.location.reload(); };
    } else if (config && source.isConnected) {
      news.action = "Try again";
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
