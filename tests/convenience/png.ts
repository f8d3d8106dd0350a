import { inflateSync } from 'node:zlib';

/** A picture, pixel by pixel. */
export interface DecodedPng {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue of a pixel. */
  at(x: number, y: number): readonly [number, number, number];
  /** How many colours there are. */
  readonly colours: number;
}

/** Decodes a PNG of 8 bits a channel, RGB or RGBA, not interlaced, which is what the tools of the tests write. */
export function decodePng(bytes: Uint8Array): DecodedPng {
  const file = Buffer.from(bytes);
  let header: Buffer | undefined;
  const data: Buffer[] = [];
  for (let offset = 8; offset < file.length; ) {
    const length = file.readUInt32BE(offset);
    const type = file.toString('latin1', offset + 4, offset + 8);
    const content = file.subarray(offset + 8, offset + 8 + length);
    if (type === 'IHDR') header = content;
    if (type === 'IDAT') data.push(content);
    offset += 12 + length;
  }
  if (header?.[8] !== 8 || header[12] !== 0) throw new Error('not a PNG of 8 bits that is not interlaced');
  const channels = { 2: 3, 6: 4 }[header.readUInt8(9)];
  if (channels === undefined) throw new Error('neither RGB nor RGBA');
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const pixels = unfilter(inflateSync(Buffer.concat(data)), width * channels, height, channels);
  const colours = new Set<number>();
  for (let i = 0; i < pixels.length; i += channels) colours.add(pixels.readUIntBE(i, 3));
  return {
    width,
    height,
    colours: colours.size,
    at(x, y) {
      const i = (y * width + x) * channels;
      return [pixels.readUInt8(i), pixels.readUInt8(i + 1), pixels.readUInt8(i + 2)];
    },
  };
}

function unfilter(raw: Buffer, stride: number, height: number, channels: number): Buffer {
  if (raw.length !== (stride + 1) * height) throw new Error('the picture is cut short');
  const out = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)];
    for (let x = 0; x < stride; x++) {
      const value = raw[y * (stride + 1) + 1 + x] ?? 0;
      const left = x < channels ? 0 : (out[y * stride + x - channels] ?? 0);
      const up = y === 0 ? 0 : (out[(y - 1) * stride + x] ?? 0);
      const upLeft = y === 0 || x < channels ? 0 : (out[(y - 1) * stride + x - channels] ?? 0);
      const guesses = [0, left, up, (left + up) >> 1, paeth(left, up, upLeft)];
      out[y * stride + x] = value + (guesses[filter ?? 0] ?? 0);
    }
  }
  return out;
}

function paeth(left: number, up: number, upLeft: number): number {
  const guess = left + up - upLeft;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - upLeft)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : upLeft;
}
