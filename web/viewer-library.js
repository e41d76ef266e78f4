// What the page uses of the viewer library, and nothing else: the bundle holds no more.
export {
  Enums, RenderingEngine, Settings, cache, eventTarget, getShouldUseCPURendering, imageLoader, init,
  metaData,
} from '@cornerstonejs/core';
export {
  CircleROITool, Enums as ToolEnums, PanTool, ToolGroupManager, WindowLevelTool, ZoomTool, addTool,
  annotation, init as initTools,
} from '@cornerstonejs/tools';
export { contours } from 'd3-contour';
