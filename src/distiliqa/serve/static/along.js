// Score, noise, f50 and dose along z, small, beside the slices; a click goes to the slice.
import { element, number, shape } from './dom.js';
import { placesIn } from './linked_series.js';
import { severalModels } from './several_models.js';

const [WIDTH, HEIGHT, EDGE, MARK] = [300, 64, 6, 4];
const MEASURES = [['score', 'Score', 2], ['noise_hu', 'Noise level, HU', 1], ['mtf50_per_mm', 'f50, 1/mm', 3]];
const DOSES = [['ssde_mgy', 'SSDE, mGy', 2], ['ctdivol_mgy', 'CTDIvol, mGy', 2]];
const MAX_MARKED = 200; // slices; of more only the curve is drawn

export class Along {
  /** `other` is drawn beside `series`, null for nothing; `go` takes the index of a slice of `series`. */
  constructor(series, other, go) {
    this.slices = series.slices;
    this.others = other && other.slices;
    const measured = [...this.slices, ...(this.others ?? [])];
    this.plots = [...MEASURES, doseOf([this.slices, this.others])].filter(([name]) => measured.some((slice) => slice[name] !== null))
      .map((measure) => plot(this.slices, this.others, measure, go));
    const models = other && severalModels([series.model, other.model]);
    this.element = element('section', { class: 'along', 'aria-label': 'Along z' }, models, ...this.plots.map(({ figure }) => figure));
  }

  /** Mark the slice that is shown; `partner` is that of the other series. */
  mark(index, partner) {
    for (const { line, value, name, digits, x } of this.plots) {
      for (const end of ['x1', 'x2']) line.setAttribute(end, x(index));
      const known = (slice) => number(slice[name], digits) || 'unknown';
      value.textContent = known(this.slices[index]) + (this.others ? `, second ${known(this.others[partner])}` : '');
    }
  }
}

/** SSDE where all series have it, else CTDIvol: one curve is of one kind of dose. */
function doseOf(series) {
  const isKnown = series.every((slices) => !slices || slices.some((slice) => slice.ssde_mgy !== null));
  return DOSES[isKnown ? 0 : 1];
}

function plot(slices, others, [name, title, digits], go) {
  const known = [...slices, ...(others ?? [])].map((slice) => slice[name]).filter((value) => value !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const x = (index) => EDGE + (slices.length > 1 ? index / (slices.length - 1) : 0.5) * (WIDTH - 2 * EDGE);
  const y = (value) => HEIGHT - EDGE - (high > low ? (value - low) / (high - low) : 0.5) * (HEIGHT - 2 * EDGE);
  const point = (slice, place) => (slice[name] === null || place === null ? null : { x: x(place), y: y(slice[name]), slice });
  const own = slices.map((slice, index) => point(slice, index));
  const places = others && placesIn(slices, others);
  const second = (others ?? []).map((slice, at) => point(slice, places[at]));
  const line = shape('line', { class: 'now', y1: 0, y2: HEIGHT });
  const value = element('b');
  const label = `${title} along z, ${number(low, digits)} to ${number(high, digits)}${others ? '; dashed: the second series' : ''}`;
  const drawn = shape('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': label },
    shape('path', { class: 'curve second', d: path(second) }), ...marks(second, square),
    shape('path', { class: 'curve', d: path(own) }), ...marks(own, dot), line);
  drawn.addEventListener('click', (event) => {
    const box = drawn.getBoundingClientRect();
    const share = ((event.clientX - box.left) / box.width * WIDTH - EDGE) / (WIDTH - 2 * EDGE);
    go(Math.round(Math.min(1, Math.max(0, share)) * (slices.length - 1)));
  });
  const range = element('small', {}, ` ${number(low, digits)} to ${number(high, digits)}`);
  const figure = element('figure', { 'data-measure': name }, element('figcaption', {}, `${title}: `, value, range), drawn);
  return { figure, line, value, name, digits, x };
}

function marks(points, draw) {
  return points.length > MAX_MARKED ? [] : points.filter((one) => one !== null).map(draw);
}

function dot({ x, y, slice }) { return shape('circle', { class: slice.outside ? 'dot flagged' : 'dot', cx: x, cy: y, r: 2 }); }

function square({ x, y, slice }) {
  return shape('rect', { class: slice.outside ? 'dot second flagged' : 'dot second', x: x - MARK / 2, y: y - MARK / 2, width: MARK, height: MARK });
}

/** A path through the known points; unknown ones leave a gap. */
function path(points) {
  let begins = true;
  return points.map((one) => {
    if (one === null) { begins = true; return ''; }
    const command = begins ? 'M' : 'L';
    begins = false;
    return `${command}${one.x.toFixed(1)} ${one.y.toFixed(1)}`;
  }).join('');
}
