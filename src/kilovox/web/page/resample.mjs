/* Sound at any rate to the model's: a polyphase filter, the same samples however the sound is cut into blocks.
 *
 * The filter is a windowed sinc (Kaiser): what lies below 0.45 of the lower rate passes, what lies above 0.55 of it is 80 dB down,
 * so that what folds back lies above 0.45. Kaiser's formulas for length and beta: Oppenheim & Schafer, Discrete-Time Signal
 * Processing, 7.5. */

const ATTENUATION = 80; // dB
const TRANSITION = 0.1; // of the lower rate
const MOST_TAPS = 2 ** 20; // of all phases together

/** Nearest integer, of two equally near the even one, within int16: as NumPy rounds. */
export function toInt16(value) {
  let rounded = Math.round(value);
  if (rounded - value === 0.5 && rounded % 2 !== 0) rounded -= 1;
  return Math.max(-32768, Math.min(32767, rounded));
}

function gcd(a, b) {
  return b === 0 ? a : gcd(b, a % b);
}

/** The modified Bessel function of the first kind, order 0. */
function bessel(x) {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > 1e-12 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/** [up, down], from * up = to * down: the smallest, or nearly so where these make millions of taps, as of 767,999 to 8,000. */
function ratio(from, to, length) {
  const common = gcd(from, to);
  const most = Math.floor(MOST_TAPS / length);
  if (to / common <= most) return [to / common, from / common];
  let best = [1, 1];
  let least = Infinity;
  for (let up = 1; up <= most; up++) {
    const down = Math.max(1, Math.round((up * from) / to));
    const off = Math.abs(down / up - from / to);
    if (off < least) [best, least] = [[up, down], off];
  }
  return best;
}

/** Taps of every phase, oldest sample last: { up, down, length, taps: Float64Array(up * length) }. */
export function design(from, to) {
  const lower = Math.min(from, to);
  const length = Math.ceil(((ATTENUATION - 7.95) / 14.36) * (from / (TRANSITION * lower))) + 1;
  const [up, down] = ratio(from, to, length);
  const total = length * up;
  const beta = 0.1102 * (ATTENUATION - 8.7);
  const cutoff = lower / 2 / (from * up); // cycles a sample of the finer rate
  const centre = (total - 1) / 2;
  const whole = bessel(beta);
  const taps = new Float64Array(total);
  for (let n = 0; n < total; n++) {
    const t = n - centre;
    const sinc = t === 0 ? 2 * cutoff : Math.sin(2 * Math.PI * cutoff * t) / (Math.PI * t);
    const window = bessel(beta * Math.sqrt(Math.max(0, 1 - (t / (centre + 1)) ** 2))) / whole;
    taps[(n % up) * length + Math.floor(n / up)] = up * sinc * window;
  }
  return { up, down, length, taps };
}

export class Resampler {
  /** from, to: whole numbers of Hz. */
  constructor(from, to) {
    this.same = from === to;
    if (this.same) return;
    Object.assign(this, design(from, to));
    this.kept = new Float64Array(this.length - 1); // samples before those that come next, the newest last
    this.phase = 0; // of the next result, counted from the next sample in steps of the finer rate
  }

  /** Samples -1 ... 1, any number. Returns an Int16Array of what they complete. */
  push(samples) {
    if (this.same) return Int16Array.from(samples, (sample) => toInt16(sample * 32768));
    const { up, down, length, taps } = this;
    const history = length - 1;
    const heard = new Float64Array(history + samples.length);
    heard.set(this.kept);
    heard.set(samples, history);
    const end = samples.length * up;
    const result = new Int16Array(this.phase < end ? Math.ceil((end - this.phase) / down) : 0);
    for (let at = 0; at < result.length; at++, this.phase += down) {
      let newest = history + Math.floor(this.phase / up);
      let tap = (this.phase % up) * length;
      let sum = 0;
      for (const last = tap + length; tap < last; tap++, newest--) sum += taps[tap] * heard[newest];
      result[at] = toInt16(sum * 32768);
    }
    this.phase -= end;
    this.kept = heard.slice(samples.length);
    return result;
  }

  /** What is still on its way through the filter, at the end of a recording. */
  finish() {
    return this.same ? new Int16Array(0) : this.push(new Float64Array(this.length >> 1));
  }
}

/** A whole recording, in blocks of any length. Returns an Int16Array. */
export function resample(blocks, from, to) {
  const resampler = new Resampler(from, to);
  const parts = [];
  for (const block of blocks) parts.push(resampler.push(block));
  parts.push(resampler.finish());
  const all = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
