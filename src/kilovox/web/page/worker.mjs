/* Recognises, apart from the page's thread: sound from the audio thread as it comes, and whole files. */

import { Recogniser } from "./recogniser.mjs";
import { samplesOf } from "./sound.mjs";

let recogniser = null;
let stream = null; // the port that sound comes by
let accepted = null;
let micros = 0;
let frames = 0;
let waiting = new Int16Array(0); // less than a hop

const PICTURE = 5; // hops, of a picture of sound
const STILL = 25; // and of silence
const QUIET = 0.01; // the largest sample of silence
const COLUMNS = 300; // of a picture

function timed(work) {
  const begin = performance.now();
  const result = work();
  micros += 1000 * (performance.now() - begin);
  return result;
}

/** What the page was not told of yet. */
function nothing() {
  return { features: [], hidden: [], wave: [], words: [], level: { peak: 0, power: 0, count: 0, clipped: 0, seconds: 0 } };
}

let seen = nothing();

function louder(level, seconds) {
  const all = seen.level;
  all.peak = Math.max(all.peak, level.peak);
  for (const part of ["power", "count", "clipped"]) all[part] += level[part];
  all.seconds += seconds;
}

/** Lowest and highest sample of a hop, -128 ... 127. */
function extent(samples) {
  let low = 32767;
  let high = -32768;
  for (const sample of samples) {
    if (sample < low) low = sample;
    if (sample > high) high = sample;
  }
  return [low >> 8, high >> 8];
}

/** What the pictures show of a frame, added to `to`. */
function look(to) {
  to.features.push(recogniser.frame());
  to.hidden.push(recogniser.hidden());
  to.shares = recogniser.shares();
}

function heard(turn, { samples, level, seconds }) {
  louder(level, seconds);
  const all = new Int16Array(waiting.length + samples.length);
  all.set(waiting);
  all.set(samples, waiting.length);
  let at = 0;
  for (; at + recogniser.hop <= all.length; at += recogniser.hop) {
    const hop = all.subarray(at, at + recogniser.hop);
    const whole = timed(() => recogniser.push(hop));
    seen.wave.push(extent(hop));
    if (whole) {
      frames += 1;
      look(seen);
    }
    seen.words.push(...timed(() => recogniser.words()));
  }
  waiting = all.slice(at);
  // Pictures can wait, for they cost the page most of what it costs; words cannot.
  if (seen.wave.length < (seen.level.peak > QUIET ? PICTURE : STILL) && seen.words.length === 0) return;
  postMessage({ type: "frames", turn, ...seen, seconds: recogniser.heard / recogniser.rate, micros: micros / Math.max(1, frames) });
  seen = nothing();
}

function file({ turn, name, ...sound }) {
  close();
  const samples = samplesOf(sound, recogniser.rate);
  const found = { features: [], hidden: [], wave: [] };
  const most = recogniser.shares().fill(0); // of any frame
  let looking = 0; // milliseconds
  const result = recogniser.hear(samples, () => {
    const begin = performance.now();
    look(found);
    for (const part of [found.features, found.hidden]) if (part.length > COLUMNS) part.shift();
    found.shares.forEach((share, index) => (most[index] = Math.max(most[index], share)));
    looking += performance.now() - begin;
  });
  const took = result.took - looking;
  const hop = recogniser.hop;
  const hops = Math.max(Math.ceil(samples.length / hop), result.frames + 1); // with the silence that is heard after it
  for (let at = Math.max(0, hops - COLUMNS); at < hops; at++) {
    const part = samples.subarray(at * hop, (at + 1) * hop);
    found.wave.push(part.length > 0 ? extent(part) : [0, 0]);
  }
  postMessage({ type: "file", turn, name, ...found, ...result, shares: most, took });
}

/** What is still under way from a microphone is not heard any more. */
function close() {
  if (stream === null) return;
  stream.onmessage = null;
  stream.close();
  stream = null;
}

const DOES = {
  async open({ turn, bytes, name }) {
    close();
    recogniser = null;
    recogniser = await Recogniser.open(bytes);
    recogniser.accept(accepted);
    micros = frames = 0;
    const { labels, features, units, shown, rate, hop, thresholds } = recogniser;
    postMessage({ type: "ready", turn, name, labels, features, units, shown, rate, hop, thresholds });
  },
  stream({ turn, port }) {
    close();
    stream = port;
    recogniser.reset();
    micros = frames = 0;
    waiting = new Int16Array(0);
    seen = nothing();
    port.onmessage = ({ data }) => tried({ type: "stream", turn }, () => heard(turn, data));
  },
  accept({ least }) {
    accepted = least;
    recogniser?.accept(least);
  },
  file,
};

async function tried({ type, turn, name }, work) {
  try {
    await work();
  } catch (error) {
    postMessage({ type: "failed", turn, what: type, name, message: String(error?.message ?? error) });
  }
}

// One after the other: nothing is heard by a network while another one is opened.
let last = Promise.resolve();
onmessage = ({ data }) => {
  last = last.then(() => tried(data, () => DOES[data.type](data)));
};
