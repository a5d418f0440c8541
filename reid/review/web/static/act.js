// Having something done: buttons wait while it runs, and what fails is said, with a way to try again.

import { request, say } from "./api.js";
import { one } from "./dom.js";

export const PATIENCE_MS = 60000; // a decision that moves many tracklets takes seconds
const SLOW_MS = 600, GLANCE_MS = 300, CONTRADICTED = 409; // an earlier decision speaks against it, and may end
let settle = null, release = null, refresh = async () => {}; // release: of the lock that holds
let unseen_until = 0; // moment until which what is shown cannot have been looked at

export const busy = () => release !== null;

/** Have the page drawn anew by `show` after whatever changed something; buttons wait until it is. */
export const afterChanges = (show) => { refresh = show; };

/** Have all buttons wait for a moment: what they act on was replaced just now, and a press may be meant for what was there. */
export function justReplaced() {
  unseen_until = performance.now() + GLANCE_MS;
  if (busy()) return; // what runs waits at its end
  const unlock = lock();
  glance().then(unlock);
}

async function glance() {
  const left = unseen_until - performance.now();
  if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
}

// a key that is held down presses a button once
document.addEventListener("keydown", (event) => {
  if (event.repeat && event.key === "Enter" && event.target.matches("button")) event.preventDefault();
});

/** Let a button be pressed or not; while something runs none can be. */
export function able(button, can) {
  button.dataset.off = can ? "" : "1";
  button.disabled = busy() || !can;
}

/** Take back, or do again, what was done last. Without a second try: where the first was done, that would take back one more. */
export const step = (which) => act(`/api/${which}`, {}, () => {}, { once: true });

/** Ask the server to do something; what it says it did, or null where it did not. `done` is called before the page is drawn anew. */
export async function act(path, body = {}, done = () => {}, { once = false } = {}) {
  if (busy()) return null;
  dismiss();
  for (;;) {
    const unlock = lock();
    const { answer, error } = await request("POST", path, { body, patience_ms: PATIENCE_MS });
    if (answer) {
      done(answer);
      if (answer.told && one("view-queue").hidden) tell(answer.told); // the queue has a line of its own for it
    }
    if (answer || error.final) await refresh(); // what is shown may be older than what was refused
    await glance();
    unlock();
    if (answer) return answer;
    if (!(await wantsAgain(error, once))) return null;
    if (error.status === CONTRADICTED) body = { ...body, instead: true };
  }
}

/** What is at a path, or null; a failure is said, with a way to try again. `refused`: what is done where that is no use. */
export async function fetched(path, refused = null) {
  for (;;) {
    const { answer, error } = await request("GET", path, { patience_ms: PATIENCE_MS });
    if (answer) return answer;
    if (error.final && refused) return refused();
    if (!(await wantsAgain(error))) return null;
  }
}

/** Make all buttons wait; what is returned lets them go, and puts the focus back where it was. */
function lock() {
  document.body.classList.add("running");
  const held = [...document.querySelectorAll("button:enabled, input:enabled")].filter((element) => !element.closest("#failed"));
  const focus = document.activeElement;
  for (const element of held) element.disabled = true;
  const timer = setTimeout(() => document.body.classList.add("slow"), SLOW_MS);
  const own = () => {
    if (release !== own) return; // it was let go, and what holds now is of something else
    release = null;
    clearTimeout(timer);
    document.body.classList.remove("running", "slow");
    for (const element of held) element.disabled = false;
    for (const element of document.querySelectorAll("[data-off]")) element.disabled = element.dataset.off === "1";
    if (held.includes(focus) && focus.isConnected) focus.focus({ preventScroll: true });
    const lost = focus !== document.body && document.activeElement === document.body; // it is gone, or hidden
    if (lost) (openDialogs().at(-1) ?? one("main")).focus({ preventScroll: true });
  };
  return (release = own);
}

/** Say why something failed, and wait whether to try again; it is no where something else is done meanwhile. */
function wantsAgain({ text, final, status }, once = false) {
  release?.(); // something else may be done meanwhile
  dismiss();
  inFront(one("failed"));
  one("failed-text").textContent = text;
  one("failed-again").hidden = (final || once) && status !== CONTRADICTED;
  one("failed-again").textContent = status === CONTRADICTED ? "Do it all the same" : "Try again";
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
const inFront = (element) => (openDialogs().at(-1) ?? document.body).append(element);
const openDialogs = () => [...document.querySelectorAll("dialog[open]")];

document.addEventListener("close", () => {
  for (const id of ["failed", "toast"]) document.body.append(one(id));
}, true);
