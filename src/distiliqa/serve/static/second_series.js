// The second series of a viewer: beside the first, over it, or taken from it.
import { get } from './api.js';
import { addressOf, differenceOf } from './hu_images.js';
import { partnerOf } from './linked_series.js';
import { Stack } from './stack.js';

const DIFFERENCE = { width: 200, level: 0 };

/** Compare with a series, or with none for ''. Of choices that follow each other the last one counts. */
export async function compare(viewer, key, mode) {
  const turn = viewer.turn += 1;
  const isLeft = () => viewer.isClosed || turn !== viewer.turn;
  viewer.lead(viewer.a);
  dropSecond(viewer);
  viewer.controls.others.value = key;
  try {
    if (key) await addSecond(viewer, key, isLeft);
  } catch (error) {
    if (isLeft()) return;
    dropSecond(viewer);
    viewer.controls.others.value = '';
    viewer.report(error);
  }
  if (isLeft()) return;
  viewer.controls.modes.disabled = !viewer.b;
  viewer.drawAlong();
  await compareAs(viewer, viewer.b ? mode : 'side');
}

async function addSecond(viewer, key, isLeft) {
  const other = await get(`/api/series/${key}`);
  if (isLeft()) return;
  viewer.boxB.hidden = false;
  const b = viewer.coming = await Stack.in(viewer.boxB, () => viewer.rendered(b));
  await b.load(viewer.addresses(other), partnerOf(viewer.series.slices, other.slices, viewer.a.index));
  if (isLeft()) return;
  Object.assign(viewer, { other, b, coming: null });
  b.act(viewer.action);
}

export function dropSecond(viewer) {
  viewer.b?.close();
  viewer.coming?.close();
  Object.assign(viewer, { other: null, b: null, coming: null });
  viewer.boxB.hidden = true;
}

/** Compare side by side, by a swipe or as a difference. */
export async function compareAs(viewer, mode) {
  const was = viewer.stage.dataset.mode;
  const { part } = viewer.a;
  viewer.mode = mode;
  viewer.controls.modes.value = mode;
  viewer.stage.dataset.mode = viewer.b ? mode : 'one';
  viewer.controls.swipe.hidden = mode !== 'swipe' || !viewer.b;
  viewer.boxB.style.clipPath = '';
  if (was === 'difference' || mode === 'difference') await showDifference(viewer, mode === 'difference' && viewer.b).catch((error) => viewer.report(error));
  if (viewer.isClosed) return;
  if (mode === 'swipe') placeSwipe(viewer);
  viewer.shown();
  await new Promise(requestAnimationFrame);
  if (viewer.isClosed) return;
  viewer.lead(viewer.a);
  viewer.a.show(part);
}

/** Show the second series taken from the first in the place of the first, or the first again. */
async function showDifference(viewer, isOn) {
  const own = viewer.addresses(viewer.series);
  const addresses = isOn ? own.map((address, at) => differenceOf(address, addressOf(viewer.other.key, viewer.partner(at) + 1))) : own;
  const before = viewer.beforeDifference;
  viewer.beforeDifference = isOn ? viewer.a.window : null;
  await viewer.a.load(addresses, viewer.a.index);
  viewer.a.window = isOn ? DIFFERENCE : before ?? viewer.startWindow();
}

export function placeSwipe({ boxB, controls }) { boxB.style.clipPath = `inset(0 0 0 ${controls.swipe.value}%)`; }
