// Every sample as a point on a canvas: axes, colour, bins; by mouse, by keys, and as a table.
// What was drawn stands on the canvas as data-points, data-milliseconds, data-chosen.
"use strict";
const scatter = (() => {
  const COLOURS = ["blue", "orange", "green", "purple", "sky", "red", "yellow", "grey"];
  const BUCKETS = 4;
  const MOST_BINS = 12;
  const GAP = 10, LEFT = 52, TOP = 22, BOTTOM = 36;
  const canvas = document.getElementById("scatter");
  const view = { columns: new Map(), rows: [], files: [], at: null, places: [], chosen: -1 };
  let listener = () => {};

  const variable = (name) => getComputedStyle(document.documentElement).getPropertyValue(name);
  const hash = (n) => { const x = Math.sin(n * 12.9898) * 43758.5453; return x - Math.floor(x); };

  const load = async (split) => {
    const answer = await fetch(`${canvas.dataset.source}?split=${encodeURIComponent(split)}`);
    const told = await answer.json();
    view.rows = told.rows;
    view.files = told.files;
    view.columns = new Map(told.columns.map((column) => [column.name, column]));
    view.chosen = -1;
    for (const select of document.querySelectorAll("[data-axis]")) fill(select);
    draw();
  };

  const fill = (select) => {
    const kind = select.dataset.axis;
    const before = select.value;
    const options = kind === "x" || kind === "y" ? [] : [new Option("none", "")];
    for (const column of view.columns.values()) {
      options.push(new Option(column.title, column.name));
    }
    if (kind === "x" || kind === "y") options.push(new Option("count, piled up", "count"));
    select.replaceChildren(...options);
    const usual = {
      x: first("int8.") || first("scored.") || "truth",
      y: ["gap", "level"].find((name) => view.columns.has(name)) || "count",
      colour: view.columns.has("outcome") ? "outcome" : "truth", bins_x: "", bins_y: "",
    };
    select.value = before && [...select.options].some((o) => o.value === before)
      ? before : usual[kind];
  };
  const first = (begin) => [...view.columns.keys()].find((name) => name.startsWith(begin)) || "";

  const add = (column) => {
    view.columns.set(column.name, column);
    for (const select of document.querySelectorAll("[data-axis]")) fill(select);
  };

  const set = (axes) => {
    for (const [axis, value] of Object.entries(axes)) {
      const select = document.getElementById(`axis-${axis}`);
      if ([...select.options].some((option) => option.value === value)) select.value = value;
    }
    draw();
  };

  const range = (column) => {
    let low = Infinity, high = -Infinity;
    for (const value of column.values) {
      if (value === null) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (column.names) { low = -0.5; high = column.names.length - 0.5; }
    if (!(high > low)) { low = (low === Infinity ? 0 : low) - 0.5; high = low + 1; }
    return [low, high];
  };

  // A column as bins: its categories, or four even stretches of its numbers.
  const binned = (column) => {
    if (!column) return { names: [""], of: () => 0 };
    if (column.names) {
      const names = column.names.slice(0, MOST_BINS);
      return { names, of: (at) => (column.values[at] < names.length ? column.values[at] : -1) };
    }
    const [low, high] = range(column);
    const width = (high - low) / BUCKETS;
    const names = Array.from({ length: BUCKETS }, (_, n) =>
      `${short(low + n * width)} to ${short(low + (n + 1) * width)}`);
    const of = (at) => column.values[at] === null ? -1
      : Math.min(BUCKETS - 1, Math.floor((column.values[at] - low) / width));
    return { names, of };
  };
  const short = (value) => String(Number(value.toPrecision(3)));

  const colouring = (column) => {
    if (!column) return { names: [], of: () => 0, colours: [variable("--chart-blue")] };
    if (column.names) {
      const colours = column.names.map((_, n) => variable(`--chart-${COLOURS[n % 8]}`));
      const special = { right: "green", wrong: "orange", none: "grey" };
      column.names.forEach((name, n) => {
        if (Object.hasOwn(special, name)) colours[n] = variable(`--chart-${special[name]}`);
      });
      return { names: column.names, of: (at) => column.values[at], colours };
    }
    const steps = ["#443983", "#31688e", "#21918c", "#35b779", "#a5c837"];
    const [low, high] = range(column);
    const names = steps.map((_, n) => `from ${short(low + n * (high - low) / steps.length)}`);
    const of = (at) => column.values[at] === null ? 0
      : Math.min(steps.length - 1, Math.floor((column.values[at] - low) / (high - low) * 5));
    return { names, of, colours: steps };
  };

  const chosen = (axis) => document.getElementById(`axis-${axis}`).value;

  const draw = () => {
    const began = performance.now();
    const scale = window.devicePixelRatio || 1;
    const box = canvas.getBoundingClientRect();
    canvas.width = Math.round(box.width * scale);
    canvas.height = Math.round(box.height * scale);
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    pen.clearRect(0, 0, box.width, box.height);
    const axis = (name) => view.columns.get(chosen(name));
    const across = binned(axis("bins_x")), down = binned(axis("bins_y"));
    const paint = colouring(axis("colour"));
    const wide = (box.width - LEFT - GAP * across.names.length) / across.names.length;
    const high = (box.height - BOTTOM - (TOP + GAP) * down.names.length) / down.names.length;
    const panel = (column, row) => [LEFT + column * (wide + GAP), TOP + row * (high + GAP + TOP)];
    frames(pen, across, down, panel, wide, high);
    const place = placing(wide, high, across, down);
    view.places = [];
    const piles = paint.colours.map(() => []);
    for (let at = 0; at < view.rows.length; at += 1) {
      const column = across.of(at), row = down.of(at), inside = place(at, column, row);
      if (column < 0 || row < 0 || inside === null) continue;
      const [left, top] = panel(column, row);
      const x = left + inside[0], y = top + high - inside[1];
      view.places.push([x, y, at]);
      piles[paint.of(at)].push(x, y);
    }
    const size = view.places.length > 3000 ? 3 : 5;
    pen.globalAlpha = view.places.length > 1000 ? 0.6 : 0.85;
    piles.forEach((pile, number) => {
      pen.fillStyle = paint.colours[number];
      for (let at = 0; at < pile.length; at += 2) {
        pen.fillRect(pile[at] - size / 2, pile[at + 1] - size / 2, size, size);
      }
    });
    pen.globalAlpha = 1;
    mark(pen);
    canvas.dataset.points = String(view.places.length);
    canvas.dataset.milliseconds = (performance.now() - began).toFixed(1);
    words(paint, across, down);
  };

  const frames = (pen, across, down, panel, wide, high) => {
    pen.font = "11px system-ui, sans-serif";
    pen.strokeStyle = variable("--line");
    pen.fillStyle = variable("--ink-soft");
    down.names.forEach((below, row) => across.names.forEach((beside, column) => {
      const [left, top] = panel(column, row);
      pen.strokeRect(left, top, wide, high);
      const first = row === 0 && column === 0 ? `${titled("y")} upwards` : "";
      const name = [beside, below].filter(Boolean).join(" · ") || first;
      if (name) pen.fillText(name, left + 4, top - 6, wide - 8);
    }));
    const [left, top] = panel(0, down.names.length - 1);
    ticks(pen, chosen("x"), (share, word, last) => {
      pen.textAlign = last ? "right" : share === 0 ? "left" : "center";
      pen.fillText(word, left + share * wide, top + high + 14, wide);
    });
    ticks(pen, chosen("y"), (share, word) => {
      pen.textAlign = "right";
      pen.fillText(word, left - 6, top + high * (1 - share) + 4, LEFT - 8);
    });
    pen.textAlign = "center";
    pen.fillText(titled("x"), left + wide / 2, top + high + 30, wide);
    pen.textAlign = "left";
  };

  const titled = (axis) => (view.columns.get(chosen(axis)) || { title: "count" }).title;

  const ticks = (pen, name, tell) => {
    const column = view.columns.get(name);
    if (!column) return;
    const [low, high] = range(column);
    if (column.names) {
      column.names.slice(0, 24).forEach((word, n) => tell((n - low) / (high - low), word, false));
      return;
    }
    for (let n = 0; n <= 2; n += 1) {
      tell(n / 2, short(low + n / 2 * (high - low)), n === 2);
    }
  };

  // Where in its panel a point stands; categories are spread out, and "count" piles points up.
  const placing = (wide, high, across, down) => {
    const x = view.columns.get(chosen("x")), y = view.columns.get(chosen("y"));
    const one = (column, length, salt) => {
      const [low, top] = range(column);
      return (at) => {
        const value = column.values[at];
        if (value === null) return null;
        const spread = column.names ? (hash(at + salt) - 0.5) * 0.7 : 0;
        return 3 + (value + spread - low) / (top - low) * (length - 6);
      };
    };
    if (x && y) {
      const right = one(x, wide, 1), up = one(y, high, 7);
      return (at) => {
        const pair = [right(at), up(at)];
        return pair[0] === null || pair[1] === null ? null : pair;
      };
    }
    return piling(x || y, x ? wide : high, x ? high : wide, Boolean(x), across, down);
  };

  const piling = (column, along, room, upwards, across, down) => {
    if (!column) return (at) => [hash(at) * room, hash(at + 0.5) * along];  // room is the width
    const [low, top] = range(column);
    const slots = column.names ? column.names.length : 40;
    const slot = (at) => Math.min(slots - 1,
      Math.floor((column.values[at] - low) / (top - low) * slots));
    const most = new Map();
    const number = view.rows.map((_, at) => {
      if (column.values[at] === null) return 0;
      const key = `${across.of(at)} ${down.of(at)} ${slot(at)}`;
      most.set(key, (most.get(key) || 0) + 1);
      return most.get(key);
    });
    const highest = Math.max(1, ...most.values());
    return (at) => {
      if (column.values[at] === null) return null;
      const pair = [
        (slot(at) + 0.5) / slots * along,
        Math.min(room - 4, number[at] / highest * (room - 8)),
      ];
      return upwards ? pair : pair.reverse();
    };
  };

  const mark = (pen) => {
    const found = view.places.find(([, , at]) => view.rows[at] === view.chosen);
    canvas.dataset.chosen = String(view.chosen);
    if (!found) return;
    pen.strokeStyle = variable("--ink");
    pen.lineWidth = 2;
    pen.beginPath();
    pen.arc(found[0], found[1], 8, 0, 2 * Math.PI);
    pen.stroke();
    pen.lineWidth = 1;
  };

  const words = (paint, across, down) => {
    const legend = document.getElementById("legend");
    legend.replaceChildren(...paint.names.map((name, number) => {
      const item = document.createElement("li");
      const spot = document.createElement("i");
      spot.style.background = paint.colours[number];
      item.append(spot, name);
      return item;
    }));
    const absent = view.rows.length - view.places.length;
    const without = absent ? ` ${absent} are not shown: they have no such value, or are beyond ` +
      `the first ${MOST_BINS} bins.` : "";
    document.getElementById("absent-points").textContent = without;
    canvas.setAttribute("aria-label", `${view.places.length} samples as points: ` +
      `${titled("x")} across, ${titled("y")} upwards.${without}`);
    table(paint, across, down);
  };

  // Counts: a line a colour, a column a pair of bins.
  const table = (paint, across, down) => {
    const names = paint.names.length ? paint.names : ["samples"];
    const pairs = down.names.flatMap((below) => across.names.map((beside) => [beside, below]));
    const counts = names.map(() => pairs.map(() => 0));
    for (const [, , at] of view.places) {
      counts[paint.of(at)][down.of(at) * across.names.length + across.of(at)] += 1;
    }
    const row = (cells, kind) => {
      const line = document.createElement("tr");
      line.append(...cells.map((word, number) => {
        const cell = document.createElement(kind === "th" || number === 0 ? "th" : "td");
        cell.scope = kind === "th" ? "col" : "row";
        cell.textContent = String(word);
        return cell;
      }));
      return line;
    };
    const made = document.createElement("table");
    const shown = pairs.map((pair) => pair.filter(Boolean).join(" · ") || "samples");
    made.createTHead().append(row(["", ...shown], "th"));
    made.createTBody().append(...names.map((name, number) => row([name, ...counts[number]], "td")));
    document.getElementById("counts").replaceChildren(made);
  };

  const near = (x, y) => {
    let best = null, far = 24 * 24;
    for (const place of view.places) {
      const apart = (place[0] - x) ** 2 + (place[1] - y) ** 2;
      if (apart < far) { far = apart; best = place; }
    }
    return best;
  };

  const tell = (at) => {
    const parts = ["truth", "decision", chosen("x"), chosen("y")].map((name) => {
      const column = view.columns.get(name);
      if (!column) return "";
      const value = column.values[at];
      return `${column.title} ${column.names ? column.names[value] : value}`;
    });
    document.getElementById("told-point").textContent =
      [view.files[at], ...new Set(parts.filter(Boolean))].join(", ");
  };

  const choose = (row, quietly) => {
    view.chosen = row;
    draw();
    const at = view.rows.indexOf(row);
    if (at >= 0) tell(at);
    if (!quietly) listener(row);
  };

  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const step = ([dx, dy]) => {
    const from = view.places.find(([, , at]) => view.rows[at] === view.chosen) || view.places[0];
    if (!from) return;
    let best = null, least = Infinity;
    for (const place of view.places) {
      const along = (place[0] - from[0]) * dx + (place[1] - from[1]) * dy;
      const beside = Math.abs((place[0] - from[0]) * dy) + Math.abs((place[1] - from[1]) * dx);
      const cost = along + 3 * beside;
      if (along > 0.01 && cost < least) { least = cost; best = place; }
    }
    if (best) choose(view.rows[best[2]], true);
  };

  if (canvas) {
    canvas.addEventListener("click", (event) => {
      const box = canvas.getBoundingClientRect();
      const found = near(event.clientX - box.left, event.clientY - box.top);
      if (found) choose(view.rows[found[2]]);
    });
    canvas.addEventListener("pointermove", (event) => {
      const box = canvas.getBoundingClientRect();
      const found = near(event.clientX - box.left, event.clientY - box.top);
      if (found) tell(found[2]);
    });
    canvas.addEventListener("keydown", (event) => {
      if (STEPS[event.key]) { event.preventDefault(); step(STEPS[event.key]); }
      if (event.key === "Enter" && view.chosen >= 0) listener(view.chosen);
    });
    window.addEventListener("resize", () => draw());
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw());
  }
  return { load, add, set, draw, choose, first, onChoose: (told) => { listener = told; } };
})();
