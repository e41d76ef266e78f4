// Control charts of a monitor, and what a listener received.
import { get } from './api.js';
import { drawn, element, number } from './dom.js';
import { severalModels } from './several_models.js';

const POLL_MS = 15000;
const HOW_TO_READ = 'A dot is a series. The line is the moving average of its protocol, the thin line the mean of the first series, which are the baseline. Averages outside the dashed limits are squares.';

export async function monitorPage(place) {
  const protocols = await get('/api/monitor');
  place.append(element('h1', {}, 'Monitor'));
  place.append(element('p', {}, protocols.length ? HOW_TO_READ : 'No series yet.'));
  for (const protocol of protocols) {
    const episodes = protocol.episodes.map((one) => element('li', {}, `${one.measure} ${one.side} than the baseline, series ${one.first} to ${one.last}${one.still ? ', still' : ''}`));
    place.append(element('section', { 'aria-label': protocol.name },
      element('h2', {}, protocol.name), element('p', {}, stateOf(protocol), `, ${protocol.series} series, scored by ${protocol.model}. ${protocol.order}`), element('ul', {}, ...episodes),
      element('div', { class: 'charts' }, ...protocol.charts.map((chart) => element('figure', { 'aria-label': chart.name }, drawn(chart.svg), element('figcaption', {}, chart.explained))))));
  }
}

/** The state of a protocol with its mark; without a color where nothing is judged yet. */
function stateOf({ is_out: isOut, is_judged: isJudged, state }) {
  if (isOut) return element('b', { class: 'not-in-range' }, `▲ ${state}`);
  return isJudged ? element('span', { class: 'in-range' }, `● ${state}`) : element('span', { class: 'not-judged' }, `○ ${state}`);
}

const COLUMNS = [['received', 'Done, UTC'], ['name', 'Series'], ['outcome', 'Outcome'], ['images', 'Images'], ['score', 'Score'], ['noise_hu', 'Noise level, HU'], ['mtf50_per_mm', 'f50, 1/mm'], ['ssde_mgy', 'SSDE, mGy'], ['model', 'Model']];

export async function receivedPage(place) {
  const body = element('tbody');
  const head = element('tr', {}, ...COLUMNS.map(([, text]) => element('th', { scope: 'col' }, text)));
  const models = element('div');
  place.append(element('h1', {}, 'Received'), models, element('div', { class: 'wide' }, element('table', {}, element('thead', {}, head), body)));
  async function look() {
    const rows = await get('/api/received');
    models.replaceChildren(severalModels(rows.filter((row) => row.score).map((row) => row.model)) ?? '');
    body.replaceChildren(...rows.map((row) => element('tr', {}, ...COLUMNS.map(([name, heading]) => element('td', { 'data-heading': heading },
      name === 'name' && row.key ? element('a', { href: `#/view/${row.key}` }, row.name) : shown(row[name]))))));
    if (!rows.length) body.append(element('tr', {}, element('td', { colspan: COLUMNS.length }, 'Nothing was received yet.')));
  }
  await look();
  const timer = setInterval(() => look().catch(() => {}), POLL_MS);
  return () => clearInterval(timer);
}

function shown(value) {
  return typeof value === 'number' ? number(value, 2) : value ?? '';
}
