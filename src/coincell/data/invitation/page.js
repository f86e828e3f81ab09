"use strict";
// What a contributor records, as a ZIP for `coincell data import`. No network, no library.

const text = (string) => new TextEncoder().encode(string);

// CRC-32 of ISO 3309, as ZIP wants it; bytes: Uint8Array.
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});
function crc32(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = CRC_TABLE[(value ^ byte) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

// Little-endian fields: [value, bytes] pairs -> Uint8Array.
function fields(...pairs) {
  const size = pairs.reduce((sum, [, bytes]) => sum + bytes, 0);
  const out = new Uint8Array(size);
  let at = 0;
  for (const [value, bytes] of pairs)
    for (let i = 0; i < bytes; i++) out[at++] = Math.floor(value / 2 ** (8 * i)) & 255;
  return out;
}

// Files [{name, bytes}] -> the bytes of a ZIP that stores them (PKWARE APPNOTE 4.3), dated 1980.
function zip(files) {
  const parts = [];
  const directory = [];
  let at = 0;
  for (const { name, bytes } of files) {
    const title = text(name);
    const common = [[20, 2], [0x0800, 2], [0, 2], [0, 2], [33, 2], [crc32(bytes), 4],
      [bytes.length, 4], [bytes.length, 4], [title.length, 2], [0, 2]];
    const head = fields([0x04034b50, 4], ...common);
    directory.push(fields([0x02014b50, 4], [20, 2], ...common, [0, 2], [0, 2], [0, 2], [0, 4],
      [at, 4]), title);
    parts.push(head, title, bytes);
    at += head.length + title.length + bytes.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = fields([0x06054b50, 4], [0, 2], [0, 2], [files.length, 2], [files.length, 2],
    [size, 4], [at, 4], [0, 2]);
  return joined([...parts, ...directory, end]);
}

function joined(parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) { out.set(part, at); at += part.length; }
  return out;
}

// Float32Array in [-1, 1] -> a 16-bit mono WAV.
function wav(samples, rate) {
  const data = new Uint8Array(2 * samples.length);
  const view = new DataView(data.buffer);
  samples.forEach((value, i) =>
    view.setInt16(2 * i, Math.max(-32768, Math.min(32767, Math.round(value * 32768))), true));
  return joined([text("RIFF"), fields([36 + data.length, 4]), text("WAVEfmt "),
    fields([16, 4], [1, 2], [1, 2], [rate, 4], [2 * rate, 4], [2, 2], [16, 2]), text("data"),
    fields([data.length, 4]), data]);
}

function csvCell(value) {
  const plain = String(value).replace(/[\u0000-\u001f\u007f]/g, " ").slice(0, 200);
  return /[",]/.test(plain) ? '"' + plain.replaceAll('"', '""') + '"' : plain;
}

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const state = { id: newId(), agreedAt: "", groups: {}, clips: [] };

// The contribution: labels.csv, consent.json, and a file a clip.
function contribution() {
  const columns = Object.keys(state.groups).filter((name) => state.groups[name]);
  const lines = [["file", "label", "speaker", "consent", ...columns].join(",")];
  for (const clip of state.clips)
    lines.push([clip.file, clip.label, state.id, state.id, ...columns.map((name) =>
      state.groups[name])].map(csvCell).join(","));
  const consent = { format: 1, id: state.id, project: SETTINGS.project, text: SETTINGS.consent,
    agreed: true, agreed_at: state.agreedAt, groups: state.groups, clips: state.clips.length };
  return zip([{ name: "labels.csv", bytes: text(lines.join("\n") + "\n") },
    { name: "consent.json", bytes: text(JSON.stringify(consent, null, 2) + "\n") },
    ...state.clips.map((clip) => ({ name: clip.file, bytes: clip.bytes }))]);
}

function keep(label, bytes) {
  const suffix = SETTINGS.sense === "picture" ? "png" : "wav";
  const number = String(state.clips.length + 1).padStart(3, "0");
  state.clips.push({ label, bytes, file: `clips/${number}.${suffix}` });
}

// What is asked for, in turns: every label `times` times.
const asked = () => SETTINGS.labels[state.clips.length % SETTINGS.labels.length];
const wanted = () => SETTINGS.labels.length * SETTINGS.times;

const at = (id) => document.getElementById(id);
let stream = null;

async function open() {
  const picture = SETTINGS.sense === "picture";
  stream = await navigator.mediaDevices.getUserMedia(picture
    ? { video: { facingMode: "environment" } }
    : { audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } });
  if (picture) { at("camera").srcObject = stream; at("camera").hidden = false; }
}

// A take of SETTINGS.seconds from the microphone, at the project's rate: Float32Array.
async function sound() {
  const recorder = new MediaRecorder(stream);
  const parts = [];
  recorder.ondataavailable = (event) => parts.push(event.data);
  const stopped = new Promise((resolve) => { recorder.onstop = resolve; });
  recorder.start();
  await new Promise((resolve) => setTimeout(resolve, 1000 * SETTINGS.seconds + 200));
  recorder.stop();
  await stopped;
  const coded = await new Blob(parts, { type: recorder.mimeType }).arrayBuffer();
  const length = Math.round(SETTINGS.seconds * SETTINGS.rate);
  const context = new OfflineAudioContext(1, length, SETTINGS.rate); // resamples, mixes to mono
  const source = context.createBufferSource();
  source.buffer = await context.decodeAudioData(coded);
  source.connect(context.destination);
  source.start();
  return (await context.startRendering()).getChannelData(0);
}

async function picture() {
  const video = at("camera");
  const canvas = document.createElement("canvas");
  const part = Math.min(1, 640 / Math.max(video.videoWidth, video.videoHeight));
  canvas.width = Math.round(video.videoWidth * part);
  canvas.height = Math.round(video.videoHeight * part);
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  return new Uint8Array(await blob.arrayBuffer());
}

function show() {
  const done = state.clips.length >= wanted();
  at("place").textContent = `${state.clips.length} of ${wanted()}`;
  at("word").textContent = done ? "Thank you!" : asked();
  at("record").disabled = done;
  at("undo").disabled = at("save").disabled = state.clips.length === 0;
}

async function record() {
  const label = asked();
  at("record").disabled = at("undo").disabled = at("save").disabled = true;
  try {
    at("told").textContent = SETTINGS.sense === "picture" ? "" : "Speak now";
    const bytes = SETTINGS.sense === "picture" ? await picture() : wav(await sound(), SETTINGS.rate);
    keep(label, bytes);
    at("told").textContent = "Kept.";
  } catch (failure) {
    at("told").textContent = `That did not work: ${failure.message}`;
  }
  show();
}

function save() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([contribution()], { type: "application/zip" }));
  link.download = `${SETTINGS.file}-${state.id}.zip`;
  link.click();
  at("saved").textContent = `Saved as ${link.download}. Hand this file to whoever invited you. ` +
    `To withdraw later, tell them: ${state.id}`;
}

function agree() {
  state.agreedAt = new Date().toISOString();
  for (const name of SETTINGS.groups) state.groups[name] = at(`group-${name}`).value.trim();
}

function start() {
  at("consent-text").textContent = SETTINGS.consent;
  for (const name of SETTINGS.groups) {
    const field = document.createElement("label");
    const input = document.createElement("input");
    field.className = "field";
    field.textContent = `${name} (if you like): `;
    input.id = `group-${name}`;
    input.maxLength = 100;
    field.append(input);
    at("groups").append(field);
  }
  at("agree").onchange = () => { at("begin").disabled = !at("agree").checked; };
  at("begin").onclick = async () => {
    agree();
    try {
      await open();
    } catch (failure) {
      at("saved").textContent = `The browser gives no access: ${failure.message}`;
      return;
    }
    at("consent").hidden = true;
    at("recording").hidden = false;
    show();
  };
  at("record").onclick = record;
  at("undo").onclick = () => { state.clips.pop(); show(); };
  at("save").onclick = save;
}
start();
