// SPDX-License-Identifier: Apache-2.0
// The frame code of lib/frame/frame_code.hpp, written once more: an independent pen and reader.
const CELLS = 38;
const COLUMNS = 80;

function crc8(number) {
  let crc = 0xff;
  for (const byte of [number >> 16, number >> 8, number]) {
    crc ^= byte & 0xff;
    for (let bit = 0; bit < 8; ++bit) crc = ((crc << 1) ^ (crc & 0x80 ? 0x07 : 0)) & 0xff;
  }
  return crc;
}

function cellsOf(number) {
  const bits = (value, count) => Array.from({ length: count }, (_, i) => (value >> (count - 1 - i)) & 1);
  return [1, 0, 1, 1, ...bits(number, 24), ...bits(crc8(number), 8), 0, 1];
}

/** A gray picture (8-bit luma) with `number` in its top row and a bar that moves. */
export function draw(number, width, height) {
  const luma = Buffer.alloc(width * height, 90);
  const size = width / COLUMNS;
  const bar = (number * 4) % width;
  for (let y = height >> 1; y < height; ++y) luma.fill(200, y * width + bar, y * width + Math.min(bar + 16, width));
  cellsOf(number).forEach((white, i) => {
    for (let y = 0; y < size; ++y) luma.fill(white ? 235 : 16, y * width + i * size, y * width + (i + 1) * size);
  });
  return luma;
}

/** The number in a picture, or null when there is none to be sure of. */
export function read(luma, width) {
  const size = width / COLUMNS;
  const level = (i) => luma[Math.floor(size / 2) * width + Math.floor((i + 0.5) * size)];
  const levels = Array.from({ length: CELLS }, (_, i) => level(i));
  const threshold = (Math.min(levels[0], levels[2], levels[3], levels[37]) + Math.max(levels[1], levels[36])) / 2;
  const value = (from, count) => levels.slice(from, from + count).reduce((sum, one) => sum * 2 + (one > threshold ? 1 : 0), 0);
  const number = value(4, 24);
  return value(28, 8) === crc8(number) ? number : null;
}
