/* Recognises, apart from the page's thread: sound from the audio thread as it comes, and whole files. */

import { Recogniser } from "./recogniser.mjs";

let recogniser = null;
let accepted = null;
let micros = 0;
let frames = 0;

function timed(work) {
  const begin = performance.now();
  const result = work();
  micros += 1000 * (performance.now() - begin);
  return result;
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

/** What the pictures show of a frame, added to `seen`. */
function look(seen) {
  seen.features.push(recogniser.frame());
  seen.hidden.push(recogniser.hidden());
  seen.shares = recogniser.shares();
}

function heard({ data: { samples, level } }) {
  if (recogniser === null) return;
  const seen = { type: "frames", features: [], hidden: [], wave: [], words: [], level };
  for (let at = 0; at < samples.length; at += recogniser.hop) {
    const hop = samples.subarray(at, at + recogniser.hop);
    const whole = timed(() => recogniser.push(hop));
    seen.wave.push(extent(hop));
    if (whole) {
      frames += 1;
      look(seen);
    }
    seen.words.push(...timed(() => recogniser.words()));
  }
  postMessage({ ...seen, seconds: recogniser.heard / recogniser.rate, micros: micros / Math.max(1, frames) });
}

function file({ samples, name }) {
  const seen = { features: [], hidden: [], wave: [] };
  let most = recogniser.shares().fill(0); // of any frame
  const before = performance.now();
  const result = recogniser.hear(samples);
  const took = performance.now() - before;
  for (let at = 0; at < samples.length; at += recogniser.hop) seen.wave.push(extent(samples.subarray(at, at + recogniser.hop)));
  recogniser.hear(samples, () => { // again, to be looked at: not timed
    look(seen);
    most = most.map((share, index) => Math.max(share, seen.shares[index]));
  });
  postMessage({ type: "file", name, ...seen, shares: most, ...result, took });
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
