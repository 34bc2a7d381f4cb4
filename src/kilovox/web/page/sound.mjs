/* Sound files to samples. WAV is read here, so that its samples are the file's own; what else there is, the browser decodes. */

import { resample, toInt16 } from "./resample.mjs";

const PCM = 1;
const FLOAT = 3;
const MU_LAW = 7;
const EXTENSIBLE = 0xfffe;
const LONGEST = 15 * 60; // seconds
const DECODED_RATE = 48000;

export class SoundError extends Error {}

function muLaw(code) {
  const inverted = ~code & 0xff;
  const magnitude = ((((inverted & 0x0f) << 3) + 0x84) << ((inverted & 0x70) >> 4)) - 0x84;
  return (inverted & 0x80 ? -magnitude : magnitude) / 32768;
}

/** How a sample is read: [bytes, (DataView, offset) => -1 ... 1], or nothing where the coding is unknown. */
function coding(tag, bits) {
  if (tag === PCM && bits === 8) return [1, (view, at) => (view.getUint8(at) - 128) / 128];
  if (tag === PCM && bits === 16) return [2, (view, at) => view.getInt16(at, true) / 32768];
  if (tag === PCM && bits === 24) return [3, (view, at) => (view.getUint16(at, true) + view.getInt8(at + 2) * 65536) / 8388608];
  if (tag === PCM && bits === 32) return [4, (view, at) => view.getInt32(at, true) / 2147483648];
  if (tag === FLOAT && bits === 32) return [4, (view, at) => view.getFloat32(at, true)];
  if (tag === FLOAT && bits === 64) return [8, (view, at) => view.getFloat64(at, true)];
  if (tag === MU_LAW && bits === 8) return [1, (view, at) => muLaw(view.getUint8(at))];
  return null;
}

/** { rate, samples: Float64Array, the mean of the channels } of the bytes of a WAV file; null where it is none. */
export function readWav(buffer) {
  const view = new DataView(buffer);
  const name = (at) => String.fromCharCode(...new Uint8Array(buffer, at, 4));
  if (buffer.byteLength < 12 || name(0) !== "RIFF" || name(8) !== "WAVE") return null;
  let format = null;
  for (let at = 12; at + 8 <= buffer.byteLength; ) {
    const size = view.getUint32(at + 4, true);
    const from = at + 8;
    if (name(at) === "fmt " && size >= 16 && from + 16 <= buffer.byteLength) {
      const tag = view.getUint16(from, true);
      const extended = tag === EXTENSIBLE && size >= 26 && from + 26 <= buffer.byteLength;
      format = {
        tag: extended ? view.getUint16(from + 24, true) : tag,
        channels: view.getUint16(from + 2, true),
        rate: view.getUint32(from + 4, true),
        bits: view.getUint16(from + 14, true),
      };
    } else if (name(at) === "data") {
      return { rate: format?.rate, samples: decode(view, from, Math.min(size, buffer.byteLength - from), format) };
    }
    at = from + size + (size % 2);
  }
  throw new SoundError("this WAV file has no samples");
}

function decode(view, from, bytes, format) {
  if (format === null) throw new SoundError("this WAV file does not say what its samples are");
  const { tag, channels, rate, bits } = format;
  const [width, read] = coding(tag, bits) ?? [];
  if (!read) throw new SoundError(`this WAV file is coded as format ${tag} of ${bits} bits; expected PCM, floats or mu-law`);
  if (channels < 1 || channels > 64) throw new SoundError(`${channels} channels; expected 1 to 64`);
  if (rate < 1000 || rate > 768000) throw new SoundError(`${rate} samples a second; expected 1,000 to 768,000`);
  const count = Math.floor(bytes / (width * channels));
  if (count > LONGEST * rate) throw new SoundError(`${Math.round(count / rate / 60)} minutes long; expected 15 at the most`);
  const samples = new Float64Array(count);
  for (let index = 0, at = from; index < count; index++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++, at += width) sum += read(view, at);
    samples[index] = sum / channels;
  }
  return samples;
}

/** The samples of a file at `rate`, an Int16Array. buffer: its bytes. Rejects with a SoundError that says what is wrong. */
export async function readSound(buffer, rate) {
  if (buffer.byteLength === 0) throw new SoundError("this file is empty");
  const wav = readWav(buffer);
  if (wav !== null) return wav.rate === rate ? Int16Array.from(wav.samples, (x) => toInt16(x * 32768)) : resample(wav.samples, wav.rate, rate);
  let decoded;
  try {
    decoded = await new OfflineAudioContext(1, 1, DECODED_RATE).decodeAudioData(buffer);
  } catch {
    throw new SoundError("this browser finds no sound in it; WAV, FLAC, MP3 and Ogg are sounds that most know");
  }
  if (decoded.duration > LONGEST) throw new SoundError(`${Math.round(decoded.duration / 60)} minutes long; expected 15 at the most`);
  const mono = new Float64Array(decoded.length);
  for (let channel = 0; channel < decoded.numberOfChannels; channel++) {
    decoded.getChannelData(channel).forEach((sample, index) => (mono[index] += sample / decoded.numberOfChannels));
  }
  return resample(mono, DECODED_RATE, rate);
}
