// The list of series: sort, filter, select, export.
import { get, post, send } from './api.js';
import { announce, counted, element, labeled, number, showProblem } from './dom.js';
import { jobsPanel } from './jobs_panel.js';
import { severalModels } from './several_models.js';

// name, heading, digits of numbers (null: text)
const COLUMNS = [
  ['name', 'Series', null], ['protocol', 'Protocol', null], ['standard_name', 'Standard name', null],
  ['scanner', 'Scanner', null], ['study_date', 'Date', null], ['kernel', 'Kernel', null],
  ['score', 'Score', 2], ['noise_hu', 'Noise level, HU', 1], ['mtf50_per_mm', 'f50, 1/mm', 3],
  ['ssde_mgy', 'SSDE, mGy', 2], ['slices', 'Slices', 0], ['levels', 'Levels', null], ['model', 'Model', null],
];
const IDENTIFYING = ['study_date'];
const VIEW = 'list'; // where this tab keeps sorting and filters, for the way back and a reload
const ORDER = 'order'; // and the keys of the rows, as they are shown

/** The keys of the series before and after one in the list as it was shown; null at its ends. */
export function neighborsOf(key, rows) {
  const kept = JSON.parse(sessionStorage.getItem(ORDER) ?? '[]');
  const keys = kept.includes(key) ? kept : rows.map((row) => row.key);
  const at = keys.indexOf(key);
  return [keys[at - 1] ?? null, keys[at + 1] ?? null];
}

const MARKS = { 'in range': '● ', 'not in range': '▲ ', 'not known': '○ ' };

export async function seriesPage(place, query, about) {
  const table = new SeriesTable(about.identify, () => jobs.look());
  const jobs = jobsPanel(about, () => table.load().catch((error) => showProblem(error.message, place)));
  place.append(element('h1', {}, 'Series'), jobs.panel, table.element);
  const isThere = await table.load().then(() => true, (error) => { showProblem(error.message, place); return false; });
  if (isThere) table.scrollBack();
  return () => { table.keep(); jobs.stop(); };
}

class SeriesTable {
  /** `onqueued` is called when a job was asked for. */
  constructor(identify, onqueued) {
    this.onqueued = onqueued;
    this.columns = COLUMNS.filter(([name]) => identify || !IDENTIFYING.includes(name));
    this.rows = [];
    const kept = JSON.parse(sessionStorage.getItem(VIEW) ?? '{}');
    this.selected = new Set(kept.selected);
    this.sorted = kept.sorted ?? ['', 1]; // the server sends the worst first
    this.filters = new Map(kept.filters);
    this.top = kept.top ?? 0;
    this.body = element('tbody');
    this.count = element('output', { class: 'count' });
    this.all = element('input', { type: 'checkbox', 'aria-label': 'Select all that are shown', onchange: () => this.selectAll() });
    this.models = element('div');
    this.element = element('section', { 'aria-label': 'Series' }, this.filterBox(), this.actions(), this.models,
      element('div', { class: 'wide' }, element('table', { id: 'series' }, this.head(), this.body)));
  }

  async load() {
    this.rows = await get('/api/series');
    const known = new Set(this.rows.map((row) => row.key));
    this.selected = new Set([...this.selected].filter((key) => known.has(key)));
    this.draw();
  }

  /** Keep what the list shows for the way back. */
  keep() {
    const { selected, sorted, filters } = this;
    sessionStorage.setItem(VIEW, JSON.stringify({ selected: [...selected], sorted, filters: [...filters], top: scrollY }));
  }

  scrollBack() { scrollTo(0, this.top); }

  head() {
    this.headings = this.columns.map(([name, heading, digits]) => element('th', { scope: 'col', 'data-column': name, class: digits === null ? null : 'number' },
      element('button', { type: 'button', onclick: () => this.sortBy(name) }, heading)));
    return element('thead', {}, element('tr', {}, element('th', { scope: 'col' }, this.all), element('th', { scope: 'col' }, 'Slice'), ...this.headings));
  }

  filterBox() {
    this.inputs = this.columns.map(([name, , digits]) => element('input', {
      'data-filter': name, autocomplete: 'off', value: this.filters.get(name), placeholder: digits === null ? 'contains' : '> 10 or 10..20',
      oninput: (event) => { this.filters.set(name, event.target.value); this.draw(); },
    }));
    const fields = this.columns.map(([, heading], at) => labeled(heading, this.inputs[at]));
    return element('details', { class: 'filters', open: [...this.filters.values()].some(Boolean) }, element('summary', {}, 'Filter'), element('div', {}, ...fields));
  }

  actions() {
    const run = (wanted) => () => this.export(wanted).catch((error) => showProblem(error.message));
    const save = () => this.saveCsv().catch((error) => showProblem(error.message));
    const button = (text, action) => element('button', { type: 'button', onclick: action }, text);
    this.compare = button('Compare', () => this.openCompared());
    this.buttons = [button('CSV', save), button('Report', run({})), button('PDF', run({ pdf: true })), button('SR', run({ sr: true }))];
    return element('div', { class: 'actions', role: 'group', 'aria-label': 'With the selected series' }, this.count, this.compare, ...this.buttons);
  }

  sortBy(name) {
    const [before, sign] = this.sorted;
    this.sorted = [name, before === name ? -sign : 1];
    this.draw();
    announce(`sorted by ${this.columns.find(([column]) => column === name)[1]}`);
  }

  tests() {
    return this.columns.map(([name, , digits]) => [name, test(this.filters.get(name) ?? '', digits)]);
  }

