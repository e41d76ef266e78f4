// The viewer: one series, or two that are linked by their position.
import { get } from './api.js';
import { Along } from './along.js';
import { announce, element, number, reasonOf, showProblem } from './dom.js';
import { addressOf } from './hu_images.js';
import { partnerOf } from './linked_series.js';
import { Heatmaps, Overlay } from './overlay.js';
import { compare, compareAs, dropSecond, placeSwipe } from './second_series.js';
import { factsOf, regionText, worstOf } from './slice_facts.js';
import { neighborsOf } from './series_page.js';
import { clearRegions, onRegions } from './regions.js';
import { Stack } from './stack.js';
import { controlsOf, limitOf, notesOf } from './viewer_controls.js';
import { listenTo } from './viewer_input.js';

export async function viewerPage(place, query, about, key) {
  const viewer = new Viewer(place, key, query);
  try {
    await viewer.open();
  } catch (error) {
    viewer.close();
    throw error;
  }
  return () => viewer.close();
}

class Viewer {
  constructor(place, key, query) {
    Object.assign(this, { place, key, query });
    this.mode = query.get('mode') ?? 'side';
    this.action = 'window';
    this.leader = null; // the series under the hand; the other one follows it
    this.map = { mode: 'off', opacity: 0.6, threshold: 0, scale: null };
    this.heatmaps = new Heatmaps(place);
    this.abort = [];
    this.turn = 0; // of the choices of a second series, which come one after the other
    this.isClosed = false;
  }

  async open() {
    const [series, rows] = await Promise.all([get(`/api/series/${this.key}`), get('/api/series')]);
    this.series = series;
    Object.assign(this.map, { scale: series.scale, threshold: limitOf(series.scale) });
    this.build(rows);
    const start = Math.min(Math.max(1, Math.round(Number(this.query.get('n'))) || worstOf(this.series)), this.series.slices.length) - 1;
    this.a = await Stack.in(this.boxA, () => this.rendered(this.a));
    this.abort.push(onRegions(() => this.showRegions()));
    this.abort.push(listenTo(this));
    this.a.window = this.startWindow();
    const isThere = await this.a.load(this.addresses(this.series), start).then(() => true, (error) => this.fails(error));
    this.stage.focus({ preventScroll: true });
    if (!isThere) return; // the others can be looked at all the same
    if (this.query.get('b')) await this.compare(this.query.get('b'), this.mode);
    this.shown();
  }

  close() {
    this.isClosed = true;
    clearTimeout(this.keeping); // the address is that of another page by now
    for (const stop of this.abort) stop();
    this.a?.close();
    if (this.boxB) dropSecond(this);
  }

  report(error, before = '') { showProblem(before + reasonOf(error), this.place); }

  addresses(series) {
    return series.slices.map((_, at) => addressOf(series.key, at + 1));
  }

  startWindow() {
    const [width, level] = ['w', 'l'].map((name) => Number(this.query.get(name)));
    return this.query.has('w') && width > 0 ? { width, level } : { ...this.series.window };
  }

  build(rows) {
    this.boxA = element('div', { class: 'slices', id: 'slices-a' });
    this.boxB = element('div', { class: 'slices', id: 'slices-b', hidden: true });
    this.stage = element('div', { class: 'stage', tabindex: 0, role: 'application', 'aria-label': 'Slices. Arrow keys change the slice, 1 to 4 the window, plus and minus the zoom, p and n the series.' }, this.boxA, this.boxB);
    this.slider = element('input', { type: 'range', min: 1, max: this.series.slices.length, value: 1, 'aria-label': 'Slice', oninput: () => this.go(this.slider.value - 1) });
    this.facts = element('p', { class: 'facts', id: 'slice-facts' });
    this.pointer = element('output', { class: 'pointer', id: 'pointer' });
    this.regions = element('ul', { class: 'regions', 'aria-label': 'Regions' });
    this.controls = controlsOf(this, rows);
    this.along = this.newAlong();
    this.side = element('aside', {}, this.facts, this.pointer, this.regions, this.along.element, notesOf(this.series));
    this.neighbors = neighborsOf(this.key, rows);
    const near = ['Previous', 'Next'].map((name, at) => this.neighbors[at] && element('a', { class: 'near', href: `#/view/${this.neighbors[at]}` }, name));
    this.place.append(
      element('h1', {}, element('a', { href: '#/', 'aria-label': 'Back to the series' }, '‹ '), this.series.name, ...near),
      this.controls.element, element('div', { class: 'viewer' }, element('div', {}, this.stage, this.slider), this.side));
    this.overlay = new Overlay(this.boxA);
    this.overlayB = new Overlay(this.boxB);
  }

  /** Draw the curves along z anew. */
  drawAlong() {
    const before = this.along;
    this.along = this.newAlong();
    before.element.replaceWith(this.along.element);
  }

  newAlong() { return new Along(this.series, this.b ? this.other : null, (index) => this.go(index)); }

