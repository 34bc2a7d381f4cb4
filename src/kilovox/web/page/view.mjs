/* Pictures of sound: a column a frame, the newest at the right; where motion is to be reduced, nothing scrolls. */

const still = matchMedia("(prefers-reduced-motion: reduce)");

/** Anchors of a scale of colours, from low to high, each [red, green, blue]. */
const LOUD = [[12, 20, 24], [18, 65, 79], [47, 128, 118], [160, 190, 96], [255, 236, 170]];
const SIGNED = [[244, 138, 92], [110, 58, 40], [12, 20, 24], [30, 76, 110], [120, 196, 244]];

/** Uint32Array(256): the colour of each of 256 values, as ImageData keeps it. */
function palette(anchors) {
  const colours = new Uint32Array(256);
  const bytes = new Uint8ClampedArray(colours.buffer);
  for (let value = 0; value < 256; value++) {
    const place = (value / 255) * (anchors.length - 1);
    const low = Math.min(Math.floor(place), anchors.length - 2);
    for (let part = 0; part < 3; part++) {
      bytes[4 * value + part] = anchors[low][part] + (place - low) * (anchors[low + 1][part] - anchors[low][part]);
    }
    bytes[4 * value + 3] = 255;
  }
  return colours;
}

const COLOURS = { loud: palette(LOUD), signed: palette(SIGNED) };

class Strip {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false, willReadFrequently: true }); // kept in memory: small, and written by pixel
    this.clear();
  }

  clear() {
    this.context.fillStyle = "#0c1418";
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    this.at = 0;
  }

  /** Make room for `count` columns. Returns where the first of them goes. */
  room(count) {
    const { width, height } = this.canvas;
    if (still.matches) {
      const first = this.at % width;
      this.at += count;
      return first;
    }
    this.context.drawImage(this.canvas, -count, 0);
    this.context.fillStyle = "#0c1418";
    this.context.fillRect(width - count, 0, count, height);
    return width - count;
  }
}

/** Rows of int8, -128 ... 127, as colours. */
export class Heat extends Strip {
  constructor(canvas, colours) {
    super(canvas);
    this.colours = COLOURS[colours];
  }

  rows(count) {
    if (this.canvas.height !== count) this.canvas.height = count;
    this.clear();
  }

  /** columns: Int8Arrays, the lowest row first. */
  add(columns) {
    const width = this.canvas.width;
    const shown = columns.slice(-width);
    const first = this.room(shown.length);
    const height = this.canvas.height;
    const count = shown.length;
    if (count === 0) return;
    const image = this.context.createImageData(count, height);
    const pixels = new Uint32Array(image.data.buffer);
    shown.forEach((column, index) => {
      for (let row = 0; row < height; row++) pixels[(height - 1 - row) * count + index] = this.colours[column[row] + 128];
    });
    this.context.putImageData(image, first, 0);
    if (first + count > width) this.context.putImageData(image, first - width, 0);
  }
}

/** Lowest and highest sample of a hop, -128 ... 127. */
export class Wave extends Strip {
  add(columns) {
    const { width, height } = this.canvas;
    const shown = columns.slice(-width);
    const first = this.room(shown.length);
    shown.forEach(([low, high], index) => {
      const x = (first + index) % width;
      const top = ((127 - high) * height) / 256;
      this.context.fillStyle = "#0c1418";
      this.context.fillRect(x, 0, 1, height);
      this.context.fillStyle = high >= 127 || low <= -128 ? "#ff9aa0" : "#6ed0e0";
      this.context.fillRect(x, top, 1, Math.max(1, ((high - low) * height) / 256));
    });
  }
}
