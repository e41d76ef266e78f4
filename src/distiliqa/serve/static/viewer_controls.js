// The controls of the viewer: window, what a drag does, zoom, heatmap, a second series.
import { counted, element, labeled, number, option } from './dom.js';

export const PRESETS = [['Soft tissue', 350, 40], ['Lung', 1500, -600], ['Bone', 2000, 500], ['Liver', 150, 60]];
export const NARROW = matchMedia('(max-width: 700px)'); // where the tools are folded
export const ZOOM = 1.25;

/** The controls of a viewer by their name, and `element`, which holds them all. */
export function controlsOf(viewer, rows) {
  const [width, level] = ['width', 'level'].map((name) => element('input', { type: 'number', id: `window-${name}`, step: 1, onchange: () => viewer.setWindow({ width: Math.max(1, Number(width.value)), level: Number(level.value) }) }));
  const compare = compareControls(viewer, rows);
  const tools = element('details', { class: 'tools', open: !NARROW.matches }, element('summary', {}, 'Tools'),
    element('div', { class: 'toolbar' }, dragGroup(viewer), viewGroup(viewer), mapGroup(viewer),
      group('Compare', labeled('Compare with', compare.others), labeled('as', compare.modes), compare.swipe)));
  const windows = element('div', { class: 'toolbar' }, group('Window', ...presets(viewer), labeled('W', width), labeled('L', level)));
  const whole = element('div', { class: 'toolbars', role: 'group', 'aria-label': 'Viewer' }, windows, tools);
  return { element: whole, width, level, tools, ...compare };
}

function presets(viewer) {
  return PRESETS.map(([name, width, level], at) => button(name, () => viewer.setWindow({ width, level }), { 'data-preset': at + 1, title: `window ${width}, level ${level}; key ${at + 1}` }));
}

function dragGroup(viewer) {
  const action = element('select', { id: 'action', onchange: () => viewer.act(action.value) }, option('window', 'window'), option('pan', 'move'), option('zoom', 'zoom'), option('roi', 'measure a circle'));
  return group('Drag', labeled('Drag to', action), button('Clear circles', () => viewer.clearCircles()));
}

function viewGroup(viewer) {
  return group('View', button('+', () => viewer.zoom(ZOOM), { 'aria-label': 'Zoom in' }), button('−', () => viewer.zoom(1 / ZOOM), { 'aria-label': 'Zoom out' }),
    button('Fit', () => viewer.fit()), button('Copy link', () => viewer.copyLink()));
}

function mapGroup(viewer) {
  const { map } = viewer;
  const { low, high } = map.scale;
  const limit = element('output', { id: 'limit' }, number(map.threshold, 1));
  const change = (name, read) => (event) => {
    map[name] = read(event.target.value);
    limit.textContent = number(map.threshold, 1);
    viewer.drawMap();
  };
  const mode = element('select', { id: 'map', onchange: change('mode', String) }, option('off', 'none'), option('overlay', 'colors'), option('contours', 'contours'));
  const threshold = element('input', { type: 'range', id: 'threshold', min: low, max: high, step: (high - low) / 40, value: map.threshold, oninput: change('threshold', Number) });
  const opacity = element('input', { type: 'range', id: 'opacity', min: 0, max: 1, step: 0.05, value: map.opacity, oninput: change('opacity', Number) });
  return group('Heatmap', labeled('Heatmap', mode), labeled('where worse than', threshold), limit, labeled('Opacity', opacity));
}

function compareControls(viewer, rows) {
  const series = rows.filter((row) => row.key !== viewer.key).map((row) => option(row.key, `${row.name}, ${row.protocol}`));
  const others = element('select', { id: 'other', onchange: () => viewer.compare(others.value, viewer.mode) }, option('', 'none'), ...series);
  const modes = element('select', { id: 'mode', disabled: true, onchange: () => viewer.setMode(modes.value) }, option('side', 'side by side'), option('swipe', 'swipe'), option('difference', 'difference'));
  const swipe = element('input', { type: 'range', id: 'swipe', min: 0, max: 100, value: 50, hidden: true, 'aria-label': 'Where the second series begins', oninput: () => viewer.placeSwipe() });
  return { others, modes, swipe };
}

/** Facts of the series, its levels and its warnings, folded. */
export function notesOf(series) {
  const notes = [...new Set(series.warnings)];
  const checks = series.checks.map((check) => element('li', { class: check.verdict.replaceAll(' ', '-') }, check.text));
  return element('details', {}, element('summary', {}, `Facts and ${counted(notes.length, 'warning')}`),
    element('p', {}, [series.protocol, series.scanner, series.standard_name, `scored by ${series.model}`].filter(Boolean).join('; ')),
    element('ul', {}, ...checks, ...notes.map((note) => element('li', { class: 'warning' }, note))));
}

/** Where a heatmap begins to be shown: in all of the scale but its best quarter. */
export function limitOf({ low, high, higher_is_better: higher }) {
  return higher ? high - (high - low) / 4 : low + (high - low) / 4;
}

function button(text, action, attributes = {}) {
  return element('button', { type: 'button', onclick: action, ...attributes }, text);
}

function group(name, ...children) {
  return element('div', { class: 'group', role: 'group', 'aria-label': name }, ...children);
}
