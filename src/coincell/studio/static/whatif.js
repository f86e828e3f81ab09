// One sample under edits: each change is asked about at once, and only the last answer counts.
// What an edit took stands on <html> as data-took (browser) and data-model (the server).
"use strict";
(() => {
  const root = document.documentElement;
  const place = document.getElementById("sample");
  const split = document.getElementById("split");
  const sample = () => place.querySelector(".sample");
  const number = (value) => Number(value.toPrecision(3)).toString();
  const digits = (value) => (Math.abs(value) < 10 ? value.toFixed(3) : value.toPrecision(4));
  let asking = false, wanted = false, first = null;

  const edits = () => {
    const told = {};
    for (const field of sample().querySelectorAll("[data-edit]")) {
      const value = Number(field.value);
      if (value !== Number(field.dataset.neutral)) told[field.dataset.edit] = value;
    }
    return told;
  };
  const query = (more) => new URLSearchParams({
    source: sample().dataset.source, edits: JSON.stringify(edits()), split: split.value, ...more,
  }).toString();

  const outputs = () => {
    for (const field of sample().querySelectorAll("input[data-edit]")) {
      const output = field.parentElement.querySelector("output");
      output.textContent = `${number(Number(field.value))} ${output.dataset.unit}`;
      field.setAttribute("aria-valuetext", output.textContent);
    }
  };

  const show = (told) => {
    const table = document.getElementById("scores");
    told.names.forEach((name, at) => {
      const row = [...table.tBodies[0].rows].find((one) => one.dataset.name === name);
      const meter = row.querySelector("meter");
      if (meter) meter.value = told.int8[at];
      row.querySelector(".int8 span").textContent = digits(told.int8[at]);
      row.querySelector(".before").textContent = digits(first.int8[at]);
      row.querySelector(".float").textContent = told.float ? digits(told.float[at]) : "";
    });
    const decision = document.getElementById("decision");
    if (decision) {
      decision.textContent = told.decision;
      decision.classList.toggle("changed", told.decision !== first.decision);
      decision.nextElementSibling.textContent = first.decision;
      document.getElementById("float-decision").textContent = told.float ? told.float_decision : "";
    }
    document.getElementById("features").src = told.features;
    const words = {
      loading: "The float model is still loading.", failed: "The float model could not be loaded.",
      ready: "", none: "There is no float model to compare with.",
    };
    document.getElementById("float-state").textContent = words[told.float_state];
    document.getElementById("took").textContent =
      `Answered in ${told.milliseconds.toFixed(1)} ms.`;
    root.dataset.model = String(told.milliseconds);
    if (told.float_state === "loading") setTimeout(ask, 700);
  };

  const sounds = () => {
    const sound = document.getElementById("edited-sound");
    if (sound) sound.src = `/whatif/sound?${query({})}`;
  };

  const post = (told) => fetch("/whatif/ask", {
    method: "POST", body: JSON.stringify(told),
    headers: { "Content-Type": "application/json", "Accept": "application/json" },
  });

  const ask = async () => {
    if (asking) { wanted = true; return; }
    asking = true;
    const began = performance.now();
    const source = sample().dataset.source;
    try {
      const answer = await post({ source, edits: edits() });
      const told = await answer.json();
      if (!answer.ok) notice(`${told.error} ${told.hint || ""}`);
      else if (source === sample().dataset.source) show(told);
      root.dataset.took = (performance.now() - began).toFixed(1);
    } catch (error) {
      notice("The studio does not answer. Is `coincell studio` still running?");
    } finally {
      asking = false;
      if (wanted) { wanted = false; ask(); }
    }
  };

  const notice = (words) => {
    const told = document.createElement("p");
    told.className = "told";
    told.textContent = words;
    document.getElementById("notice").replaceChildren(told);
  };

  // Of several questions for one part of the page the answer to the last counts.
  const turns = new Map();
  const part = async (address, into, options) => {
    const turn = (turns.get(into) || 0) + 1;
    turns.set(into, turn);
    into.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, { headers: { "HX-Request": "true" }, ...options });
      const text = await answer.text();
      if (turns.get(into) !== turn) return false;
      const target = answer.ok ? into : document.getElementById("notice");
      target.innerHTML = text;  // a part of our own page, escaped where it was made
      return answer.ok;
    } catch (error) {
      notice("The studio does not answer. Is `coincell studio` still running?");
      return false;
    } finally {
      if (turns.get(into) === turn) into.removeAttribute("aria-busy");
    }
  };

  const begin = () => {
    first = JSON.parse(sample().dataset.first);
    outputs();
    show(first);
  };
  const open = async (source) => {
    if (await part(`/whatif/sample?source=${encodeURIComponent(source)}`, place)) {
      begin();
      if (/^\d+$/.test(source)) scatter.choose(Number(source), true);
    }
  };

  place.addEventListener("input", (event) => {
    const field = event.target.closest("[data-edit]");
    if (!field) return;
    if (field.dataset.step && event.isTrusted) snap(field);
    outputs();
    ask();
  });
  place.addEventListener("change", (event) => {
    if (event.target.closest("[data-edit]")) sounds();
    if (event.target.id === "bring" && event.target.files.length) bring(event.target.files[0]);
  });
  place.addEventListener("reset", () => setTimeout(() => { outputs(); ask(); sounds(); }, 0));
  place.addEventListener("keydown", (event) => {
    const field = event.target.closest("input[data-step]");
    const way = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1,
      PageUp: 10, PageDown: -10 }[event.key];
    if (!field || !way) return;
    event.preventDefault();
    field.value = String(Number(field.value) + way * Number(field.dataset.step));
    snap(field);
    outputs();
    ask();
    sounds();
  });

  // To a whole step, unless that goes past what changes nothing or past an end.
  const snap = (field) => {
    const step = Number(field.dataset.step), neutral = Number(field.dataset.neutral);
    const value = neutral + Math.round((Number(field.value) - neutral) / step) * step;
    field.value = String(Math.min(Number(field.max), Math.max(Number(field.min),
      Number(value.toFixed(6)))));
  };

  const bring = async (file) => {
    const most = Number(document.getElementById("bring").dataset.most);
    if (file.size > most) {
      notice(`A recording to try has at most ${most >> 20} MiB; this one has ${file.size} bytes.`);
      return;
    }
    const address = `/whatif/recording?name=${encodeURIComponent(file.name)}`;
    if (await part(address, place, { method: "POST", body: file })) begin();
  };

  place.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.dependence) {
      const more = query({ edit: button.dataset.dependence });
      await part(`/whatif/dependence?${more}`, document.getElementById("dependence"));
    } else if (button.id === "neighbours-show") {
      await part(`/whatif/neighbours?${query({})}`, document.getElementById("neighbours"));
    } else if (button.dataset.similarity) {
      const more = query({ norm: button.dataset.similarity });
      const column = await (await fetch(`/whatif/similarity?${more}`)).json();
      scatter.add(column);
      scatter.set({ colour: column.name, x: column.name });
    } else if (button.dataset.choose) {
      await open(button.dataset.choose);
    } else if (button.id === "attribute") {
      const figure = document.getElementById("attribution");
      figure.querySelector("img").src = `/whatif/attribution?${query({})}`;
      figure.hidden = false;
    }
  });

  split.addEventListener("change", () => {
    window.location.assign(`/whatif?split=${encodeURIComponent(split.value)}`);
  });
  for (const select of document.querySelectorAll("[data-axis]")) {
    select.addEventListener("change", () => {
      document.getElementById("preset").value = "";  // it is no preset any more
      scatter.draw();
    });
  }
  document.getElementById("preset").addEventListener("change", (event) => {
    const score = scatter.first("int8."), before = scatter.first("float.");
    const presets = {
      confusion: { x: "count", y: "count", bins_x: "decision", bins_y: "truth", colour: "outcome" },
      histogram: { x: score, y: "count", bins_x: "", bins_y: "", colour: "truth" },
      agreement: { x: before, y: score, bins_x: "", bins_y: "", colour: "truth" },
    };
    if (event.target.value) scatter.set(presets[event.target.value]);
  });
  scatter.onChoose((row) => open(String(row)));
  begin();
  scatter.load(split.value).then(() => {
    const source = sample().dataset.source;
    if (/^\d+$/.test(source)) scatter.choose(Number(source), true);
    root.dataset.drawn = "yes";
  });
})();
