// Rows of a table as points, without a model: a chosen one is shown with all that is known of it.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const root = document.documentElement;
  scatter.onChoose(async (row) => {
    const answer = await fetch(`/points/row?row=${row}`, { headers: { "HX-Request": "true" } });
    const place = document.getElementById(answer.ok ? "row" : "notice");
    place.innerHTML = await answer.text();  // a part of our own page, escaped where it was made
  });
  for (const select of document.querySelectorAll("[data-axis]")) {
    select.addEventListener("change", () => {
      document.getElementById("preset").value = "";  // it is no preset any more
      scatter.draw();
    });
  }
  document.getElementById("preset").addEventListener("change", (event) => {
    const presets = {
      confusion: { x: "count", y: "count", bins_x: "decision", bins_y: "truth", colour: "outcome" },
      histogram: { x: scatter.first("scored."), y: "count", bins_x: "", bins_y: "", colour: "truth" },
    };
    if (presets[event.target.value]) scatter.set(presets[event.target.value]);
  });
  scatter.load("").then(() => { root.dataset.drawn = "yes"; });
});
