// Score, noise, f50 and dose along z, small, beside the slices; a click goes to the slice.
import { element, number, shape } from './dom.js';

const [WIDTH, HEIGHT, EDGE] = [300, 64, 6];
const MEASURES = [['score', 'Score', 2], ['noise_hu', 'Noise, HU', 1], ['mtf50_per_mm', 'f50, 1/mm', 3], ['dose', 'Dose, mGy', 2]];

export class Along {
  /** `go` takes the index of a slice. */
  constructor(series, go) {
    const slices = series.slices.map((slice) => ({ ...slice, dose: slice.ssde_mgy ?? slice.ctdivol_mgy }));
    this.slices = slices;
    this.plots = MEASURES.filter(([name]) => slices.some((slice) => slice[name] !== null))
      .map((measure) => plot(slices, measure, go));
    this.element = element('section', { class: 'along', 'aria-label': 'Along z' }, ...this.plots.map(({ figure }) => figure));
  }

  /** Mark the slice that is shown. */
  mark(index) {
    for (const { line, value, name, digits, x } of this.plots) {
      for (const end of ['x1', 'x2']) line.setAttribute(end, x(index));
      value.textContent = number(this.slices[index][name], digits) || 'unknown';
    }
  }
}

function plot(slices, [name, title, digits], go) {
  const known = slices.map((slice) => slice[name]).filter((value) => value !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const x = (index) => EDGE + (slices.length > 1 ? index / (slices.length - 1) : 0.5) * (WIDTH - 2 * EDGE);
  const y = (value) => HEIGHT - EDGE - (high > low ? (value - low) / (high - low) : 0.5) * (HEIGHT - 2 * EDGE);
  const line = shape('line', { class: 'now', y1: 0, y2: HEIGHT });
  const value = element('b');
  const drawn = shape('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': `${title} along z, ${number(low, digits)} to ${number(high, digits)}` },
    shape('path', { class: 'curve', d: path(slices.map((slice) => slice[name]), x, y) }),
    ...(slices.length <= 200 ? slices.map((slice, index) => (slice[name] === null ? '' : shape('circle', { class: slice.outside ? 'dot flagged' : 'dot', cx: x(index), cy: y(slice[name]), r: 2 }))) : []), line);
  drawn.addEventListener('click', (event) => {
    const box = drawn.getBoundingClientRect();
    const share = ((event.clientX - box.left) / box.width * WIDTH - EDGE) / (WIDTH - 2 * EDGE);
    go(Math.round(Math.min(1, Math.max(0, share)) * (slices.length - 1)));
  });
  const range = element('small', {}, ` ${number(low, digits)} to ${number(high, digits)}`);
  const figure = element('figure', { 'data-measure': name }, element('figcaption', {}, `${title}: `, value, range), drawn);
  return { figure, line, value, name, digits, x };
}

/** A path through the known values; unknown ones leave a gap. */
function path(values, x, y) {
  let begins = true;
  return values.map((value, index) => {
    if (value === null) { begins = true; return ''; }
    const command = begins ? 'M' : 'L';
    begins = false;
    return `${command}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
  }).join('');
}
