// Which page is shown: the part of the address after "#". A reload shows the same one.
import { OF_A_SLICE, get } from './api.js';
import { announce, element, reasonOf, showProblem } from './dom.js';
import { seriesPage } from './series_page.js';
import { trendsPage } from './trends_page.js';
import { monitorPage, receivedPage } from './monitor_page.js';
import { acceptDrops } from './uploads.js';

const main = document.getElementById('main');
let leave = () => {};

const PAGES = [
  [/^\/?$/, 'Series', seriesPage],
  [/^\/trends$/, 'Trends', trendsPage],
  [/^\/monitor$/, 'Monitor', monitorPage],
  [/^\/received$/, 'Received', receivedPage],
  [/^\/view\/([\w.-]+)$/, 'Viewer', async (...found) => (await import('./viewer_page.js')).viewerPage(...found)],
];

let shownPath = null;

async function show() {
  const [path, query = ''] = location.hash.slice(1).split('?');
  if (shownPath === path && path.startsWith('/view/')) return;
  const isFirst = shownPath === null;
  shownPath = path;
  leave();
  leave = () => {};
  showProblem('');
  const [, title, page] = PAGES.find(([pattern]) => pattern.test(path)) ?? PAGES[0];
  const [, ...parts] = PAGES.find(([pattern]) => pattern.test(path))?.[0].exec(path) ?? [];
  document.title = `${title} · distiliqa`;
  mark(path);
  const place = element('div', { class: `page-${title.toLowerCase()}` });
  main.replaceChildren(place);
  if (!isFirst) main.focus({ preventScroll: true }); // a reader of the screen begins at the new page
  const isShown = () => main.contains(place); // the user may go on while a page is still being made
  try {
    const end = (await page(place, new URLSearchParams(query), await about, ...parts)) ?? (() => {});
    if (isShown()) leave = end; else end();
  } catch (error) {
    if (isShown()) showProblem(reasonOf(error));
  }
  if (isShown()) announce(title);
}

function mark(path) {
  for (const link of document.querySelectorAll('nav a')) {
    if (link.getAttribute('href').slice(1) === (path || '/')) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}

function setTheme(isDark) {
  document.documentElement.dataset.theme = isDark ? 'dark' : 'light';
  document.getElementById('theme').setAttribute('aria-pressed', String(isDark));
}

const stored = localStorage.getItem('theme');
setTheme(stored === null ? matchMedia('(prefers-color-scheme: dark)').matches : stored === 'dark');
document.getElementById('theme').addEventListener('click', () => {
  const isDark = document.documentElement.dataset.theme !== 'dark';
  localStorage.setItem('theme', isDark ? 'dark' : 'light');
  setTheme(isDark);
});

const about = get('/api/about');
about.then((found) => {
  document.getElementById('version').textContent = found.version;
  document.getElementById('to-monitor').hidden = !found.monitor;
  document.getElementById('to-received').hidden = !found.listen;
}, (error) => showProblem(error.message));
acceptDrops(() => { location.hash = '#/'; });
addEventListener('hashchange', show);
addEventListener('unhandledrejection', ({ reason }) => {
  if ((reason?.error ?? reason)?.name !== OF_A_SLICE) showProblem(reason?.message ?? 'failed');
});
document.querySelector('.skip').addEventListener('click', (event) => {
  event.preventDefault(); // the address names the page
  main.focus();
});
show();
