/* The page: what is pressed, dropped and chosen goes to the worker; what it heard is shown. */

import { Heat, Wave } from "./view.mjs";
import { explained, listen } from "./microphone.mjs";
import { readSound } from "./sound.mjs";

const LOG_LENGTH = 200;
const QUIET = -45; // dB, of the loudest sample
const QUIET_SECONDS = 4;

const the = (id) => document.getElementById(id);
const count = new Intl.NumberFormat("en");
const percent = (share) => `${(100 * share).toFixed(share > 0.1 ? 0 : 1)} %`;

const worker = new Worker("worker.mjs", { type: "module" });
const wave = new Wave(the("wave"));
const features = new Heat(the("features"), "loud");
const hidden = new Heat(the("hidden"), "signed");

let facts = null; // models.json
let model = null; // one of its models
let ready = null; // what the worker said of the module
let open = null; // the microphone, while it is heard
let quiet = 0; // seconds of almost nothing
let shown = []; // shares, as the bars have them
let told = { words: 0, seconds: 0 }; // by the microphone

function say(message) {
  the("message").textContent = message;
  the("message").hidden = message === "";
}

/** Text that is there already is not put again: it would be laid out again. */
function put(id, text) {
  if (the(id).textContent !== text) the(id).textContent = text;
}

function element(name, text = "", classes = "") {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = classes;
  return made;
}

// The network.

async function choose(name) {
  stop();
  model = facts.models.find((one) => one.name === name);
  ready = null;
  enable(false);
  const bytes = await (await fetch(model.module)).arrayBuffer();
  worker.postMessage({ type: "open", bytes, name }, [bytes]);
}

function enable(whether) {
  for (const control of [the("microphone"), the("file"), the("model"), ...the("examples").children]) control.disabled = !whether;
  the("threshold").disabled = !whether;
}

function opened(message) {
  ready = message;
  const list = the("bars");
  list.replaceChildren();
  for (const label of [...ready.labels, ...(ready.shown > ready.labels.length ? ["(no word)"] : [])]) {
    const row = element("li");
    row.append(element("span", label, "name"), element("span", "", "bar"));
    list.append(row);
  }
  features.rows(ready.features);
  hidden.rows(ready.units);
  wave.clear();
  shown = [];
  the("features-caption").textContent = `What the network hears: ${ready.features} ${model.features}, 50 times a second`;
  the("hidden-caption").textContent = `Its hidden state: ${ready.units} units${model.listens ? "" : ", as each word left them"}`;
  the("network-bytes").textContent = `${count.format(model.bytes)} bytes of ${model.arithmetic === "pow2" ? "powers of two" : "8-bit integers"}`;
  the("module-bytes").textContent = `${count.format(model.module_bytes)} bytes`;
  the("page-bytes").textContent = `${count.format(facts.page_bytes + model.module_bytes)} bytes`;
  the("learnt").textContent = model.learnt;
  the("micros").textContent = "not measured yet";
  the("threshold").value = model.threshold;
  threshold();
  enable(true);
  document.documentElement.dataset.ready = model.name;
}

/** The curve at a threshold, linear between its points. */
function at(values, level) {
  const { levels } = model.curve;
  if (level <= levels[0] || levels.length === 1) return values[0];
  const next = levels.findIndex((one) => one >= level);
  if (next === -1) return values[values.length - 1];
  const part = (level - levels[next - 1]) / (levels[next] - levels[next - 1]);
  return values[next - 1] + part * (values[next] - values[next - 1]);
}

function threshold() {
  const least = Number(the("threshold").value);
  const own = least === model.threshold;
  const text = `${least} of 255${own ? ", the model's own" : ""}`;
  let cost = "What this costs is not known: no curve is stored in this model.";
  if (model.curve) {
    const missed = percent(at(model.curve.missed, least));
    const hourly = Math.round(at(model.curve.hourly, least));
    cost = `Misses ${missed} of the words and makes ${hourly} false detections an hour, on strings of words, other words and noise by people who chose the model and did not train it.`;
  }
  the("threshold-value").textContent = text;
  the("threshold-cost").textContent = cost;
  the("threshold").setAttribute("aria-valuetext", model.curve ? `${text}. ${cost}` : text);
  worker.postMessage({ type: "accept", least: own ? null : least });
}

// What was heard.

function decided(word) {
  const said = the("said");
  said.replaceChildren();
  if (word.outcome === "label") {
    said.append(element("span", word.label, word.label.length > 3 ? "word long" : "word"));
    said.append(element("span", `${percent(word.confidence)} sure`));
  } else {
    said.append(element("span", "?", "word rejected"), element("span", word.outcome === "nothing" ? "nothing was heard" : "heard, and none of its words", "quiet"));
  }
}

function log(word) {
  const row = element("tr");
  const outcome = { label: "accepted", unknown: "rejected", nothing: "nothing heard" }[word.outcome];
  const name = word.label ?? (word.best === null ? "" : `(${word.best})`);
  row.append(element("td", `${word.seconds.toFixed(2)} s`), element("td", name, word.outcome), element("td", percent(word.confidence)), element("td", outcome));
  the("log").prepend(row);
  while (the("log").children.length > LOG_LENGTH) the("log").lastChild.remove();
}

function draw(seen) {
  wave.add(seen.wave);
  features.add(seen.features);
  hidden.add(seen.hidden);
  if (!seen.shares) return;
  [...the("bars").children].forEach((row, index) => {
    if (shown[index] === seen.shares[index]) return;
    row.lastChild.style.transform = `scaleX(${seen.shares[index] / 255})`;
  });
  shown = seen.shares;
}