  async go(index) {
    try {
      const going = [this.a.go(index)];
      if (this.b && this.mode !== 'difference') going.push(this.b.go(this.partner(this.a.wanted)));
      this.slider.value = this.a.wanted + 1;
      await Promise.all(going);
      this.shown();
      showProblem('', this.place);
    } catch (error) { this.fails(error); }
  }

  /** Say why the slice that is asked for is not shown. */
  fails(error) {
    this.facts.textContent = '';
    this.report(error, `slice ${this.a.wanted + 1}: `);
  }

  /** Look at the series before (0) or after (1) this one in the list. */
  turnTo(side) { if (this.neighbors[side]) location.hash = `#/view/${this.neighbors[side]}`; }

  /** The index in the second series of the slice beside a slice of the first. */
  partner(index) { return partnerOf(this.series.slices, this.other.slices, index); }

  shown() {
    const index = this.a.index;
    const partner = this.b && this.partner(index);
    this.facts.textContent = this.a.isBlank ? '' : factsOf(this.series, index) + (this.b ? `, beside ${factsOf(this.other, partner)}` : '');
    announce(this.facts.textContent);
    this.along.mark(index, partner);
    this.slider.value = index + 1;
    this.keepAddress();
    this.showHu();
    this.showRegions();
    this.drawMap();
  }

  rendered(stack) {
    if (!stack?.facts || ![this.a, this.b].includes(stack)) return;
    const other = stack === this.a ? this.b : this.a;
    if (other?.facts && this.mode !== 'difference' && stack === (this.leader ?? this.a)) other.follows(stack, true);
    if (stack === this.a) {
      this.showWindow();
      this.keepAddress();
    }
    (stack === this.a ? this.overlay : this.overlayB).draw(stack, this.map);
  }

  showWindow() {
    const { width, level } = this.a.window;
    this.controls.width.value = Math.round(width);
    this.controls.level.value = Math.round(level);
  }

  setWindow(window) { this.lead(this.a); this.a.window = window; }

  zoom(factor) { this.lead(this.a); this.a.zoomBy(factor); }

  fit() { this.lead(this.a); this.a.reset(); }

  lead(stack) { this.leader = stack; }

  clearCircles() {
    clearRegions([this.a, this.b].filter(Boolean));
    this.showRegions();
  }

  compare(key, mode) { return compare(this, key, mode); }

  setMode(mode) { return compareAs(this, mode); }

  placeSwipe() { placeSwipe(this); }

  act(name) { this.action = name; this.a.act(name); this.b?.act(name); }

  point({ clientX, clientY }, box) {
    this.pointed = { clientX, clientY, box };
    this.showHu();
  }

  /** The HU under the pointer, also after the slice has changed below it. */
  showHu() {
    if (!this.pointed) return;
    const { clientX, clientY, box } = this.pointed;
    const edge = box.getBoundingClientRect();
    const found = (box === this.boxA ? this.a : this.b)?.at(clientX - edge.left, clientY - edge.top);
    this.pointer.textContent = found ? `${number(found.hu, 0)} HU at column ${found.column}, row ${found.row}` : '';
  }

  showRegions() {
    const of = (stack, name) => (stack ? stack.regions().map((stats) => element('li', {}, name + regionText(stats))) : []);
    this.regions.replaceChildren(...of(this.a, this.b ? 'first: ' : ''), ...of(this.b, 'second: '));
  }

  async drawMap() {
    const { a, b } = this;
    const asked = this.asked = {}; // of late maps only the last one is drawn
    this.overlay.map = this.overlayB.map = null;
    if (this.map.mode !== 'off') {
      const maps = await Promise.all([this.heatmaps.of(this.key, a.index), b && this.heatmaps.of(this.other.key, b.index)]);
      if (asked !== this.asked || this.isClosed) return;
      [this.overlay.map, this.overlayB.map] = maps;
    }
    this.overlay.draw(a, this.map);
    if (b) this.overlayB.draw(b, this.map);
  }

  /** Let the address open this slice with this window. */
  keepAddress() {
    clearTimeout(this.keeping);
    if (this.isClosed) return;
    this.keeping = setTimeout(() => history.replaceState(null, '', this.link()), 200);
  }

  link() {
    const { width, level } = this.mode === 'difference' && this.beforeDifference ? this.beforeDifference : this.a.window;
    const query = new URLSearchParams({ n: this.a.index + 1, w: Math.round(width), l: Math.round(level) });
    if (this.b) { query.set('b', this.other.key); query.set('mode', this.mode); }
    return `#/view/${this.key}?${query}`;
  }

  follow() {
    const query = new URLSearchParams(location.hash.split('?')[1] ?? '');
    if (query.get('n')) this.go(Number(query.get('n')) - 1);
    if (query.get('w')) this.setWindow({ width: Number(query.get('w')), level: Number(query.get('l')) });
    const [other, mode] = [query.get('b') ?? '', query.get('mode') ?? 'side'];
    if (other !== (this.other?.key ?? '')) this.compare(other, mode);
    else if (other && mode !== this.mode) this.setMode(mode);
  }

  async copyLink() {
    const link = new URL(this.link(), location.href).href;
    try { await navigator.clipboard.writeText(link); announce('link copied'); } catch { prompt('Link to this slice', link); }
  }
}
