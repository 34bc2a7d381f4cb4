/* The audio thread: what the microphone gives, at the model's rate, to the worker that recognises. */

import { Resampler } from "./resample.mjs";

const CLIPPED = 0.999;
const NONE = { peak: 0, power: 0, count: 0, clipped: 0 };

class Capture extends AudioWorkletProcessor {
  /** rate: of what is told; seconds: of sound that is told of at once. */
  constructor({ processorOptions: { rate, seconds } }) {
    super();
    this.resampler = new Resampler(Math.round(sampleRate), rate);
    this.heard = new Float64Array(Math.ceil((seconds * sampleRate) / 128) * 128);
    this.filled = 0;
    this.level = { ...NONE };
    this.port.onmessage = ({ data }) => (this.to = data.port);
  }

  /** inputs: one of any number of channels, whose mean is heard. */
  process([channels]) {
    if (channels.length === 0 || !this.to) return true;
    const { heard, level } = this;
    const count = channels[0].length;
    for (let i = 0; i < count; i++) {
      let sum = 0;
      for (let channel = 0; channel < channels.length; channel++) {
        const sample = channels[channel][i];
        sum += sample;
        if (sample >= CLIPPED || sample <= -CLIPPED) level.clipped++;
      }
      const mean = sum / channels.length;
      if (mean > level.peak) level.peak = mean;
      else if (-mean > level.peak) level.peak = -mean;
      level.power += mean * mean;
      heard[this.filled++] = mean;
    }
    level.count += count;
    if (this.filled + count > heard.length) {
      const samples = this.resampler.push(heard.subarray(0, this.filled));
      this.to.postMessage({ samples, level, seconds: level.count / sampleRate }, [samples.buffer]);
      this.filled = 0;
      this.level = { ...NONE };
    }
    return true;
  }
}

registerProcessor("capture", Capture);
