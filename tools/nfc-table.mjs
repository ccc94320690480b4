// Makes src/Fourteen.Engine/Tokenizers/nfc.bin, the data that Unicode's normalization form C needs:
//
//     node tools/nfc-table.mjs src/Fourteen.Engine/Tokenizers/nfc.bin
//
// The facts are those of Unicode 9.0, since Hugging Face's tokenizers normalize by its tables (UNICODE_VERSION in their
// crate unicode-normalization-alignments 0.1.12): a model saw nothing else in training. They are asked of the
// JavaScript engine's own normalizer, so no file of the Unicode database is needed; what came after 9.0 is listed below
// and left out. Normalization is stable, so any newer engine gives the same file. Hangul is left out: the product
// computes it.
//
// Layout, little-endian, code points as 3 bytes:
//   count u16, then (first code point, length-1 u8, class u8)             combining classes other than 0, as ranges
//   count u16, then (code point, form u8, parts u8, parts × code point)   full canonical decompositions; form is 1
//                                                                         where NFC keeps the composed form, else 0
//   count u16, then (first, second, composed)                             pairs that compose
import { writeFileSync } from "node:fs";

// Code points assigned in Unicode 10.0 to 17.0 that have a combining class or a canonical decomposition.
const assignedLater = `
  7FD 897-89F 8CA-8D3 9FE C3C D3B-D3C EBA 1715 1ABF-1ADD 1AE0-1AEB 1DF6-1DFA A82C 105C9 105E4 10D24-10D27 10D69-10D6D
  10EAB-10EAC 10EFA-10EFB 10EFD-10EFF 10F46-10F50 10F82-10F85 11070 1133B 11383 11385 1138E 11391 113C5 113C7-113C8
  113CE-113D0 1145E 11839-1183A 11938 1193D-1193E 11943 119E0 11A34 11A47 11A99 11D42 11D44-11D45 11D97 11F41-11F42
  16121-16128 1612F 16D68-16D6A 16FF0-16FF1 1E08F 1E130-1E136 1E2AE 1E2EC-1E2EF 1E4EC-1E4EF 1E5EE-1E5EF 1E6E3 1E6E6
  1E6EE-1E6EF 1E6F5`.trim().split(/\s+/).map((range) => range.split("-").map((point) => parseInt(point, 16)));
const isLater = (point) => assignedLater.some(([first, last]) => point >= first && point <= (last ?? first));

// One mark of each canonical combining class that exists. Only the order of classes matters for normalization, and it
// shows in whether two marks change places.
const marks = [
  [1, 0x0334], [6, 0x16ff0], [7, 0x093c], [8, 0x3099], [9, 0x094d], [10, 0x05b0], [11, 0x05b1], [12, 0x05b2],
  [13, 0x05b3], [14, 0x05b4], [15, 0x05b5], [16, 0x05b6], [17, 0x05b7], [18, 0x05b8], [19, 0x05b9],
  [20, 0x05bb], [21, 0x05bc], [22, 0x05bd], [23, 0x05bf], [24, 0x05c1], [25, 0x05c2], [26, 0xfb1e],
  [27, 0x064b], [28, 0x064c], [29, 0x064d], [30, 0x0618], [31, 0x0619], [32, 0x061a], [33, 0x0651],
  [34, 0x0652], [35, 0x0670], [36, 0x0711], [84, 0x0c55], [91, 0x0c56], [103, 0x0e38], [107, 0x0e48],
  [118, 0x0eb8], [122, 0x0ec8], [129, 0x0f71], [130, 0x0f72], [132, 0x0f74], [202, 0x0321], [214, 0x1dce],
  [216, 0x031b], [218, 0x1dfa], [220, 0x0316], [222, 0x059a], [224, 0x302e], [226, 0x1d16d], [228, 0x05ae],
  [230, 0x0300], [232, 0x0315], [233, 0x035c], [234, 0x035d], [240, 0x0345],
];

const text = (...points) => String.fromCodePoint(...points);
const points = (string) => [...string].map((c) => c.codePointAt(0));
const swaps = (a, b) => a !== b && text(a, b).normalize("NFD") === text(b, a); // class(a) > class(b) > 0

function classOf(point) {
  const [low] = marks[0], [high] = marks.at(-1);
  if (!swaps(point, marks[0][1]) && !swaps(marks.at(-1)[1], point)) {
    return 0; // neither after the lowest nor before the highest class: not a mark that moves
  }
  const same = marks.filter(([, mark]) => !swaps(point, mark) && !swaps(mark, point));
  if (same.length !== 1) throw new Error(`U+${point.toString(16)} has a class outside the list ${low}..${high}`);
  return same[0][0];
}

const ranges = [], decompositions = [], pairs = [];
for (let point = 0; point < 0x110000; point++) {
  if ((point >= 0xd800 && point <= 0xdfff) || (point >= 0xac00 && point <= 0xd7a3)) continue;
  if (isLater(point)) continue;
  const whole = text(point), full = points(whole.normalize("NFD"));
  const decomposes = full.length > 1 || full[0] !== point;
  const kept = whole.normalize("NFC") === whole;
  if (decomposes) decompositions.push([point, kept ? 1 : 0, full]);
  if (decomposes && kept) {
    const first = points(text(...full.slice(0, -1)).normalize("NFC")), second = full.at(-1);
    if (first.length !== 1 || text(first[0], second).normalize("NFC") !== whole) {
      throw new Error(`U+${point.toString(16)} is not composed of two code points`);
    }
    pairs.push([first[0], second, point]);
  }
  // A code point that decomposes has the class of none: it is taken apart before marks are ordered.
  const combiningClass = decomposes ? 0 : classOf(point);
  if (combiningClass === 0) continue;
  const last = ranges.at(-1);
  if (last && last[0] + last[1] === point && last[2] === combiningClass && last[1] < 256) last[1]++;
  else ranges.push([point, 1, combiningClass]);
}

const bytes = [];
const u16 = (value) => bytes.push(value & 255, value >> 8);
const u24 = (value) => bytes.push(value & 255, (value >> 8) & 255, value >> 16);
u16(ranges.length);
for (const [first, length, combiningClass] of ranges) { u24(first); bytes.push(length - 1, combiningClass); }
u16(decompositions.length);
for (const [point, form, parts] of decompositions) { u24(point); bytes.push(form, parts.length); parts.forEach(u24); }
u16(pairs.length);
pairs.forEach((pair) => pair.forEach(u24));
writeFileSync(process.argv[2], Uint8Array.from(bytes));
console.log(`${ranges.length} class ranges, ` +
  `${decompositions.length} decompositions, ${pairs.length} pairs, ${bytes.length} bytes`);
