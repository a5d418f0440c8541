// Asks once a second how things are, and shows it. Says so where the program does not answer, and goes on when it does.

import { ask, confirmed, read } from "./api.js";
import { showCameras, startWall } from "./cameras.js";
import { clock, delay, duration, h, one } from "./dom.js";
import { showEvents, showQueues, startEvents } from "./events.js";
import { countPeople, showPeople, startDecisions } from "./people.js";
import { showTimeline } from "./timeline.js";

const EVERY_MS = 1000;
const HIDDEN_MS = 15000; // the page is hidden; its title still says how many are here
let answered = Date.now() / 1000, timer = 0, busy = false;

async function look() {
  if (busy) return;
  busy = true;
  clearTimeout(timer);
  try {
    const state = await read("/api/state");
    if (state.version !== document.body.dataset.version) location.reload();
    showCameras(state.cameras);
    showPeople(state);
    showTimeline(state);
    showQueues(state.queues);
    showFacts(state);
    showNotices(state);
    await showEvents(state);
    answered = Date.now() / 1000;
    away(false);
  } catch (error) {
    console.error(error);
    away(true);
  }
  busy = false;
  timer = setTimeout(look, document.hidden ? HIDDEN_MS : EVERY_MS);
}

function showFacts(state) {
  countPeople(state);
  const online = state.cameras.filter((camera) => camera.level === "online").length;
  one("fact-cameras").textContent = `${online} of ${state.cameras.length}`;
  one("fact-cameras").classList.toggle("bad", online < state.cameras.filter((camera) => !["paused", "connecting"].includes(camera.level)).length);
  one("fact-latency").textContent = state.latency.p50_s === null ? "–" : `${delay(state.latency.p50_s)} / ${delay(state.latency.p95_s)}`;
  one("fact-uptime").textContent = duration(state.now_s - state.started_s);
  document.title = `${one("fact-here").textContent} here · reid live`;
}

let noticed = "";
function showNotices(state) {
  const all = [...Object.values(state.troubles), ...Object.values(state.notices)];
  if (all.join() === noticed) return;  // a button that is replaced under the pointer cannot be pressed
  noticed = all.join();
  one("notices").replaceChildren(...all.map((text) =>
    h("p", { class: "notice" }, text, text === state.notices.retention && confirmButton())));
}

function confirmButton() {
  const text = "What is old by it is erased at once, and cannot be brought back.";
  return h("button", { type: "button", "data-needs": "admin", onclick: async () => {
    const sure = await confirmed("Is the clock right?", text, "Erase what is old");
    if (sure) ask("POST", "/api/retention/confirm", null, "What is old is being erased.");
  } }, "The clock is right");
}

function away(gone) {
  const banner = one("away");
  document.body.classList.toggle("away", gone);
  if (gone) {
    banner.textContent = `The program does not answer; what you see is of ${clock(answered)}. Trying again…`;
    document.title = "no answer · reid live";
  }
  banner.hidden = !gone;
}

startWall();
startEvents();
startDecisions();
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
document.addEventListener("asked", look);
look();
