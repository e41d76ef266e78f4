// The page of a reader: two images to compare, or one to rate, by buttons and keys.
import { get, post } from './api.js';
import { announce, element, labeled, reasonOf, showProblem } from './dom.js';
import { addressOf } from './hu_images.js';
import { Stack } from './stack.js';

const main = document.getElementById('main');
// The scale of LDCTIQAC2023: its words, and what they stand for.
const SCALE = ['bad: features not shown', 'poor: interpretation impossible', 'fair: limited', 'good: diagnostic', 'excellent'];
// answer, words, keys
const CHOICES = {
  pairs: [[1, 'Left is better', ['ArrowLeft']], [0, 'The same', ['ArrowDown', '0']], [-1, 'Right is better', ['ArrowRight']]],
  scale: SCALE.map((word, at) => [at, `${at} ${word}`, [String(at)]]),
};
const STACKED = matchMedia('(max-width: 900px)'); // where the left image is the upper one
const STACKED_WORDS = { 1: 'Upper is better', 0: 'The same', '-1': 'Lower is better' };
const SHOWN_KEYS = { ArrowLeft: '←', ArrowDown: '↓', ArrowRight: '→' };
const ASKS = { pairs: 'Which image has the better quality?', scale: 'How good is the quality of this image?' };

const study = await get('/api/study').catch((error) => { showProblem(error.message); throw error; });
document.getElementById('version').textContent = study.version;
document.getElementById('window').textContent = `window ${study.window.width}, level ${study.window.level} HU, the same for all`;
askName();

/** The name of the reader, which the browser keeps for the next time. */
function askName() {
  const name = element('input', { name: 'reader', required: true, maxlength: 40, autocomplete: 'off', id: 'reader' });
  name.value = localStorage.getItem('reader') ?? '';
  const start = element('button', {}, 'Begin');
  const submit = async (event) => {
    event.preventDefault();
    start.disabled = true; // a second click would begin a second time, and each key would answer twice
    await begin(name.value).catch(report);
    start.disabled = false;
  };
  main.replaceChildren(element('h1', {}, 'Rate images'),
    element('p', {}, study.method === 'pairs' ? 'You see two images at a time. Choose the one with the better quality, or say that both are the same.' : 'You see one image at a time. Rate its diagnostic quality: 0 bad, features are not shown; 1 poor, interpretation is impossible; 2 fair, limited; 3 good, diagnostic; 4 excellent.'),
    element('p', {}, 'Each answer is kept at once. You can stop at any time, and continue later under the same name.'),
    element('form', { class: 'pick', onsubmit: submit }, labeled('Your name', name), start));
  name.focus();
}

async function begin(reader) {
  const first = await get(`/api/question?reader=${encodeURIComponent(reader)}`);
  showProblem('');
  localStorage.setItem('reader', reader);
  await new Rating(reader).open(first);
}

const report = (error) => showProblem(reasonOf(error));

class Rating {
  constructor(reader) {
    this.reader = reader;
    this.isBusy = true;
    this.stacks = [];
  }

  async open(question) {
    const boxes = (study.method === 'pairs' ? ['left', 'right'] : ['image']).map((side) => element('div', { class: 'slices', id: side }));
    this.stage = element('div', { class: 'stage', 'data-mode': boxes.length === 2 ? 'side' : 'one', tabindex: 0, role: 'application', 'aria-label': `${ASKS[study.method]} ${CHOICES[study.method].map(([, words, keys]) => `${keys[0]}: ${words}`).join(', ')}` }, ...boxes);
    this.buttons = CHOICES[study.method].map(([answer]) => element('button', { type: 'button', 'data-answer': answer, onclick: () => this.answer(answer) }));
    this.nameButtons();
    STACKED.addEventListener('change', () => this.nameButtons());
    this.back = element('button', { type: 'button', class: 'back', onclick: () => this.takeBack() }, 'Back');
    this.retry = element('button', { type: 'button', hidden: true, onclick: () => { showProblem(''); this.askAgain(); } }, 'Try again');
    this.ask = element('h1', {}, ASKS[study.method]);
    main.replaceChildren(this.ask, this.stage, element('div', { class: 'answers', role: 'group', 'aria-label': 'Your answer' }, this.back, ...this.buttons, this.retry));
    addEventListener('keydown', (event) => this.key(event));
    for (const box of boxes) this.stacks.push(await this.stackIn(box));
    await this.show(question).catch((error) => this.stop(error));
  }

