// One series on the screen: its slices, its window, and what the mouse does.
import {
  CircleROITool, Enums, PanTool, RenderingEngine, Settings, ToolEnums, ToolGroupManager,
  WindowLevelTool, ZoomTool, addTool, annotation, cache, imageLoader, init, initTools,
} from '/static/cornerstone.js';
import { factsOf, register } from './hu_images.js';

const AHEAD = 4; // slices that are read before they are asked for
const TOOLS = [WindowLevelTool, PanTool, ZoomTool, CircleROITool];
export const ACTIONS = { window: WindowLevelTool, pan: PanTool, zoom: ZoomTool, roi: CircleROITool };

let engine = null;
let count = 0;

async function start() {
  if (engine !== null) return;
  await init();
  await initTools();
  Settings.getRuntimeSettings().set('useCursors', false); // pictures that the page's policy refuses
  register();
  for (const tool of TOOLS) addTool(tool);
  engine = new RenderingEngine('page');
}

/** Calls `onchange()` after each slice, window or zoom that is shown. */
export class Stack {
  static async in(place, onchange) {
    await start();
    return new Stack(place, onchange);
  }

  constructor(place, onchange) {
    this.place = place;
    this.onchange = onchange;
    this.id = `stack-${count += 1}`;
    engine.enableElement({ viewportId: this.id, element: place, type: Enums.ViewportType.STACK });
    this.viewport = engine.getViewport(this.id);
    this.tools = ToolGroupManager.createToolGroup(this.id);
    // The page lists what a circle measures, and the library's text has styles that the policy refuses.
    for (const tool of TOOLS) this.tools.addTool(tool.toolName, tool === CircleROITool ? { getTextLines: () => [] } : {});
    this.tools.addViewport(this.id, 'page');
    this.act('window');
    this.addresses = [];
    this.wanted = 0;
    this.isSet = false; // whether the library has these addresses
    this.startWindow = null;
    this.step = 1;
    this.busy = null;
    place.addEventListener(Enums.Events.IMAGE_RENDERED, () => this.onchange());
    this.resized = new ResizeObserver(() => engine?.resize(true, true));
    this.resized.observe(place);
  }

  close() {
    this.resized.disconnect();
    this.removeRegions();
    ToolGroupManager.destroyToolGroup(this.id);
    engine.disableElement(this.id);
  }

  /** Show these slices, beginning with the one of that index. */
  async load(addresses, index) {
    Object.assign(this, { addresses, wanted: index, isSet: false });
    await this.go(index);
    this.viewport.render();
  }

  /** Whether nothing is shown, because the slice that is asked for cannot be read. */
  get isBlank() { return this.place.classList.contains('blank'); }

  set isBlank(isBlank) { this.place.classList.toggle('blank', isBlank); }

  get index() { return this.viewport.getCurrentImageIdIndex(); }

  get address() { return this.viewport.getCurrentImageId(); }

  get image() { return cache.getImage(this.address); }

  get facts() { return factsOf(this.address); }

  /** Go to a slice. While one is on its way, those that the wheel has passed are not read. */
  async go(index) {
    if (!Number.isInteger(index)) return;
    const next = Math.max(0, Math.min(this.addresses.length - 1, index));
    if (next !== this.wanted) this.step = Math.sign(next - this.wanted);
    this.wanted = next;
    this.busy ??= this.follow().finally(() => { this.busy = null; });
    await this.busy;
  }

  /** Show the slice that is wanted. The library reports no slice that it cannot read, so it is read before. */
  async follow() {
    while (!this.isSet || this.isBlank || this.index !== this.wanted) {
      const { addresses, wanted } = this;
      const isLeft = () => addresses !== this.addresses || wanted !== this.wanted;
      try {
        await imageLoader.loadAndCacheImage(addresses[wanted]);
      } catch (error) {
        if (isLeft()) continue;
        this.isBlank = true;
        throw error;
      }
      if (addresses !== this.addresses) continue;
      if (this.isSet) await this.viewport.setImageIdIndex(wanted);
      else await this.viewport.setStack(addresses, wanted);
      this.isSet = addresses === this.addresses;
      this.isBlank = false;
      if (this.isSet && this.startWindow) this.window = this.startWindow;
    }
    this.ahead();
  }

  /** Read the next slices in the direction of the last step, one after the other. */
  async ahead() {
    if (this.reading) return;
    this.reading = true;
    try {
      for (let n = 1; n <= AHEAD; n += 1) {
        const address = this.addresses[this.index + n * this.step];
        if (address && !cache.getImageLoadObject(address)) await imageLoader.loadAndCacheImage(address);
      }
    } catch { /* the slice itself shows why when it is asked for */ } finally { this.reading = false; }
  }

  get window() {
    const { lower, upper } = this.viewport.getProperties().voiRange ?? { lower: -135, upper: 215 };
    return { width: upper - lower, level: (upper + lower) / 2 };
  }

  set window({ width, level }) {
    this.startWindow = this.isSet ? null : { width, level }; // for the first slice that can be read
    if (!this.isSet) return;
    this.viewport.setProperties({ voiRange: { lower: level - width / 2, upper: level + width / 2 } });
    this.viewport.render();
  }

