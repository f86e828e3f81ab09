// What every page of the studio shares: messages that can be dismissed, and one sound at a time.
// Problems stand on <html> as data-problems, so that a test can read them.
"use strict";
(() => {
  const root = document.documentElement;
  const tell = (words) => {
    root.dataset.problems = [root.dataset.problems, words].filter(Boolean).join("\n");
  };
  window.addEventListener("error", (event) => tell(event.message));
  window.addEventListener("unhandledrejection", (event) => tell(String(event.reason)));
  document.addEventListener("securitypolicyviolation", (event) => {
    tell(`${event.violatedDirective} ${event.blockedURI}`);
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-dismiss]")) {
      document.getElementById("notice").replaceChildren();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") document.getElementById("notice").replaceChildren();
  });
  document.addEventListener("play", (event) => {
    for (const sound of document.querySelectorAll("audio")) {
      if (sound !== event.target) sound.pause();
    }
  }, true);
  // What was refused is told until the same part of the page has its answer.
  let refused = null;
  document.addEventListener("htmx:afterRequest", (event) => {
    if (!event.detail.successful || event.detail.elt !== refused) return;
    document.getElementById("notice").replaceChildren();
    refused = null;
  });
  // A field that was refused shows again what is true, not what was wished.
  document.addEventListener("htmx:responseError", (event) => {
    refused = event.detail.elt;
    const form = event.detail.elt.closest("form");
    if (form && form.querySelector("[name=expected]")) form.reset();
  });
  document.addEventListener("htmx:sendError", () => {
    const told = document.createElement("p");
    told.className = "told";
    told.textContent = "The studio does not answer. Is `coincell studio` still running?";
    document.getElementById("notice").replaceChildren(told);
  });
})();
// A page that waits for long work is loaded again once that is over.
document.addEventListener("DOMContentLoaded", () => {
  for (const name of ["model-ended", "run-ended", "fleet-ended"]) {
    document.body.addEventListener(name, () => {
      if (document.querySelector("[data-opening], #stale")) window.location.reload();
    });
  }
});
