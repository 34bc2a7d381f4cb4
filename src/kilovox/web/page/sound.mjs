/* Sound files to samples. WAV is read here, so that its samples are the file's own; what else there is, the browser decodes. */

import { resample } from "./resample.mjs";

const PCM = 1;
const FLOAT = 3;
const MU_LAW = 7;
const EXTENSIBLE = 0xfffe;
const LONGEST = 15 * 60; // seconds
const DECODED_RATE = 48000;
const BLOCK = 65536; // samples converted at once
const MANY = 10_000; // chunks of a file that are looked at
const STREAMED = 0x7f000000; // from this length on, it is none: what programs leave that write into a pipe
const LOUDEST = 4; // 12 dB above full scale: floats beyond it were never in the scale of -1 to 1

export const LARGEST = 2 ** 28; // bytes of a file

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

function text(view, at) {
  return String.fromCharCode(...new Uint8Array(view.buffer, at, 4));
}

function isWav(buffer) {
  const view = new DataView(buffer);
  return buffer.byteLength >= 12 && text(view, 0) === "RIFF" && text(view, 8) === "WAVE";
}

/** The chunks from `at` on: { name, size, from }, what it says it has of bytes, and where these begin. */
function* chunks(view, at) {
  for (let count = 0; count < MANY && at + 8 <= view.byteLength; count++) {
    const size = view.getUint32(at + 4, true);
    yield { name: text(view, at), size, from: at + 8 };
    at += 8 + size + (size % 2);
  }
}

/** Whether the file ends, from `at` on, in whole chunks with printable names: notes after no samples at all. */
function onlyChunks(view, at) {
  let end = at;
  for (const { name, size, from } of chunks(view, at)) {
    if (!/^[ -~]{4}$/.test(name)) return false;
    end = from + size;
  }
  return end <= view.byteLength && view.byteLength <= end + 2;
}

/** Bytes of samples, as kilovox.audio.lengths judges them: to the end of the file where its recorder was killed, or wrote into a
 * pipe; an error where the file was cut. */
function length(view, { size, from }) {
  const left = view.byteLength - from;
  const unknown = size >= STREAMED && left < size;
  const killed = size === 0 && left > 0 && !onlyChunks(view, from);
  if (unknown || killed) return left;
  if (left < size) throw new SoundError(`cut short: ${left} of the ${size} bytes that its header announces are there`);
  return size;
}

/** { rate, blocks } of a WAV file: Float64Arrays one after the other, the mean of the channels. */
function readWav(buffer) {
  const view = new DataView(buffer);
  let format = null;
  for (const chunk of chunks(view, 12)) {
    const { name, size, from } = chunk;
    if (name === "fmt " && size >= 16 && from + 16 <= buffer.byteLength) {
      const tag = view.getUint16(from, true);
      const extended = tag === EXTENSIBLE && size >= 26 && from + 26 <= buffer.byteLength;
      format = {
        tag: extended ? view.getUint16(from + 24, true) : tag,
        channels: view.getUint16(from + 2, true),
        rate: view.getUint32(from + 4, true),
        bits: view.getUint16(from + 14, true),
      };
    } else if (name === "data") return decode(view, from, length(view, chunk), format);
  }
  throw new SoundError("this WAV file has no samples");
}

/** What floats must be to be sound, as kilovox.audio.scale judges them. */
class Scale {
  peak = 0;
  whole = true;

  look(sample) {
    if (!Number.isFinite(sample)) throw new SoundError("it holds samples that are not numbers; expected -1 to 1");
    this.peak = Math.max(this.peak, Math.abs(sample));
    this.whole &&= Number.isInteger(sample);
    return sample;
  }

  finish() {
    if (this.peak > LOUDEST || (this.peak > 1 && this.whole)) throw new SoundError(`a peak of ${this.peak}; expected -1 to 1`);
  }
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
  const scale = new Scale();
  const sample = tag === FLOAT ? (at) => scale.look(read(view, at)) : (at) => read(view, at);
  function* blocks() {
    for (let done = 0, at = from; done < count; done += BLOCK) {
      const block = new Float64Array(Math.min(BLOCK, count - done));
      for (let index = 0; index < block.length; index++) {
        let sum = 0;
        for (let channel = 0; channel < channels; channel++, at += width) sum += sample(at);
        block[index] = sum / channels;
      }
      yield block;
    }
    scale.finish();
  }
  return { rate, blocks: blocks() };
}

/** The mean of channels, Float32Arrays, in blocks. */
function* mean(channels) {
  for (let at = 0; at < channels[0].length; at += BLOCK) {
    const block = new Float64Array(Math.min(BLOCK, channels[0].length - at));
    for (const channel of channels) {
      for (let index = 0; index < block.length; index++) block[index] += channel[at + index] / channels.length;
    }
    yield block;
  }
}

/** What `samplesOf` takes, of the bytes of a file: these, where it is WAV, else { rate, channels }, which only the page's own thread
 * can have decoded. Rejects with a SoundError that says what is wrong. */
export async function decoded(buffer) {
  if (buffer.byteLength === 0) throw new SoundError("this file is empty");
  if (isWav(buffer)) return { wav: buffer };
  let sound;
  try {
    sound = await new OfflineAudioContext(1, 1, DECODED_RATE).decodeAudioData(buffer);
  } catch {
    throw new SoundError("this browser finds no sound in it; WAV, FLAC, MP3 and Ogg are sounds that most know");
  }
  if (sound.duration > LONGEST) throw new SoundError(`${Math.round(sound.duration / 60)} minutes long; expected 15 at the most`);
  return { rate: DECODED_RATE, channels: Array.from({ length: sound.numberOfChannels }, (_, index) => sound.getChannelData(index)) };
}

/** The samples at `rate`, an Int16Array. Throws a SoundError that says what is wrong. */
export function samplesOf({ wav, channels, rate: own }, rate) {
  const found = wav ? readWav(wav) : { rate: own, blocks: mean(channels) };
  return resample(found.blocks, found.rate, rate);
}
