// Circles that are drawn on slices, of all stacks together.
import { ToolEnums, annotation, eventTarget } from '/static/cornerstone.js';

/** Call when a region was drawn or moved. */
export function onRegions(listener) {
  const { ANNOTATION_MODIFIED, ANNOTATION_COMPLETED } = ToolEnums.Events;
  for (const event of [ANNOTATION_MODIFIED, ANNOTATION_COMPLETED]) eventTarget.addEventListener(event, listener);
  return () => { for (const event of [ANNOTATION_MODIFIED, ANNOTATION_COMPLETED]) eventTarget.removeEventListener(event, listener); };
}

/** Remove all regions, also those of other slices. */
export function clearRegions(stacks) {
  annotation.state.removeAllAnnotations();
  for (const stack of stacks) stack.viewport.render();
}
