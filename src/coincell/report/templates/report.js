// Draws the charts of a Coincell report. No eval: expressions go through Vega's interpreter.
// The outcome stands on <html> as data-charts, data-problems, so that a test can read it.
"use strict";
(() => {
  const root = document.documentElement;
  const problems = [];
  const tell = (...words) => {
    problems.push(words.map(String).join(" "));
    root.dataset.problems = problems.join("\n");
    return logger;
  };
  const quiet = () => logger;
  const logger = { level: quiet, error: tell, warn: tell, info: quiet, debug: quiet };
  window.addEventListener("error", (event) => tell(event.message));
  document.addEventListener("securitypolicyviolation", (event) => {
    tell(event.violatedDirective, event.blockedURI);
  });

  const tip = document.getElementById("tip");
  const hideTip = () => { tip.hidden = true; };
  const showTip = (lines, x, y) => {
    tip.replaceChildren(...lines.map(([name, text]) => {
      const line = document.createElement("p");
      if (name) {
        const label = document.createElement("b");
        label.textContent = name;
        line.append(label, " ");
      }
      line.append(text);
      return line;
    }));
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(8, Math.min(x + 12, window.innerWidth - box.width - 8))}px`;
    tip.style.top = `${y + 18 + box.height > window.innerHeight ? y - box.height - 8 : y + 18}px`;
  };

  const onChart = (_handler, event, _item, value) => {
    if (value === null || value === undefined || value === "") return hideTip();
    const lines = typeof value === "object" ? Object.entries(value) : [["", String(value)]];
    return showTip(lines.map(([name, text]) => [name, String(text)]), event.clientX, event.clientY);
  };

  for (const term of document.querySelectorAll("a.term")) {
    const show = () => {
      const box = term.getBoundingClientRect();
      showTip([["", term.dataset.meaning]], box.left, box.bottom - 12);
    };
    term.addEventListener("mouseenter", show);
    term.addEventListener("focus", show);
    term.addEventListener("mouseleave", hideTip);
    term.addEventListener("blur", hideTip);
  }
  window.addEventListener("scroll", hideTip, { passive: true });

  const { theme, charts } = JSON.parse(document.getElementById("chart-data").textContent);
  const places = [...document.querySelectorAll("[data-chart]")];
  const draw = async (place) => {
    const spec = vegaLite.compile(charts[place.dataset.chart], { config: theme, logger }).spec;
    const view = new vega.View(vega.parse(spec, null, { ast: true }), {
      expr: expressionInterpreter, renderer: "svg", container: place, hover: false, logger,
    });
    view.tooltip(onChart);
    await view.runAsync();
  };
  Promise.all(places.map((place) => draw(place).catch((error) => tell(place.dataset.chart, error))))
    .then(() => {
      root.dataset.charts = String(document.querySelectorAll("[data-chart] svg").length);
    });
})();