  /** A filter that is not understood passes all rows: its field is marked. */
  markFilters() {
    this.tests().forEach(([, passes], at) => {
      this.inputs[at].setAttribute('aria-invalid', String(passes === null));
      this.inputs[at].title = passes === null ? 'not understood: write > 10, < 20 or 10..20, with a point in decimals' : '';
    });
  }

  shown() {
    const tests = this.tests();
    const rows = this.rows.filter((row) => tests.every(([name, passes]) => passes === null || passes(row[name])));
    const [name, sign] = this.sorted;
    const value = name === 'score' ? quality : (row) => row[name]; // scales of models may differ
    return name ? rows.sort((a, b) => order(value(a), value(b), sign)) : rows;
  }

  draw() {
    this.markFilters();
    const rows = this.shown();
    sessionStorage.setItem(ORDER, JSON.stringify(rows.map((row) => row.key)));
    this.body.replaceChildren(...rows.map((row) => this.row(row)));
    this.models.replaceChildren(severalModels(rows.map((row) => row.model)) ?? '');
    if (!rows.length) this.body.append(element('tr', {}, element('td', { colspan: this.columns.length + 2 }, this.rows.length ? 'No series passes the filter.' : 'No series yet.')));
    for (const heading of this.headings) {
      const isIt = heading.dataset.column === this.sorted[0];
      heading.setAttribute('aria-sort', !isIt ? 'none' : this.sorted[1] > 0 ? 'ascending' : 'descending');
    }
    this.update(rows);
  }

  update(rows = this.shown()) {
    this.count.textContent = `${rows.length} of ${this.rows.length} series, ${this.selected.size} selected`;
    this.all.checked = rows.length > 0 && rows.every((row) => this.selected.has(row.key));
    this.compare.disabled = this.selected.size !== 2;
    this.keep();
    for (const button of this.buttons) button.disabled = !this.selected.size;
  }

  row(row) {
    const cells = this.columns.map(([name, heading, digits]) => element('td', { class: digits === null ? null : 'number', 'data-heading': heading }, ...this.cell(row, name, digits)));
    const box = element('input', { type: 'checkbox', 'aria-label': `Select ${row.name}`, checked: this.selected.has(row.key), onchange: (event) => {
      if (event.target.checked) this.selected.add(row.key); else this.selected.delete(row.key);
      this.update();
    } });
    const picture = element('img', { src: `/api/series/${row.key}/thumbnail`, alt: '', loading: 'lazy', width: 48, height: 48 });
    return element('tr', { 'data-key': row.key, class: `level-${(row.levels ?? 'none').replaceAll(' ', '-')}` }, element('td', {}, box),
      element('td', { class: 'thumbnail' }, element('a', { href: `#/view/${row.key}`, tabindex: -1, 'aria-hidden': 'true' }, picture)), ...cells);
  }

  cell(row, name, digits) {
    if (name === 'name') {
      const notes = row.warnings.length ? [' ', element('small', { class: 'warning', title: row.warnings.join('\n') }, counted(row.warnings.length, 'warning'))] : [];
      return [element('a', { href: `#/view/${row.key}` }, row.name), ...notes];
    }
    if (name === 'score') return [meter(row), number(row.score, 2)];
    if (name === 'levels') return row.levels ? [element('span', { class: row.levels.replaceAll(' ', '-') }, MARKS[row.levels] + row.levels)] : [];
    return [digits === null ? row[name] ?? '' : number(row[name], digits)];
  }

  selectAll() {
    for (const row of this.shown()) if (this.all.checked) this.selected.add(row.key); else this.selected.delete(row.key);
    this.draw();
  }

  async saveCsv() {
    const answer = await send('/api/exports/series.csv', { series: [...this.selected] });
    const address = URL.createObjectURL(await answer.blob());
    element('a', { href: address, download: 'series.csv' }).click();
    URL.revokeObjectURL(address);
  }

  async export(wanted) {
    await post('/api/exports', { series: [...this.selected], ...wanted });
    announce('the report is queued');
    await this.onqueued();
  }

  openCompared() {
    const [a, b] = [...this.selected];
    location.hash = `#/view/${a}?b=${b}&mode=side`;
  }
}

/** A bar of the score on its scale: length, so that it reads in gray. */
function meter(row) {
  return element('meter', { min: 0, max: 1, value: shareOf(row), 'aria-hidden': 'true' });
}

/** Share of the scale above its worst end, as the server sorts. */
function quality(row) { return row.scale.higher_is_better ? shareOf(row) : 1 - shareOf(row); }

function shareOf({ score, scale }) { return (score - scale.low) / (scale.high - scale.low); }

function order(a, b, sign) {
  if (a === b) return 0;
  if (a === null || a === undefined || a === '') return 1;
  if (b === null || b === undefined || b === '') return -1;
  return sign * (typeof a === 'number' ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true }));
}

/** The test of a filter: words for text; "> 10", "< 20" or "10..20" for numbers; null for one that is not understood. */
export function test(text, digits) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return () => true;
  if (digits === null) {
    const words = wanted.split(/\s+/);
    return (value) => words.every((word) => String(value ?? '').toLowerCase().includes(word));
  }
  const [, sign, first, last] = /^([<>]?=?)\s*(-?\d+(?:\.\d+)?)(?:\s*\.\.\s*(-?\d+(?:\.\d+)?))?$/.exec(wanted) ?? [];
  if (first === undefined || (sign && last !== undefined)) return null;
  const [low, high] = [Number(first), Number(last ?? first)];
  const passes = { '<': (value) => value < low, '<=': (value) => value <= low, '>': (value) => value > low, '>=': (value) => value >= low };
  const isIn = passes[sign] ?? ((value) => value >= low && value <= high);
  return (value) => value !== null && value !== undefined && isIn(value);
}
