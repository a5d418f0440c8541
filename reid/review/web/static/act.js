// Having something done: buttons wait while it runs, and what fails is said, with a way to try again.

import { read, say } from "./api.js";
import { one } from "./dom.js";

export const PATIENCE_MS = 60000; // a decision that moves many tracklets takes seconds
const SLOW_MS = 600;
let running = false, settle = null, unlock = () => {}, refresh = async () => {};

export const busy = () => running;

/** Have the page drawn anew by `show` after whatever changed something; buttons wait until it is. */
export const afterChanges = (show) => { refresh = show; };

/** Let a button be pressed or not; while something runs none can be. */
export function able(button, can) {
  button.dataset.off = can ? "" : "1";
  button.disabled = running || !can;
}

/** Ask the server to do something; what it says it did, or null where it did not. `done` is called before the page is drawn anew. */
export async function act(path, body = {}, done = () => {}) {
  if (running) return null;
  dismiss();
  for (;;) {
    lock();
    const { answer, error } = await once(path, body);
    if (answer) {
      done(answer);
      if (answer.told && one("view-queue").hidden) tell(answer.told); // the queue has a line of its own for it
    }
    if (answer || error.final) await refresh(); // what is shown may be older than what was refused
    unlock();
    if (answer) return answer;
    if (!(await wantsAgain(error))) return null;
  }
}

/** What is at a path, or null; a failure is said, with a way to try again. */
export async function fetched(path) {
  for (;;) {
    try {
      return await read(path, PATIENCE_MS);
    } catch (error) {
      const text = error instanceof TypeError ? "The program does not answer." : words(error);
      if (!(await wantsAgain({ text, final: false }))) return null;
    }
  }
}

async function once(path, body) {
  try {
    const response = await fetch(path, {
      method: "POST", signal: AbortSignal.timeout(PATIENCE_MS), body: JSON.stringify(body),
      headers: { "X-Reid": "page", "Content-Type": "application/json" },
    });
    if (response.status === 401) location.reload();
    if (response.ok) return { answer: await response.json() };
    const type = response.headers.get("Content-Type") ?? "";
    const said = type.includes("json") ? (await response.json()).error : `The program answered ${response.status}; its log may have why.`;
    return { error: { text: said, final: response.status < 500 && response.status !== 429 } };
  } catch (error) {
    return { error: { text: words(error), final: false } };
  }
}

function words(error) {
  if (error.name === "TimeoutError") return "The program has not answered in time. It may have done it all the same.";
  if (error instanceof TypeError) return "The program does not answer, so it is not known whether it was done.";
  return error.message;
}

/** Make all buttons wait until `unlock`, which puts the focus back where it was. */
function lock() {
  running = true;
  document.body.classList.add("running");
  const held = [...document.querySelectorAll("button:enabled, input:enabled")].filter((element) => !element.closest("#failed"));
  const focus = document.activeElement;
  for (const element of held) element.disabled = true;
  const timer = setTimeout(() => document.body.classList.add("slow"), SLOW_MS);
  unlock = () => {
    unlock = () => {};
    running = false;
    clearTimeout(timer);
    document.body.classList.remove("running", "slow");
    for (const element of held) element.disabled = false;
    for (const element of document.querySelectorAll("[data-off]")) element.disabled = element.dataset.off === "1";
    if (held.includes(focus) && focus.isConnected) focus.focus({ preventScroll: true });
  };
}

/** Say why something failed, and wait whether to try again; it is no where something else is done meanwhile. */
function wantsAgain({ text, final }) {
  unlock(); // whoever does something else meanwhile may
  dismiss();
  inFront(one("failed"));
  one("failed-text").textContent = text;
  one("failed-again").hidden = final;
  one("failed").hidden = false;
  return new Promise((resolve) => {
    settle = resolve;
    one("failed-again").onclick = () => dismiss(true);
    one("failed-close").onclick = () => dismiss();
  });
}

function dismiss(again = false) {
  one("failed").hidden = true;
  settle?.(again);
  settle = null;
}

/** Say what was done, above whatever dialog is open. */
export function tell(text) {
  inFront(one("toast"));
  say(text);
}

// a modal dialog makes all outside it dead, so what is said moves into it
const inFront = (element) => ([...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body).append(element);

document.addEventListener("close", () => {
  for (const id of ["failed", "toast"]) document.body.append(one(id));
}, true);
