/* The page: what is pressed, dropped and chosen goes to the worker; what it heard is shown. */

import { Heat, Wave } from "./view.mjs";
import { explained, listen } from "./microphone.mjs";
import { decoded, LARGEST } from "./sound.mjs";

const LOG_LENGTH = 200;
const SAID = 12; // words of a file that are shown at once, and read out
const QUIET = -60; // dB, of the loudest sample
const QUIET_SECONDS = 4;
const GONE = "The microphone is gone: it was unplugged, or its permission taken back. Plug it in and press the button again.";
const PAUSED = "The browser has stopped the sound, as it does for a call. Press the button to go on.";
const SILENT = "Almost nothing comes in. Is the right microphone chosen, is it muted, or turned down in the system's settings?";

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
let turn = 0; // of what is asked for: answers to what was asked before come too late
let open = null; // the microphone, while it is asked for and heard
let quiet = 0; // seconds of almost nothing
let shown = []; // shares, as the bars have them
let told = { words: 0, seconds: 0 }; // by the microphone

/** What is said already is not said again: it would be read out again. */
function say(message) {
  if (the("message").textContent === message) return;
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

/** A file of the page. Rejects with why it does not come. */
async function got(name) {
  const found = await fetch(name).catch(() => null);
  if (!found?.ok) throw new Error(`${name} cannot be loaded: what serves this page has ended, or lacks it`);
  return found;
}

// The network.

async function choose(name) {
  const mine = stop();
  model = facts.models.find((one) => one.name === name);
  ready = null;
  enable(false);
  try {
    const bytes = await (await got(model.module)).arrayBuffer();
    if (mine === turn) worker.postMessage({ type: "open", turn, bytes, name }, [bytes]);
  } catch (error) {
    if (mine === turn) failed(error);
  }
}

/** All but the choice of a network, which may be made at any time. */
function enable(whether) {
  for (const control of [the("microphone"), the("file"), the("threshold"), ...the("examples").children]) control.disabled = !whether;
}

/** Seconds from frame to frame. */
function step() {
  return ready.hop / ready.rate;
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
  the("features-caption").textContent = `What the network hears: ${ready.features} ${model.features}, ${Math.round(1 / step())} times a second`;
  the("hidden-caption").textContent = `Its hidden state: ${ready.units} units${model.listens ? "" : ", as each word left them"}`;
  the("network-bytes").textContent = `${count.format(model.bytes)} bytes of ${model.arithmetic === "pow2" ? "powers of two" : "8-bit integers"}`;
  the("module-bytes").textContent = `${count.format(model.module_bytes)} bytes`;
  the("page-bytes").textContent = `${count.format(facts.page_bytes + model.module_bytes)} bytes`;
  the("learnt").textContent = model.learnt;
  the("micros-name").textContent = `Time a frame of ${Number((1000 * step()).toFixed(2))} ms`;
  the("micros").textContent = "not measured yet";
  the("threshold").value = model.threshold;
  threshold();
  say("");
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
    const hourly = count.format(Math.round(at(model.curve.hourly, least)));
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
    say(SILENT);
  } else if (quiet === 0) say("");
}

let pending = null; // what came since the last picture

function frames(message) {
  if (pending === null) requestAnimationFrame(show);
  pending ??= { wave: [], features: [], hidden: [] };
  const columns = the("wave").width;
  for (const part of ["wave", "features", "hidden"]) {
    pending[part].push(...message[part]);
    pending[part].splice(0, pending[part].length - columns); // a page that nobody looks at draws nothing, for hours
  }
  Object.assign(pending, { shares: message.shares ?? pending.shares, level: message.level, micros: message.micros });
  told.seconds = message.seconds;
  for (const word of message.words) {
    decided(word);
    log(word);
    if (word.outcome === "label") told.words += 1;
  }
}

function cost(micros) {
  return `${micros.toFixed(0)} µs, ${percent(micros / (1e6 * step()))} of one core`;
}

