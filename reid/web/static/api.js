// Asking the server, and saying what it answered.

import { one } from "./dom.js";

const PATIENCE_MS = 8000;

/** What is at a path; an Error where the server does not answer. Without a token the page is loaded anew: it asks for one. */
export async function read(path, patience_ms = PATIENCE_MS) {
  const response = await fetch(path, { signal: AbortSignal.timeout(patience_ms) });
  if (response.status === 401) location.reload();
  if (!response.ok) throw new Error(await sentence(response));
  return response.json();
}

/** Have something done, and say so, or why it was not. Whether it was. `done`: what to say, maybe of what it answers. */
export async function ask(method, path, body, done) {
  let told = done;
  try {
    const headers = { "X-Reid": "page", ...(body && { "Content-Type": "application/json" }) };
    const response = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
    if (!response.ok) throw new Error(await sentence(response));
    if (typeof done === "function") told = done(await response.json());
  } catch (error) {
    say(error instanceof TypeError ? "The program does not answer." : error.message, true);
    return false;
  }
  say(told);
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
