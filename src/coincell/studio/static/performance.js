// The slider and the number of the threshold are one; the address follows what is asked.
// How long the last answer took stands on <html> as data-took.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const form = document.getElementById("wish");
  const slide = document.getElementById("slide");
  const number = document.getElementById("threshold");
  const root = document.documentElement;
  const changed = (kind) => form.dispatchEvent(new Event(kind, { bubbles: true }));
  const told = (value) => String(Number(value.toPrecision(4)));

  if (slide) {
    // whole hundredths of its range, unless an end is nearer
    const snapped = () => {
      const step = Number(slide.dataset.step), low = Number(slide.min), high = Number(slide.max);
      const value = low + Math.round((Number(slide.value) - low) / step) * step;
      return Math.min(high, Math.max(low, Number(value.toPrecision(6))));
    };
    slide.addEventListener("input", () => { number.value = told(snapped()); follow(); });
    slide.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1,
        PageUp: 10, PageDown: -10 }[event.key];
      if (!way) return;
      event.preventDefault();
      slide.value = String(Number(slide.value) + way * Number(slide.dataset.step));
      number.value = told(snapped());
      follow();
      changed("change");
    });
    number.addEventListener("input", () => {
      if (number.value !== "") slide.value = number.value;
      follow();
    });
    document.getElementById("decided").addEventListener("click", () => {
      number.value = "";
      changed("change");
    });
  }

  // what would be written is what is looked at
  const follow = () => {
    const setting = document.getElementById("setting-value");
    if (setting && number.value !== "") setting.value = number.value;
  };

  form.addEventListener("submit", (event) => { event.preventDefault(); changed("change"); });
  form.addEventListener("change", () => {
    const asked = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
    window.history.replaceState(null, "", `/performance?${asked}`);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-take]");
    const setting = document.getElementById("setting-value");
    if (!button || !setting) return;
    setting.value = button.dataset.take;
    setting.focus();
  });

  let began = 0;
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target.id === "figures") began = performance.now();
  });
  document.body.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "figures") root.dataset.took = (performance.now() - began).toFixed(1);
  });
});
