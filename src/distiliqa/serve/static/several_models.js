// A warning where scores of several models stand beside each other; report/several_models.py has its words.
import { element } from './dom.js';

/** The warning for the models of some scores; null where all are of one. */
export function severalModels(models) {
  const names = new Set([...models].map((model) => model || 'a model that is not named'));
  return names.size < 2 ? null : element('p', { class: 'warning' }, `Scores of different models are not on one scale: ${[...names].sort().join(', ')}.`);
}
