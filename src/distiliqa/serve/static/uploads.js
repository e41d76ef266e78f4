// Files on their way to the server. They go on while the user looks at another page.
import { Refused, post, remove, request } from './api.js';
import { showProblem } from './dom.js';

const AT_ONCE = 3; // files on their way at the same time
const running = new Set();
let listener = () => {};

/** Call `changed(uploads)` now and whenever one has moved on; each has `words` and `stop()`. Returns what ends that. */
export function watchUploads(changed) {
  listener = changed;
  listener([...running]);
  return () => { if (listener === changed) listener = () => {}; };
}

const report = (error) => showProblem(error.message);

/** Send [path, file] pairs, and queue them as one job. */
export function send(files) {
  new Upload(files).run().catch(report);
}

/** Take what is dropped anywhere on the page; `begun()` is called once it is known to be files. */
export function acceptDrops(begun) {
  const mark = (isOver) => document.body.classList.toggle('over', isOver);
  addEventListener('dragover', (event) => { event.preventDefault(); mark(event.dataTransfer.types.includes('Files')); });
  addEventListener('dragleave', (event) => { if (!event.relatedTarget) mark(false); });
  addEventListener('drop', (event) => {
    event.preventDefault();
    mark(false);
    if (!event.dataTransfer.types.includes('Files')) return;
    begun();
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    const alone = [...event.dataTransfer.files].map((file) => [file.name, file]);
    (entries.length ? filesOf(entries) : Promise.resolve(alone)).then(send, () => report(new Error(UNREADABLE)));
  });
}

const UNREADABLE = 'some of the files cannot be read, perhaps they were moved; check them, and drop them again';

/** [path, file] of all files in dropped folders. */
async function filesOf(entries) {
  const found = [];
  const waiting = [...entries];
  for (let entry = waiting.pop(); entry; entry = waiting.pop()) {
    if (entry.name.startsWith('.')) continue;
    if (entry.isFile) {
      const { fullPath } = entry;
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      found.push([fullPath.replace(/^\//, ''), file]);
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

class Upload {
  constructor(files) {
    this.waiting = files.filter(([path]) => !path.split('/').some((part) => part.startsWith('.')));
    this.whole = this.waiting.length;
    this.done = 0;
    this.end = new AbortController();
  }

  get words() { return `sending: ${this.done} of ${this.whole} files`; }

  stop() { this.end.abort(); }

  async run() {
    if (!this.whole) throw new Error('no file that can be sent');
    this.change(() => running.add(this));
    try {
      await this.send((await post('/api/uploads')).upload);
    } finally {
      this.change(() => running.delete(this));
    }
  }

  /** Each file whole, then the job; what was sent of an upload that ends early is removed again. */
  async send(number) {
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, () => this.sendNext(number)));
      await post('/api/jobs', { upload: number });
    } catch (error) {
      const isStopped = this.end.signal.aborted;
      this.end.abort();
      await remove(`/api/uploads/${number}`).catch(() => {}); // the next start of the server does it
      if (!isStopped) throw error;
    }
  }

  async sendNext(number) {
    const { signal } = this.end;
    for (let one = this.waiting.pop(); one; one = this.waiting.pop()) {
      const [path, file] = one;
      try {
        await request(`/api/uploads/${number}?path=${encodeURIComponent(path)}`, { method: 'PUT', body: file, signal });
      } catch (error) {
        throw signal.aborted || await isReadable(file) ? error : new Refused(UNREADABLE);
      }
      this.change(() => { this.done += 1; });
    }
    signal.throwIfAborted();
  }

  change(action) {
    action();
    if (running.size) addEventListener('beforeunload', ask); else removeEventListener('beforeunload', ask);
    listener([...running]);
  }
}

/** Let the browser ask before a page is left whose files are not sent yet. */
function ask(event) { event.preventDefault(); }

async function isReadable(file) {
  try { await file.slice(0, 1).arrayBuffer(); return true; } catch { return false; }
}
