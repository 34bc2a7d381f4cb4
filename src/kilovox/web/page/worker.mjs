/* Recognises, apart from the page's thread: sound from the audio thread as it comes, and whole files. */

import { Recogniser } from "./recogniser.mjs";

let recogniser = null;
let accepted = null;
let micros = 0;
let frames = 0;
let waiting = new Int16Array(0); // less than a hop

const PICTURE = 5; // hops, of a picture of sound
const STILL = 25; // and of silence
const QUIET = 0.01; // the largest sample of silence

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

function heard({ data: { samples, level, seconds } }) {
  if (recogniser === null) return;
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
  postMessage({ type: "frames", ...seen, seconds: recogniser.heard / recogniser.rate, micros: micros / Math.max(1, frames) });
  seen = nothing();
}

function file({ samples, name }) {
  const found = { features: [], hidden: [], wave: [] };
  let most = recogniser.shares().fill(0); // of any frame
  const before = performance.now();
  const result = recogniser.hear(samples);
  const took = performance.now() - before;
  for (let at = 0; at < samples.length; at += recogniser.hop) found.wave.push(extent(samples.subarray(at, at + recogniser.hop)));
  recogniser.hear(samples, () => { // again, to be looked at: not timed
    look(found);
    most = most.map((share, index) => Math.max(share, found.shares[index]));
  });
  while (found.wave.length <= found.features.length) found.wave.push([0, 0]); // the silence that is heard after it
  postMessage({ type: "file", name, ...found, shares: most, ...result, took });
}

const DOES = {
  async open({ bytes, name }) {
    recogniser = await Recogniser.open(bytes);
    recogniser.accept(accepted);
    micros = frames = 0;
    const { labels, features, units, shown, rate, hop, thresholds } = recogniser;
    postMessage({ type: "ready", name, labels, features, units, shown, rate, hop, thresholds });
  },
  stream({ port }) {
    recogniser.reset();
    micros = frames = 0;
    waiting = new Int16Array(0);
    seen = nothing();
    port.onmessage = heard;
  },
  accept({ least }) {
    accepted = least;
    recogniser?.accept(least);
  },
  file,
};

onmessage = async ({ data }) => {
  try {
    await DOES[data.type](data);
  } catch (error) {
    postMessage({ type: "failed", what: data.type, message: String(error?.message ?? error) });
  }
};
