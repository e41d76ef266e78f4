// Wheel, keys and pointer of the viewer.
import { NARROW, PRESETS, ZOOM } from './viewer_controls.js';

const PAGE = 10; // slices of Page Up and Page Down
const STEPS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, PageDown: PAGE, PageUp: -PAGE };

/** Let a viewer follow what the user does; returns what ends that. */
export function listenTo(viewer) {
  const stop = new AbortController();
  const { signal } = stop;
  const { stage, boxA, boxB } = viewer;
  stage.addEventListener('wheel', (event) => turn(viewer, event), { passive: false, signal });
  stage.addEventListener('keydown', (event) => press(viewer, event), { signal });
  for (const box of [boxA, boxB]) {
    box.addEventListener('pointermove', (event) => viewer.point(event, box), { signal });
    box.addEventListener('pointerdown', () => viewer.lead(box === boxA ? viewer.a : viewer.b), { signal, capture: true });
  }
  stage.addEventListener('contextmenu', (event) => event.preventDefault(), { signal });
  addEventListener('hashchange', () => viewer.follow(), { signal });
  NARROW.addEventListener('change', () => { viewer.controls.tools.open = !NARROW.matches; }, { signal });
  return () => stop.abort();
}

function turn(viewer, event) {
  event.preventDefault();
  if (event.ctrlKey) viewer.zoom(event.deltaY < 0 ? ZOOM : 1 / ZOOM);
  else viewer.go(viewer.a.wanted + Math.sign(event.deltaY));
}

function press(viewer, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { key } = event;
  const preset = PRESETS[key - 1];
  const last = viewer.series.slices.length - 1;
  if (key in STEPS) viewer.go(viewer.a.wanted + STEPS[key]);
  else if (key === '+' || key === '=') viewer.zoom(ZOOM);
  else if (key === '-') viewer.zoom(1 / ZOOM);
  else if (key === '0') viewer.fit();
  else if (key === 'p' || key === 'n') viewer.turnTo(key === 'p' ? 0 : 1);
  else if (key === 'Home' || key === 'End') viewer.go(key === 'Home' ? 0 : last);
  else if (preset) viewer.setWindow({ width: preset[1], level: preset[2] });
  else return;
  event.preventDefault();
}