  /** What the left button and one finger do: "window", "pan", "zoom" or "roi". */
  act(name) {
    const { Primary, Auxiliary, Secondary } = ToolEnums.MouseBindings;
    for (const tool of TOOLS) this.tools.setToolPassive(tool.toolName, { removeAllBindings: true });
    const always = [[PanTool, { mouseButton: Auxiliary }], [ZoomTool, { mouseButton: Secondary }, { numTouchPoints: 2 }]];
    for (const [tool, ...bindings] of always) {
      if (tool !== ACTIONS[name]) this.tools.setToolActive(tool.toolName, { bindings });
    }
    this.tools.setToolActive(ACTIONS[name].toolName, { bindings: [{ mouseButton: Primary }, { numTouchPoints: 1 }] });
  }

  zoomBy(factor) {
    this.viewport.setZoom(this.viewport.getZoom() * factor);
    this.viewport.render();
  }

  /** Show all of the slice in the room that it has now. */
  reset() {
    engine.resize(true, true);
    this.viewport.resetCamera();
    this.viewport.render();
  }

  /** What is shown of the slice, for `show`; null for all of it. */
  get part() {
    const [x, y] = this.viewport.getPan();
    if (Math.abs(this.viewport.getZoom() - 1) < 1e-3 && Math.hypot(x, y) < 1) return null;
    const { focalPoint, position, parallelScale } = this.viewport.getCamera();
    return { focalPoint, position, parallelScale };
  }

  /** Show a part of the slice, or all of it, in the room that it has now. */
  show(part) {
    this.reset();
    if (part === null) return;
    this.viewport.setCamera(part);
    this.viewport.render();
  }

  /** Show the same part in the same window as another stack: of the slice, or of the patient where `inMm`. */
  follows(other, inMm = false) {
    const { width, level } = other.window;
    const isInPlace = !(inMm && this.facts.spacing && other.facts.spacing ? this.liesAs(other) : this.zoomsAs(other));
    const isInWindow = Math.abs(this.window.width - width) + Math.abs(this.window.level - level) < 0.01;
    if (!isInWindow) this.window = { width, level };
    else if (!isInPlace) this.viewport.render();
  }

  /** Take the zoom and the pan of another stack; whether that changed anything. */
  zoomsAs({ viewport }) {
    const [zoom, pan, own] = [viewport.getZoom(), viewport.getPan(), this.viewport.getPan()];
    if (Math.abs(zoom - this.viewport.getZoom()) < 1e-6 && Math.hypot(pan[0] - own[0], pan[1] - own[1]) < 1e-3) return false;
    this.viewport.setZoom(zoom);
    this.viewport.setPan(pan);
    return true;
  }

  /** Take the millimeters on the screen of another stack; whether that changed anything. */
  liesAs({ viewport, facts }) {
    const { focalPoint, position, parallelScale } = viewport.getCamera();
    const shift = betweenSlices(facts, this.facts);
    const moved = (point) => point.map((mm, at) => mm + (shift[at] ?? 0));
    const wanted = { focalPoint: moved(focalPoint), position: moved(position), parallelScale };
    const own = this.viewport.getCamera();
    const changes = [own.parallelScale - parallelScale, ...own.focalPoint.map((mm, at) => mm - wanted.focalPoint[at])];
    if (changes.every((change) => Math.abs(change) < 1e-3)) return false;
    this.viewport.setCamera(wanted);
    return true;
  }

  /** From pixels of the slice, whole numbers in their middle, to the place on the screen. */
  toScreen(column, row) {
    const [down, across] = this.facts.spacing ?? [1, 1];
    return this.viewport.worldToCanvas([column * across, row * down, 0]);
  }

  /** Column, row and HU at a place on the screen; null beyond the slice. */
  at(x, y) {
    const { facts, image } = this;
    if (this.isBlank || !facts || !image) return null;
    const [down, across] = facts.spacing ?? [1, 1];
    const world = this.viewport.canvasToWorld([x, y]);
    const [column, row] = [Math.round(world[0] / across), Math.round(world[1] / down)];
    if (column < 0 || row < 0 || column >= facts.columns || row >= facts.rows) return null;
    return { column, row, hu: image.getPixelData()[row * facts.columns + column] };
  }

  /** Mean, SD in HU and area of the regions on this slice. */
  regions() {
    return this.circles().flatMap((one) => Object.entries(one.data.cachedStats ?? {}))
      .filter(([target]) => target === `imageId:${this.address}`)
      .map(([, stats]) => stats)
      .filter((stats) => stats.mean !== undefined);
  }

  removeRegions() {
    const own = new Set(this.addresses);
    const drawn = this.circles().filter((one) => own.has(one.metadata.referencedImageId));
    for (const one of drawn) annotation.state.removeAnnotation(one.annotationUID);
  }

  circles() {
    return annotation.state.getAnnotations(CircleROITool.toolName, this.place) ?? [];
  }
}

/** From a place in one slice to the same place in another, mm: by the patient in one study, else by the middle. */
function betweenSlices(from, to) {
  const middle = ({ spacing, rows, columns }) => [(columns - 1) / 2 * spacing[1], (rows - 1) / 2 * spacing[0]];
  const isKnown = from.center && to.center && from.study && from.study === to.study;
  const apart = isKnown ? [0, 1].map((at) => from.center[at] - to.center[at]) : [0, 0];
  return [0, 1].map((at) => middle(to)[at] - middle(from)[at] + apart[at]);
}
