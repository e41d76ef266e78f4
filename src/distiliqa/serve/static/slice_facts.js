// Lines beside the slices: facts of the slice that is shown, and of regions drawn in it.
import { number } from './dom.js';

/** Facts of slice `index` of a series, in words. */
export function factsOf(series, index) {
  const slice = series.slices[index];
  const position = slice.position_mm === null ? '' : `z ${number(slice.position_mm, 1)} mm`;
  const parts = [`slice ${index + 1} of ${series.slices.length}`, position, `score ${number(slice.score, 2)}`, slice.outside ? 'out of domain' : ''];
  return parts.filter(Boolean).join(', ');
}

export function regionText(stats) {
  const isMm = stats.areaUnit?.startsWith('mm');
  const area = isMm ? `${number(stats.area / 100, 2)} cm²` : `${number(stats.area, 2)} pixels`;
  return `mean ${number(stats.mean, 1)} HU, SD ${number(stats.stdDev, 1)} HU, ${area}`;
}

/** The number of the worst slice of a series, from 1; slices without a patient come last. */
export function worstOf(series) {
  const sign = series.scale.higher_is_better ? 1 : -1;
  const ranked = series.slices.map((slice, at) => [slice.empty ? 1 : 0, sign * slice.score, at + 1]);
  ranked.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  return ranked[0][2];
}