function level({ peak, power, count: samples, clipped, seconds }) {
  const loud = Math.max(-60, 20 * Math.log10(Math.max(1e-6, Math.sqrt(power / samples))));
  the("level").value = loud;
  put("decibels", `${Math.round(loud)} dB`);
  the("clipping").classList.toggle("now", clipped > 0);
  quiet = 20 * Math.log10(Math.max(1e-6, peak)) < QUIET ? quiet + seconds : 0;
  if (quiet > QUIET_SECONDS) {
    say("Almost nothing comes in. Is the right microphone chosen, is it muted, or turned down in the system's settings?");
  } else if (quiet === 0) say("");
}

let pending = null; // what came since the last picture

function frames(message) {
  if (!open) return;
  if (pending === null) requestAnimationFrame(show);
  pending ??= { wave: [], features: [], hidden: [] };
  for (const part of ["wave", "features", "hidden"]) pending[part].push(...message[part]);
  Object.assign(pending, { shares: message.shares ?? pending.shares, level: message.level, micros: message.micros });
  told.seconds = message.seconds;
  for (const word of message.words) {
    decided(word);
    log(word);
    if (word.outcome === "label") told.words += 1;
  }
}

function show() {
  if (pending === null) return;
  draw(pending);
  level(pending.level);
  const share = pending.micros / 20000;
  put("micros", `${pending.micros.toFixed(0)} µs, ${percent(share)} of one core`);
  if (told.seconds > 1) {
    const hourly = Math.round((3600 * told.words) / told.seconds);
    put("rate", `${told.words} accepted in ${told.seconds.toFixed(0)} s: ${count.format(hourly)} an hour`);
  }
  pending = null;
}

function recording(message) {
  draw(message);
  the("log").replaceChildren();
  for (const word of message.words) log(word);
  decided(message.result);
  const accepted = message.words.filter((word) => word.outcome === "label").map((word) => word.label);
  if (accepted.length > 1) the("said").replaceChildren(element("span", accepted.join(" "), "word long"), element("span", `in ${message.name}`));
  the("rate").textContent = `${accepted.length} accepted in ${message.seconds.toFixed(2)} s of ${message.name}`;
  the("micros").textContent = `${((1000 * message.took) / Math.max(1, message.frames)).toFixed(0)} µs, ${percent(message.took / (20 * Math.max(1, message.frames)))} of one core`;
  the("logits").textContent = ready.labels.map((label, index) => `${label}: ${message.logits[index]}`).join(", ");
  document.documentElement.dataset.heard = message.name;
}

// Where sound comes from.

function stop() {
  open?.stop();
  open = null;
  the("microphone").textContent = "Listen to the microphone";
  the("microphone").setAttribute("aria-pressed", "false");
}

async function start() {
  const deviceId = the("device").value;
  the("microphone").disabled = true;
  say("");
  quiet = 0;
  told = { words: 0, seconds: 0 };
  try {
    open = await listen(worker, { ...ready, deviceId, onEnd: unplugged });
    the("microphone").textContent = "Stop listening";
    the("microphone").setAttribute("aria-pressed", "true");
    offer(open);
  } catch (error) {
    say(explained(error));
  }
  the("microphone").disabled = false;
}

function unplugged() {
  stop();
  say("The microphone is gone: it was unplugged, or its permission taken back. Plug it in and press the button again.");
}

/** Other microphones, where there are several. */
function offer({ devices, device }) {
  the("device").replaceChildren();
  for (const one of devices) {
    const option = element("option", one.label || "microphone");
    option.value = one.deviceId;
    option.selected = one.deviceId === device;
    the("device").append(option);
  }
  the("device").parentElement.hidden = devices.length < 2;
}

async function hear(name, bytes) {
  stop();
  say("");
  delete document.documentElement.dataset.heard;
  try {
    const samples = await readSound(await bytes, ready.rate);
    worker.postMessage({ type: "file", samples, name }, [samples.buffer]);
  } catch (error) {
    say(`${name}: ${error.message}.`);
  }
}

function failed({ message }) {
  say(`This did not work: ${message}. Load the page anew; if it stays so, this browser may be too old for it.`);
}

const ON = { ready: opened, frames, file: recording, failed };
worker.onmessage = ({ data }) => ON[data.type](data);
worker.onerror = () => failed({ message: "the recogniser could not be started" });

the("microphone").addEventListener("click", () => (open ? stop() : start()));
the("device").addEventListener("change", () => {
  stop();
  start();
});
the("model").addEventListener("change", (event) => choose(event.target.value));
the("threshold").addEventListener("input", threshold);
the("clear").addEventListener("click", () => the("log").replaceChildren());
the("file").addEventListener("change", ({ target }) => {
  if (target.files.length) hear(target.files[0].name, target.files[0].arrayBuffer());
  target.value = "";
});
addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dropping");
});
addEventListener("dragleave", () => document.body.classList.remove("dropping"));
addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  const [file] = event.dataTransfer.files;
  if (file && ready) hear(file.name, file.arrayBuffer());
});

facts = await (await fetch("models.json")).json();
for (const button of the("examples").children) {
  button.addEventListener("click", () => hear(button.textContent, fetch(button.dataset.file).then((found) => found.arrayBuffer())));
}
await choose(facts.models[0].name);
