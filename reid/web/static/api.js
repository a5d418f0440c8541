// Asking the server, and saying what it answered.

import { one } from "./dom.js";

const PATIENCE_MS = 8000;

/** Ask the server: { answer }, or { error } with what to say (`text`), and whether to ask again is no use (`final`).
 *
 * Without a token the page is loaded anew: it asks for one. */
export async function request(method, path, { body = null, patience_ms = null } = {}) {
  const asks = method === "GET" ? {} : { "X-Reid": "page" };
  try {
    const response = await fetch(path.replace(/^\//, ""), { // of this page, which may lie in a folder of another one
      method, headers: { ...asks, ...(body && { "Content-Type": "application/json" }) },
      body: body && JSON.stringify(body), signal: patience_ms && AbortSignal.timeout(patience_ms),
    });
    if (response.status === 401) location.reload();
    if (response.status === 204) return { answer: {} };
    if (response.ok) return { answer: await response.json() };
    return { error: { text: await sentence(response), final: response.status < 500 && response.status !== 429, status: response.status } };
  } catch (cause) {
    return { error: { text: unheard(cause, method === "GET"), final: false, cause } };
  }
}

function unheard(cause, reading) {
  if (cause.name === "TimeoutError") return `The program has not answered in time.${reading ? "" : " It may have done it all the same."}`;
  if (cause instanceof TypeError) return `The program does not answer${reading ? "" : ", so it is not known whether it was done"}.`;
  return cause.message;
}

/** What is at a path; an Error where the server does not answer. */
export async function read(path, patience_ms = PATIENCE_MS) {
  const { answer, error } = await request("GET", path, { patience_ms });
  if (error) throw error.cause ?? new Error(error.text);
  return answer;
}

/** Have something done, and say so, or why it was not. Whether it was. `done`: what to say, maybe of what it answers. */
export async function ask(method, path, body, done) {
  const { answer, error } = await request(method, path, { body });
  if (error) {
    say(error.text, true);
    return false;
  }
  say(typeof done === "function" ? done(answer) : done);
  document.dispatchEvent(new Event("asked"));
  return true;
}

async function sentence(response) {
  const type = response.headers.get("Content-Type") ?? "";
  const said = type.includes("json") ? (await response.json()).error : null;
  return said ?? `The program answered ${response.status}; its log may have why.`;
}

let timer = 0;
export function say(text, wrong = false) {
  const toast = one("toast");
  toast.textContent = text;
  toast.classList.toggle("wrong", wrong);
  toast.hidden = false;
  clearTimeout(timer);
  timer = setTimeout(() => { toast.hidden = true; }, wrong ? 8000 : 3000);
}

/** Ask the reader; whether they agree. */
export function confirmed(title, text, yes) {
  one("confirm-title").textContent = title;
  one("confirm-text").textContent = text;
  one("confirm-yes").textContent = yes;
  return answered(one("confirm"));
}

/** Open a dialog, its text in `input` selected, and wait until it closes; whether it closed with yes.
 *
 * The browser keeps the focus inside, closes at Escape, and gives the focus back: no listener of ours hears of elements
 * that leave the page, which browsers tell at different moments. */
export function answered(dialog, input = null) {
  dialog.returnValue = "";
  // no submit button, as Enter presses the first of those
  dialog.querySelector(".cancel").onclick = () => dialog.close();
  dialog.showModal();
  input?.select();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
