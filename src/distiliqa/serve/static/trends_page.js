// Any two measures of the series against each other.
import { get } from './api.js';
import { drawn, element, labeled, option, showProblem } from './dom.js';

const NARROW_PX = 700;
const WORDS = { protocol: 'protocol', standard_name: 'standard name', scanner: 'scanner', kernel: 'kernel', model: 'model' };

export async function trendsPage(place, query) {
  const { measures, groups } = await get('/api/trends/measures');
  const names = Object.entries(measures);
  const select = (name, options, value) => {
    const made = element('select', { id: name, onchange: draw }, ...options.map(([key, text]) => option(key, text)));
    made.value = query.get(name) ?? value;
    return made;
  };
  const x = select('x', names, 'dw_mm');
  const y = select('y', names, 'noise_hu');
  const by = select('by', groups.map((name) => [name, WORDS[name]]), 'protocol');
  const figure = element('figure', { class: 'plot-of-series' });
  place.append(element('h1', {}, 'Trends'),
    element('div', { class: 'toolbar' }, labeled('Across', x), labeled('Up', y), labeled('Color', by)), figure);

  let asked = 0; // of late answers only the last one is drawn
  async function draw() {
    const turn = asked += 1;
    const wanted = new URLSearchParams({ x: x.value, y: y.value, by: by.value });
    if (!place.isConnected) return; // the address is that of another page by now
    const narrow = innerWidth < NARROW_PX ? '&narrow=1' : '';
    history.replaceState(null, '', `#/trends?${wanted}`);
    try {
      const found = await get(`/api/trends/plot?${wanted}${narrow}`);
      if (turn !== asked) return;
      const left = found.left_out ? `, ${found.left_out} without both measures` : '';
      figure.replaceChildren(drawn(found.svg), element('figcaption', {}, `${found.series} series${left}. A line is a fit by least squares of one group. A click opens the series.`),
        ...(found.warning ? [element('p', { class: 'warning' }, found.warning)] : []));
      showProblem('', place);
    } catch (error) {
      if (turn !== asked) return;
      figure.replaceChildren();
      showProblem(error.message, place);
    }
  }
  await draw();
}
