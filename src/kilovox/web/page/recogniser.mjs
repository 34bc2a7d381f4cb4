/* The firmware, compiled to WebAssembly, and one stream of sound through it. Whatever is decided is decided in there. */

const OUTCOMES = ["nothing", "unknown", "label"];
const SILENCE = 0.2; // seconds of zeros after a recording that is cut closely, as kilovox predict adds them

export class Recogniser {
  /** bytes: of a module made by kilovox.web. */
  static async open(bytes) {
    const { instance } = await WebAssembly.instantiate(bytes, {});
    return new Recogniser(instance.exports);
  }

  constructor(kv) {
    this.kv = kv;
    this.rate = kv.kv_web_sample_rate();
    this.hop = kv.kv_web_hop();
    this.features = kv.kv_web_features();
    this.units = kv.kv_web_units();
    this.shown = kv.kv_web_shown();
    this.labels = Array.from({ length: kv.kv_web_labels() }, (_, index) => this.#text(kv.kv_web_label(index)));
    this.thresholds = this.#bytes(kv.kv_web_thresholds(), this.labels.length).slice();
    this.reset();
  }

  #bytes(address, count) {
    return new Uint8Array(this.kv.memory.buffer, address, count);
  }

  #text(address) {
    const bytes = new Uint8Array(this.kv.memory.buffer);
    return new TextDecoder().decode(bytes.slice(address, bytes.indexOf(0, address)));
  }

  /** The next sample begins a recording. */
  reset() {
    this.kv.kv_web_reset();
    this.heard = 0; // samples
  }

  /** Accept every label from this confidence on, of 255; null: from the model's own. A label of other words, which has none among
   * labels that have one, stays what it is. */
  accept(least) {
    const now = this.#bytes(this.kv.kv_web_thresholds(), this.labels.length);
    const some = this.thresholds.some((own) => own > 0);
    now.set(this.thresholds.map((own) => (least === null || (some && own === 0) ? own : least)));
  }

  /** One hop, or less. Returns whether it completed a frame. */
  push(samples) {
    new Int16Array(this.kv.memory.buffer, this.kv.kv_web_sound(), samples.length).set(samples);
    this.heard += samples.length;
    return this.kv.kv_web_push(samples.length) > 0;
  }

  #decision(packed) {
    const outcome = OUTCOMES[packed >>> 24];
    const best = outcome === "nothing" ? null : this.labels[packed & 0xffff];
    const label = outcome === "label" ? best : null;
    return { label, best, confidence: ((packed >>> 16) & 0xff) / 255, outcome, seconds: this.heard / this.rate };
  }

  /** Words that have ended and were not told yet: { label, best, confidence, outcome, seconds }. */
  words() {
    const words = [];
    while (this.kv.kv_web_words() > 0) words.push(this.#decision(this.kv.kv_web_next()));
    return words;
  }

  /** Int8Array: the newest frame as the network sees it. */
  frame() {
    return new Int8Array(this.kv.memory.buffer, this.kv.kv_web_newest(), this.features).slice();
  }

  /** Int8Array: the last layer's hidden state. */
  hidden() {
    return new Int8Array(this.kv.memory.buffer, this.kv.kv_web_hidden(), this.units).slice();
  }

  /** Uint8Array: what share each label has, of 255; of a network that listens, last that no word ends. */
  shares() {
    return this.#bytes(this.kv.kv_web_shares(), this.shown).slice();
  }

  /** A whole recording, Int16Array: { words, result, logits, frames, seconds, took }, as kilovox listen --file and kilovox predict hear
   * it: word after word, and the one word of it all. onFrame is called after every frame; took: milliseconds
   * of going through it once, what onFrame takes among them. */
  hear(samples, onFrame = () => {}) {
    const words = [];
    let frames = 0;
    const begin = performance.now();
    this.#run(samples, () => {
      frames += 1;
      onFrame(this);
    }, words);
    const took = performance.now() - begin;
    if (!this.#listens) this.#run(samples, () => {}, null); // words that were told are forgotten
    const result = this.#decision(this.kv.kv_web_result());
    const logits = Array.from(new Int32Array(this.kv.memory.buffer, this.kv.kv_web_logits(), this.labels.length));
    this.reset();
    return { words, result, logits, frames, seconds: samples.length / this.rate, took };
  }

  get #listens() {
    return this.shown > this.labels.length;
  }

  #run(samples, onFrame, words) {
    this.reset();
    const quiet = new Int16Array(this.#listens && samples.length ? Math.round(SILENCE * this.rate) : 0);
    for (const part of [samples, quiet]) {
      for (let at = 0; at < part.length; at += this.hop) {
        if (this.push(part.subarray(at, at + this.hop))) onFrame();
        words?.push(...this.words());
      }
    }
    this.kv.kv_web_finish();
    words?.push(...this.words());
  }
}
