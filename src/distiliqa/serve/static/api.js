// Requests to the server of this page.

export class Refused extends Error {}

export const OF_A_SLICE = 'SliceError'; // name of the error of a slice, which is reported by who asked for it

async function checked(answer) {
  if (answer.ok) return answer;
  const text = await answer.text();
  let line = text;
  try { line = JSON.parse(text).error ?? text; } catch { /* a plain line */ }
  throw new Refused(line || `the server answered ${answer.status}`);
}

export async function request(path, options = {}) {
  try {
    return await checked(await fetch(path, options));
  } catch (error) {
    if (error instanceof Refused || error.name === 'AbortError') throw error;
    throw new Refused('the server does not answer; start it again, nothing is lost');
  }
}

export async function get(path) {
  return (await request(path)).json();
}

/** The answer to an object that is sent as JSON. */
export function send(path, content) {
  const headers = { 'Content-Type': 'application/json' };
  return request(path, { method: 'POST', headers, body: JSON.stringify(content) });
}

export async function post(path, content = {}) {
  const answer = await send(path, content);
  return answer.status === 204 ? null : answer.json();
}

export async function remove(path) {
  await request(path, { method: 'DELETE' });
}
