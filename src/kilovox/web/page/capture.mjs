/* The audio thread: what the microphone gives, at the model's rate, to the worker that recognises. */

import { Resampler } from "./resample.mjs";

const CLIPPED = 0.999;

class Capture extends AudioWorkletProcessor {
  constructor({ processorOptions: { rate, block } }) {
    super();
    this.resampler = new Resampler(Math.round(sampleRate), rate);
    this.block = block; // samples at `rate` that are told of at once
    this.waiting = new Int16Array(0);
    this.level = { peak: 0, power: 0, count: 0, clipped: 0 };
    this.port.onmessage = ({ data }) => (this.to = data.port);
  }

  /** inputs: one of any number of channels, whose mean is heard. */
  process([channels]) {
    if (channels.length === 0 || !this.to) return true;
    const mono = new Float64Array(channels[0].length);
    for (const channel of channels) for (let i = 0; i < mono.length; i++) mono[i] += channel[i] / channels.length;
    for (const channel of channels) for (const sample of channel) if (Math.abs(sample) >= CLIPPED) this.level.clipped++;
    for (const sample of mono) {
      this.level.peak = Math.max(this.level.peak, Math.abs(sample));
      this.level.power += sample * sample;
    }
    this.level.count += mono.length;
    const now = this.resampler.push(mono);
    const all = new Int16Array(this.waiting.length + now.length);
    all.set(this.waiting);
    all.set(now, this.waiting.length);
    this.waiting = all;
    if (all.length >= this.block) {
      const samples = all.slice(0, this.block);
      this.waiting = all.slice(this.block);
      this.to.postMessage({ samples, level: this.level }, [samples.buffer]);
      this.level = { peak: 0, power: 0, count: 0, clipped: 0 };
    }
    return true;
  }
}

registerProcessor("capture", Capture);