function show() {
  if (pending === null) return;
  draw(pending);
  level(pending.level);
  put("micros", cost(pending.micros));
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
  if (accepted.length > 1) {
    const more = accepted.length > SAID ? `and ${accepted.length - SAID} more ` : "";
    const words = element("span", accepted.slice(0, SAID).join(" "), "word long");
    the("said").replaceChildren(words, element("span", `${more}in ${message.name}`));
  }
  the("rate").textContent = `${accepted.length} accepted in ${message.seconds.toFixed(2)} s of ${message.name}`;
  the("micros").textContent = cost((1000 * message.took) / Math.max(1, message.frames));
  the("logits").textContent = ready.labels.map((label, index) => `${label}: ${message.logits[index]}`).join(", ");
  document.documentElement.dataset.heard = message.name;
}

// Where sound comes from.

/** End whatever is heard or asked for. Returns the turn of what comes now. */
function stop() {
  open?.stop();
  open = null;
  pending = null;
  the("microphone").textContent = "Listen to the microphone";
  the("microphone").setAttribute("aria-pressed", "false");
  the("clipping").classList.remove("now");
  turn += 1;
  return turn;
}

async function start() {
  if (!ready) return;
  const mine = stop();
  const ended = (message) => () => {
    if (mine !== turn) return;
    stop();
    say(message);
  };
  open = { stop() {} }; // pressed once more while it is asked for, the button takes it back
  the("microphone").textContent = "Asking for the microphone";
  say("");
  quiet = 0;
  told = { words: 0, seconds: 0 };
  try {
    const lent = await listen({ rate: ready.rate, deviceId: the("device").value, onEnd: ended(GONE), onPause: ended(PAUSED) });
    if (mine !== turn) return lent.stop();
    open = lent;
    worker.postMessage({ type: "stream", turn, port: lent.port }, [lent.port]);
    the("microphone").textContent = "Stop listening";
    the("microphone").setAttribute("aria-pressed", "true");
    offer(open);
    setTimeout(() => mine === turn && told.seconds === 0 && say(SILENT), 1000 * QUIET_SECONDS);
  } catch (error) {
    ended(explained(error))();
  }
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

/** bytes: gives them, or rejects. */
async function hear(name, bytes) {
  if (!ready) return;
  const mine = stop();
  say("");
  delete document.documentElement.dataset.heard;
  try {
    const sound = await decoded(await bytes());
    if (mine === turn) worker.postMessage({ type: "file", turn, name, ...sound }, sound.wav ? [sound.wav] : []);
  } catch (error) {
    if (mine === turn) say(`${name}: ${error.message}.`);
  }
}

function hearFile(file) {
  hear(file.name, async () => {
    if (file.size > LARGEST) throw new Error(`${count.format(file.size)} bytes; expected ${count.format(LARGEST)} at the most`);
    return file.arrayBuffer();
  });
}

function failed({ what, name, message }) {
  if (what === "file") return say(`${name}: ${message}.`);
  stop();
  say(`This did not work: ${message}. Load the page anew; if it stays so, this browser may be too old for it.`);
}

const ON = { ready: opened, frames, file: recording, failed };
worker.onmessage = ({ data }) => {
  if ((data.turn ?? turn) === turn) ON[data.type](data);
};
worker.onerror = () => {
  ready = null;
  enable(false);
  failed({ message: "the recogniser could not be started" });
};

the("microphone").addEventListener("click", () => (open ? stop() : start()));
the("device").addEventListener("change", start);
the("model").addEventListener("change", (event) => choose(event.target.value));
the("threshold").addEventListener("input", threshold);
the("clear").addEventListener("click", () => the("log").replaceChildren());
the("file").addEventListener("change", ({ target }) => {
  if (target.files.length) hearFile(target.files[0]);
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
  if (file) hearFile(file);
});

for (const button of the("examples").children) {
  button.addEventListener("click", () => hear(button.textContent, async () => (await got(button.dataset.file)).arrayBuffer()));
}
try {
  facts = await (await got("models.json")).json();
  the("model").disabled = false;
  choose(the("model").value);
} catch (error) {
  failed(error);
}
