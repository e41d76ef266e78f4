// Drop files, and watch the jobs that score them.
import { get, post, remove, request } from './api.js';
import { announce, counted, element, labelled, showProblem } from './dom.js';

const POLL_MS = 1000;
const AT_ONCE = 3; // files on their way at the same time

/** The panel; `onresults` is called when a job has ended. Returns { panel, look, stop }. */
export function jobsPanel(about, onresults) {
  const list = element('ul', { class: 'jobs' });
  const sending = element('p', { class: 'sending', role: 'status' });
  const panel = element('section', { class: 'panel', 'aria-label': 'Score' },
    dropZone(sending, look), about.can_pick ? pickForm(about, look) : null, sending, list);
  let timer = null;
  let ended = null;
  let stopped = false;

  async function look() {
    clearTimeout(timer);
    const jobs = await get('/api/jobs');
    if (stopped) return;
    list.replaceChildren(...jobs.map((job) => jobLine(job, look)));
    const now = jobs.filter(hasEnded).length;
    if (ended !== null && now !== ended) {
      onresults();
      announce(`${jobs.find(hasEnded)?.label}: ${jobs.find(hasEnded)?.step}`);
    }
    ended = now;
    if (now < jobs.length) timer = setTimeout(() => look().catch(report), POLL_MS);
  }

  look().catch(report);
  return { panel, look, stop: () => { stopped = true; clearTimeout(timer); } };
}

const report = (error) => showProblem(error.message);
const hasEnded = (job) => ['done', 'failed', 'cancelled'].includes(job.state);

function jobLine(job, look) {
  const act = async (action) => { await action().catch(report); await look(); };
  const line = element('li', { class: `job ${job.state}`, 'data-job': job.id },
    element('b', {}, job.label), ' ', element('span', { class: 'state' }, words(job)));
  if (!hasEnded(job)) {
    line.append(element('progress', { max: job.found || 1, value: job.found ? job.scored : null, 'aria-label': `progress of ${job.label}` }),
      element('button', { type: 'button', onclick: () => act(() => post(`/api/jobs/${job.id}/cancel`)) }, 'Cancel'));
    return line;
  }
  if (job.scored) line.append(' ', element('a', { href: `/api/jobs/${job.id}/files/report.html`, target: '_blank', rel: 'noopener' }, 'Report'),
    ' ', element('a', { href: `/api/jobs/${job.id}/files.zip`, download: '' }, 'All files'));
  line.append(element('button', { type: 'button', onclick: () => {
    if (confirm('Delete this job and its results? The CT files that you gave stay.')) act(() => remove(`/api/jobs/${job.id}`));
  } }, 'Delete'));
  return line;
}

function words(job) {
  const counts = job.found ? `${job.scored} of ${job.found} slices` : '';
  const problems = job.problems ? `${counted(job.problems, 'file')} failed` : '';
  return [job.step, counts, problems].filter(Boolean).join(', ');
}

function dropZone(sending, look) {
  const files = element('input', { type: 'file', multiple: true, id: 'files' });
  const folder = element('input', { type: 'file', webkitdirectory: true, id: 'folder' });
  const zone = element('div', { class: 'drop' },
    element('p', {}, 'Drop a folder, a zip or files of CT here.'),
    labelled('Files or zip', files), labelled('Folder', folder));
  const send = (found) => upload(found, sending).then(look).catch(report);
  for (const input of [files, folder]) {
    input.addEventListener('change', () => {
      send([...input.files].map((file) => [file.webkitRelativePath || file.name, file]));
      input.value = '';
    });
  }
  zone.addEventListener('dragover', (event) => { event.preventDefault(); zone.classList.add('over'); });
  zone.addEventListener('dragleave', () => zone.classList.remove('over'));
  zone.addEventListener('drop', async (event) => {
    event.preventDefault();
    zone.classList.remove('over');
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    send(entries.length ? await filesOf(entries) : [...event.dataTransfer.files].map((file) => [file.name, file]));
  });
  return zone;
}

function pickForm(about, look) {
  const path = element('input', { name: 'path', required: true, autocomplete: 'off', placeholder: about.picks[0] ?? 'path in the folder that was given' });
  return element('form', { class: 'pick', onsubmit: (event) => {
    event.preventDefault();
    post('/api/jobs', { path: path.value }).then(look).catch(report);
  } }, labelled('Or a path', path), element('button', {}, 'Score'));
}

/** [path, file] of all files in dropped folders, without hidden ones. */
async function filesOf(entries) {
  const found = [];
  const waiting = [...entries];
  while (waiting.length) {
    const entry = waiting.shift();
    if (entry.name.startsWith('.')) continue;
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      found.push([entry.fullPath.replace(/^\//, ''), file]);
      continue;
    }
    const reader = entry.createReader();
    for (;;) { // a reader gives its entries in parts
      const part = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!part.length) break;
      waiting.push(...part);
    }
  }
  return found;
}

/** Send files one by one, each whole, and queue them. */
async function upload(files, sending) {
  const shown = files.filter(([path]) => !path.split('/').some((part) => part.startsWith('.')));
  if (!shown.length) throw new Error('no file that can be sent');
  const { upload: number } = await post('/api/uploads');
  let done = 0;
  const next = async () => {
    for (let one = shown.pop(); one; one = shown.pop()) {
      const [path, file] = one;
      await request(`/api/uploads/${number}?path=${encodeURIComponent(path)}`, { method: 'PUT', body: file });
      done += 1;
      sending.textContent = `sending: ${done} of ${done + shown.length} files`;
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, next));
    await post('/api/jobs', { upload: number });
  } finally {
    shown.length = 0;
    sending.textContent = '';
  }
}
