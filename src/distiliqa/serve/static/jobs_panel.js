// Drop files, and watch the jobs that score them.
import { get, post, remove } from './api.js';
import { announce, counted, element, labeled, showProblem } from './dom.js';
import { send, watchUploads } from './uploads.js';

const [POLL_MS, IDLE_MS] = [1000, 5000]; // while a job runs; else another tab may ask for one

const report = (error) => showProblem(error.message);
const hasEnded = (job) => ['done', 'failed', 'cancelled'].includes(job.state);

/** The panel; `onresults` is called when a job has ended. Returns { panel, look, stop }. */
export function jobsPanel(about, onresults) {
  const list = element('ul', { class: 'jobs' });
  const sending = element('ul', { class: 'sending', 'aria-label': 'Files on their way' });
  const panel = element('section', { class: 'panel', 'aria-label': 'Score' },
    dropZone(), about.can_pick ? pickForm(about, look) : null,
    about.large ? element('p', { class: 'warning' }, `A folder that was given has ${about.large}, and is not scored by itself: enter the path of a part of it.`) : null,
    ...about.unreadable.map((reason) => element('p', { class: 'warning' }, `Results that were given are not shown: ${reason}.`)), sending, list);
  let timer = null;
  let ended = null;
  let stopped = false;
  let isLost = false; // whether the server did not answer

  async function look() {
    const jobs = await get('/api/jobs').catch((error) => { if (!stopped) report(error); return null; });
    if (stopped) return;
    if (jobs !== null) show(jobs);
    isLost = jobs === null;
    clearTimeout(timer);
    timer = setTimeout(look, jobs?.every(hasEnded) ? IDLE_MS : POLL_MS);
  }

  function show(jobs) {
    drawJobs(list, jobs, look);
    const last = jobs.filter(hasEnded);
    if (isLost || (ended !== null && last.length !== ended)) {
      onresults();
      if (ended !== null && last.length > ended) announce(`${last[0].label}: ${last[0].step}`);
    }
    ended = last.length;
    if (isLost) showProblem('');
  }

  look();
  const unwatch = watchUploads((uploads) => {
    if (uploads.length < sending.childElementCount) look(); // one has become a job
    drawUploads(sending, uploads);
  });
  return { panel, look, stop: () => { stopped = true; clearTimeout(timer); unwatch(); } };
}

/** Change what is new alone: a control that has the focus keeps it. */
function drawJobs(list, jobs, look) {
  const known = new Map([...list.children].map((line) => [line.dataset.job, line]));
  for (const [id, line] of known) if (!jobs.some((job) => job.id === id)) line.remove();
  jobs.forEach((job, at) => {
    const line = known.get(job.id);
    if (line?.classList.contains(job.state)) { update(line, job); return; }
    const made = jobLine(job, look);
    const hadFocus = line?.contains(document.activeElement);
    if (line) line.replaceWith(made); else list.insertBefore(made, list.children[at] ?? null);
    if (hadFocus) made.querySelector('a, button').focus();
  });
}

function update(line, job) {
  line.querySelector('.state').textContent = words(job);
  const bar = line.querySelector('progress');
  if (bar && job.found) Object.assign(bar, { max: job.found, value: job.scored });
}

function jobLine(job, look) {
  const act = async (action) => { await action().catch(report); await look(); };
  const asked = element('time', { datetime: job.asked }, new Date(job.asked).toLocaleString([], { dateStyle: 'short', timeStyle: 'short' }));
  const line = element('li', { class: `job ${job.state}`, 'data-job': job.id },
    element('b', {}, job.label), ' ', asked, ' ', element('span', { class: 'state' }, words(job)));
  if (!hasEnded(job)) {
    line.append(element('progress', { max: job.found || 1, value: job.found ? job.scored : null, 'aria-label': `progress of ${job.label}` }),
      element('button', { type: 'button', onclick: () => act(() => post(`/api/jobs/${job.id}/cancel`)) }, 'Cancel'));
    return line;
  }
  const files = `/api/jobs/${job.id}/files`;
  const link = (text, address, how) => line.append(' ', element('a', { href: files + address, ...how }, text));
  const tab = { target: '_blank', rel: 'noopener' };
  if (job.has_report) link('Report', '/report.html', tab);
  if (job.has_report && job.pdf) link('PDF', '/report.pdf', tab);
  if (job.scored) link('All files', '.zip', { download: '' });
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

function drawUploads(sending, uploads) {
  if (sending.childElementCount !== uploads.length) {
    sending.replaceChildren(...uploads.map((upload) => element('li', { class: 'job' }, element('span', { class: 'state' }),
      element('button', { type: 'button', onclick: () => upload.stop() }, 'Stop'))));
  }
  uploads.forEach((upload, at) => { sending.children[at].firstChild.textContent = upload.words; });
}

function dropZone() {
  const files = element('input', { type: 'file', multiple: true, id: 'files' });
  const folder = element('input', { type: 'file', webkitdirectory: true, id: 'folder' });
  for (const input of [files, folder]) {
    input.addEventListener('change', () => {
      send([...input.files].map((file) => [file.webkitRelativePath || file.name, file]));
      input.value = '';
    });
  }
  return element('div', { class: 'drop' }, element('p', {}, 'Drop a folder, a zip or files of CT here.'),
    labeled('Files or zip', files), labeled('Folder', folder));
}

function pickForm(about, look) {
  const path = element('input', { name: 'path', required: true, autocomplete: 'off', placeholder: about.picks[0] ?? 'path in the folder that was given' });
  return element('form', { class: 'pick', onsubmit: (event) => {
    event.preventDefault();
    post('/api/jobs', { path: path.value }).then(look).catch(report);
  } }, labeled('Or a path', path), element('button', {}, 'Score'));
}
