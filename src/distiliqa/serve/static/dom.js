// Elements of the page. Text from files is only ever text: nothing here reads HTML of others.

/** Make an element; attributes that begin with "on" are listeners, null ones are left out. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? '' : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const SVG = 'http://www.w3.org/2000/svg';

export function shape(name, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** A plot that the server drew, whose text it has escaped. */
export function drawn(markup) {
  const parsed = new DOMParser().parseFromString(markup, 'image/svg+xml');
  return document.importNode(parsed.documentElement, true);
}

export function labeled(text, control) {
  return element('label', {}, element('span', {}, text), control);
}

export function option(value, text = value) {
  return element('option', { value }, text);
}

/** Show a problem at the top of the page until the next one, or none; that of a page that was left is dropped. */
export function showProblem(text, page = document.body) {
  if (!page.isConnected) return;
  const place = document.getElementById('problem');
  place.textContent = text ?? '';
  place.hidden = !text;
}

/** The line of an error; that of a slice comes wrapped by the library. */
export function reasonOf(error) { return error.error?.message ?? error.message ?? 'cannot be shown'; }

/** Let a screen reader read a line. */
export function announce(text) {
  document.getElementById('status').textContent = text;
}

export function number(value, digits) {
  return value === null || value === undefined ? '' : value.toFixed(digits);
}

/** A count with its noun, such as `1 warning` and `2 warnings`. */
export function counted(count, noun) { return `${count} ${noun}${count === 1 ? '' : 's'}`; }
