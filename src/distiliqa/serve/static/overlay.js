// What lies over a slice: the heatmap of the score, the scale bar, right and left.
import { contours } from '/static/cornerstone.js';
import { get } from './api.js';
import { element, showProblem } from './dom.js';

const BARS_MM = [1, 2, 5, 10, 20, 50, 100, 200];
const MAX_BAR = 0.3; // of the width
// Ends of the map in Oklab, as in the report: dark blue is the best score, light yellow the worst.
const [BEST, WORST] = [[0.28, -0.01, -0.10], [0.94, -0.02, 0.15]];

export class Overlay {
  constructor(place) {
    this.canvas = element('canvas', { class: 'heatmap', 'aria-hidden': 'true' });
    this.bar = element('span', { class: 'scale-bar' });
    this.right = element('span', { class: 'side-right' }, 'R');
    this.left = element('span', { class: 'side-left' }, 'L');
    this.note = element('span', { class: 'overlay-note' });
    place.append(this.canvas, this.bar, this.right, this.left, this.note);
    this.place = place;
    this.map = null;
  }

  /** Draw again after the slice has moved. `how`: { mode, opacity, threshold, scale }. */
  draw(stack, how) {
    const { facts } = stack;
    if (!facts) return;
    this.right.hidden = this.left.hidden = facts.center === null;
    this.drawBar(stack, facts);
    const { clientWidth: width, clientHeight: height } = this.place;
    Object.assign(this.canvas, { width, height });
    if (this.map === null || how.mode === 'off') return;
    const context = this.canvas.getContext('2d');
    place(context, stack, this.map, facts);
    if (how.mode === 'overlay') paint(context, this.map, how);
    else outline(context, this.map, how, stack);
  }

  drawBar(stack, facts) {
    this.bar.hidden = facts.spacing === null;
    if (facts.spacing === null) return;
    const [a, b] = [stack.toScreen(0, 0), stack.toScreen(100, 0)];
    const perMm = Math.abs(b[0] - a[0]) / (100 * facts.spacing[1]);
    const mm = BARS_MM.findLast((length) => length * perMm <= MAX_BAR * this.place.clientWidth) ?? BARS_MM[0];
    this.bar.style.width = `${mm * perMm}px`;
    this.bar.textContent = `${mm} mm`;
  }
}

/** The heatmaps of slices, each fetched once; null for one that the server cannot give. */
export class Heatmaps {
  constructor(page) { Object.assign(this, { page, known: new Map() }); }

  async of(key, index) {
    const path = `/api/series/${key}/slices/${index + 1}/heatmap`;
    if (!this.known.has(path)) this.known.set(path, get(path));
    try { return await this.known.get(path); } catch (error) { this.known.delete(path); showProblem(error.message, this.page); return null; }
  }
}

/** Let the canvas count in patches of the map, which lies over the middle of the slice. */
function place(context, stack, map, facts) {
  const start = (length) => Math.floor((length - Math.min(length, map.size)) / 2) - Math.floor((map.size - Math.min(length, map.size)) / 2);
  const [x, y] = [start(facts.columns) - 0.5, start(facts.rows) - 0.5];
  const [left, top] = stack.toScreen(x, y);
  const [right, bottom] = stack.toScreen(x + map.size, y + map.size);
  context.setTransform((right - left) / map.columns, 0, 0, (bottom - top) / map.rows, left, top);
}

function isShown(value, { threshold, scale }) {
  return value !== null && (scale.higher_is_better ? value <= threshold : value >= threshold);
}

function paint(context, map, how) {
  const picture = new OffscreenCanvas(map.columns, map.rows);
  const pixels = new ImageData(map.columns, map.rows);
  map.values.forEach((value, at) => {
    if (isShown(value, how)) pixels.data.set([...color(value, how.scale), 255 * how.opacity], 4 * at);
  });
  picture.getContext('2d').putImageData(pixels, 0, 0);
  context.imageSmoothingEnabled = true;
  context.drawImage(picture, 0, 0);
}

function outline(context, map, how, stack) {
  const { higher_is_better: higher, low, high } = how.scale;
  const bad = map.values.map((value) => (value === null ? -Infinity : higher ? high - value : value - low));
  const level = higher ? high - how.threshold : how.threshold - low;
  const [found] = contours().size([map.columns, map.rows]).thresholds([level])(bad.map((value) => Math.max(value, level - (high - low))));
  context.beginPath();
  for (const polygon of found.coordinates) for (const ring of polygon) ring.forEach(([x, y], at) => (at ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.setTransform(1, 0, 0, 1, 0, 0); // a line is as wide everywhere
  for (const [style, width] of [['#000', 4], ['#ffe08a', 2]]) {
    Object.assign(context, { strokeStyle: style, lineWidth: width, globalAlpha: how.opacity });
    context.stroke();
  }
}

/** The color of a score, sRGB from 0 to 255. */
export function color(value, { low, high, higher_is_better: higher }) {
  const share = Math.min(1, Math.max(0, (value - low) / (high - low)));
  const loss = higher ? 1 - share : share;
  const [l, a, b] = BEST.map((end, at) => (1 - loss) * end + loss * WORST[at]);
  const cones = [l + 0.3963377774 * a + 0.2158037573 * b, l - 0.1055613458 * a - 0.0638541728 * b, l - 0.0894841775 * a - 1.2914855480 * b].map((cone) => cone ** 3);
  const linear = [[4.0767416621, -3.3077115913, 0.2309699292], [-1.2684380046, 2.6097574011, -0.3413193965], [-0.0041960863, -0.7034186147, 1.7076147010]]
    .map((row) => row.reduce((sum, part, at) => sum + part * cones[at], 0));
  return linear.map((part) => Math.min(1, Math.max(0, part)))
    .map((part) => Math.round(255 * (part <= 0.0031308 ? 12.92 * part : 1.055 * part ** (1 / 2.4) - 0.055)));
}
