// Slices in HU for the viewer library, read from the server once and kept in its cache.
//
// Addresses of images: "hu:KEY/NUMBER", and "difference:KEY/NUMBER:KEY/NUMBER" for the second one
// taken from the first. Numbers count from 1.
import { cache, imageLoader, metaData } from '/static/cornerstone.js';
import { OF_A_SLICE, request } from './api.js';

const MAX_CACHE_BYTES = 768 * 2 ** 20;
const MAX_SPACING_CHANGE = 1e-3; // rounding in headers
const known = new Map(); // facts of a slice by its address

export const counts = { requests: 0, bytes: 0 }; // what was asked of the server, for tests

export function addressOf(key, number) {
  return `hu:${key}/${number}`;
}

export function differenceOf(a, b) {
  return `difference:${a.slice(3)}:${b.slice(3)}`;
}

/** Rows, columns, spacing and center in the patient in mm (null if not stated), and a name of the study. */
export function factsOf(address) {
  return known.get(address);
}

export function register() {
  cache.setMaxCacheSize(MAX_CACHE_BYTES);
  imageLoader.registerImageLoader('hu', (address) => ({ promise: named(load(address)) }));
  imageLoader.registerImageLoader('difference', (address) => ({ promise: named(subtract(address)) }));
  metaData.addProvider(provide, 10000);
}

/** Errors of slices have a name: the library throws each once more where nobody can catch it. */
function named(promise) {
  return promise.catch((error) => { throw Object.assign(error, { name: OF_A_SLICE }); });
}

async function load(address) {
  const [key, number] = address.slice(3).split('/');
  const answer = await request(`/api/series/${key}/slices/${number}/pixels`);
  const content = await answer.arrayBuffer();
  const read = (name) => answer.headers.get(name);
  counts.requests += 1;
  counts.bytes += Number(read('Content-Length') ?? content.byteLength);
  const pixels = read('X-Kind') === 'int16' ? new Int16Array(content) : new Float32Array(content);
  const numbers = (name) => (read(name) ? read(name).split(',').map(Number) : null);
  const facts = { rows: Number(read('X-Rows')), columns: Number(read('X-Columns')), spacing: numbers('X-Spacing'), center: numbers('X-Center'), study: read('X-Study') };
  return imageOf(address, pixels, facts);
}

async function subtract(address) {
  const [a, b] = address.slice('difference:'.length).split(':').map((part) => `hu:${part}`);
  const [first, second] = await Promise.all([a, b].map((one) => imageLoader.loadAndCacheImage(one)));
  const [facts, others] = [factsOf(a), factsOf(b)];
  if (!isSameGrid(facts, others)) {
    throw new Error('these slices differ in size or pixel spacing, and have no difference');
  }
  if (!isSamePlace(facts, others)) {
    throw new Error('the fields of view of these slices differ in position, and have no difference');
  }
  const [from, taken] = [first.getPixelData(), second.getPixelData()];
  const pixels = Float32Array.from(from, (value, at) => value - taken[at]);
  return imageOf(address, pixels, facts);
}

/** Whether pixels of two slices are as many and as large. */
function isSameGrid(a, b) {
  const [spacing, other] = [a.spacing ?? [1, 1], b.spacing ?? [1, 1]];
  return a.rows === b.rows && a.columns === b.columns && spacing.every((mm, at) => Math.abs(mm / other[at] - 1) < MAX_SPACING_CHANGE);
}

/** Whether pixels of two slices of one study lie within half a pixel of each other; of others it is not known. */
function isSamePlace(a, b) {
  if (!a.study || a.study !== b.study || !a.center || !b.center) return true;
  const [down, across] = a.spacing ?? [1, 1];
  return Math.abs(a.center[0] - b.center[0]) <= across / 2 && Math.abs(a.center[1] - b.center[1]) <= down / 2;
}

function imageOf(address, pixels, facts) {
  known.set(address, facts);
  const [down, across] = facts.spacing ?? [1, 1];
  let [low, high] = [Infinity, -Infinity];
  for (const value of pixels) { if (value < low) low = value; if (value > high) high = value; }
  return {
    imageId: address, minPixelValue: low, maxPixelValue: high, slope: 1, intercept: 0,
    windowCenter: 40, windowWidth: 350, voiLUTFunction: 'LINEAR_EXACT', getPixelData: () => pixels,
    rows: facts.rows, columns: facts.columns, height: facts.rows, width: facts.columns,
    color: false, rgba: false, numberOfComponents: 1, invert: false, sizeInBytes: pixels.byteLength,
    columnPixelSpacing: across, rowPixelSpacing: down, dataType: pixels.constructor.name,
  };
}

/** What the library asks of an image: its plane in the standard view, and that it is in HU. */
function provide(type, address) {
  const facts = typeof address === 'string' ? known.get(address) : undefined;
  if (facts === undefined) return undefined;
  const [down, across] = facts.spacing ?? [1, 1];
  switch (type) {
    case 'imagePlaneModule':
      return { frameOfReferenceUID: 'slice', rows: facts.rows, columns: facts.columns, imageOrientationPatient: [1, 0, 0, 0, 1, 0], rowCosines: [1, 0, 0], columnCosines: [0, 1, 0], imagePositionPatient: [0, 0, 0], sliceLocation: 0, pixelSpacing: [down, across], rowPixelSpacing: down, columnPixelSpacing: across, usingDefaultValues: facts.spacing === null };
    case 'imagePixelModule':
      return { samplesPerPixel: 1, photometricInterpretation: 'MONOCHROME2', rows: facts.rows, columns: facts.columns, bitsAllocated: 16, bitsStored: 16, highBit: 15, pixelRepresentation: 1 };
    case 'generalSeriesModule': return { modality: 'CT', seriesInstanceUID: address.slice(0, address.lastIndexOf('/')) };
    case 'modalityLutModule': return { rescaleIntercept: 0, rescaleSlope: 1, rescaleType: 'HU' };
    default: return undefined;
  }
}