  /** Beside each other, images are left and right; above each other, upper and lower. */
  nameButtons() {
    CHOICES[study.method].forEach(([answer, words, keys], at) => {
      const sided = STACKED.matches ? STACKED_WORDS[answer] : `${words} (${SHOWN_KEYS[keys[0]]})`;
      this.buttons[at].textContent = study.method === 'pairs' ? sided : words;
    });
  }

  async stackIn(box) {
    const stack = await Stack.in(box, () => this.follow(stack));
    stack.act('pan');
    box.addEventListener('pointerdown', () => { this.leader = stack; }, { capture: true });
    box.addEventListener('wheel', (event) => { event.preventDefault(); this.leader = stack; stack.zoomBy(event.deltaY < 0 ? 1.25 : 0.8); }, { passive: false });
    box.addEventListener('contextmenu', (event) => event.preventDefault());
    return stack;
  }

  /** Both images show the same part. */
  follow(stack) {
    if (stack !== this.leader) return;
    for (const other of this.stacks) if (other !== stack && other.facts) other.follows(stack);
  }

  async show(question) {
    this.question = question;
    this.leader = null;
    document.getElementById('progress').textContent = `${question.number} of ${question.whole} done, ${this.reader}`;
    this.setBusy(true);
    const isDone = !question.images.length;
    this.stage.hidden = isDone;
    this.ask.textContent = isDone ? 'All is done. Thank you.' : ASKS[study.method];
    if (!isDone) await this.look(question.images);
    announce(isDone ? this.ask.textContent : `question ${question.number + 1} of ${question.whole}`);
    this.setBusy(false);
    if (!isDone) this.stage.focus({ preventScroll: true }); // keys answer, also after a click on Back
  }

  async look(images) {
    await Promise.all(this.stacks.map((stack, at) => stack.load([addressOf('study', images[at])], 0)));
    for (const stack of this.stacks) {
      stack.reset();
      stack.window = study.window;
    }
  }

  setBusy(isBusy) {
    this.isBusy = isBusy;
    this.back.disabled = isBusy || this.question.number === 0;
    for (const button of this.buttons) button.disabled = isBusy || !this.question.images.length;
  }

  async answer(answer) {
    if (!this.question.images.length) return;
    await this.send('/api/answers', { reader: this.reader, images: this.question.images, answer });
  }

  async takeBack() {
    await this.send('/api/answers/back', { reader: this.reader, images: this.question.images });
  }

  /** Send, and show the next question; after a refusal the one that is asked now. */
  async send(path, content) {
    if (this.isBusy) return;
    this.setBusy(true);
    try {
      const question = await post(path, content);
      await this.show(question);
      showProblem(question.problem);
    } catch (error) {
      report(error);
      await this.askAgain();
    }
  }

  /** Show the question that is asked now; while it cannot be shown, it cannot be answered. */
  async askAgain() {
    this.retry.hidden = true;
    this.setBusy(true);
    await get(`/api/question?reader=${encodeURIComponent(this.reader)}`).then((found) => this.show(found)).catch((error) => this.stop(error));
  }

  stop(error) {
    report(error);
    this.retry.hidden = false;
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const found = CHOICES[study.method].find(([, , keys]) => keys.includes(event.key));
    if (event.key === 'Backspace' && !this.back.disabled) this.takeBack();
    else if (found) this.answer(found[0]);
    else return;
    event.preventDefault();
  }
}
