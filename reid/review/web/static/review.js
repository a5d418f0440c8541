// The page: which view is shown, the numbers above it, writing results again, and what is said when the program is gone.

import { read } from "./api.js";
import { PATIENCE_MS, act, afterChanges, tell } from "./act.js";
import { showDecisions, startDecisions } from "./decisions.js";
import { clock, count, one, show } from "./dom.js";
import { showPeople, startPeople } from "./people.js";
import { cropsAgain } from "./parts.js";
import { closePlayer } from "./player.js";
import { showQueue, startQueue } from "./queue.js";
import { showSearch, startSearch } from "./search.js";
import { showSheet, startSheet } from "./sheet.js";
import { showTimeline, startTimeline } from "./timeline.js";

const EVERY_MS = 3000, WRITING_MS = 700, HIDDEN_MS = 30000;
const VIEWS = { queue: showQueue, people: showPeople, timeline: showTimeline, decisions: showDecisions, ...(one("view-photo") && { photo: showSearch }) };
let review = null, answered = Date.now() / 1000, timer = 0, wasWriting = false, gone = false, revision = null;

const view = () => (location.hash.slice(1) in VIEWS ? location.hash.slice(1) : "queue");

/** Ask how the site is; `whole` loads the view too. */
async function look(whole = false) {
  clearTimeout(timer);
  try {
    review = await read("/api/review", PATIENCE_MS);
    if (review.version !== document.body.dataset.version) location.reload();
    answered = Date.now() / 1000;
    const back = gone, moved = revision !== null && revision !== review.revision;
    revision = review.revision;
    away(false);
    showFacts();
    showWriting();
    if (back) cropsAgain();
    if (whole || back || moved) await showView();
  } catch (error) {
    console.error(error);
    away(true);
  }
  clearTimeout(timer);
  timer = setTimeout(look, document.hidden ? HIDDEN_MS : review?.writing.running ? WRITING_MS : EVERY_MS);
}

/** Show the view of the address; nothing in it can be pressed until it is loaded, as it may show what was before. */
async function showView() {
  const name = view();
  for (const other of Object.keys(VIEWS)) {
    const element = one(`view-${other}`);
    if (element.hidden) element.inert = true;
    element.hidden = other !== name;
  }
  for (const link of document.querySelectorAll(".tabs a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (!review) return;
  await Promise.all([VIEWS[name](review), showSheet()]);
  one(`view-${name}`).inert = false;
}

function showFacts() {
  const { progress } = review;
  one("fact-reviewed").textContent = `${progress.reviewed.toLocaleString()} of ${count(progress.tracklets, "tracklet")}`;
  one("fact-questions").textContent = count(progress.questions, "question");
  one("fact-wrong").textContent = progress.expected_wrong_links < 0.05 ? "none" : `about ${progress.expected_wrong_links.toFixed(1)}`;
  one("fact-people").textContent = `${count(review.people, "person", "people")} in ${count(review.cameras, "camera")}`;
  one("title").textContent = review.title;
  document.title = `${count(progress.questions, "question")} · reid review`;
}

function showWriting() {
  const { writing } = review;
  if (wasWriting && !writing.running) tell(writing.failed ? "Results were not written." : writing.told);
  wasWriting = writing.running;
  show("writing", review.can_write && (review.changed || writing.running || Boolean(writing.failed)));
  show("write", !writing.running);
  show("writing-share", writing.running);
  one("writing-share").value = writing.share;
  one("writing-text").textContent = writing.running ? `Writing ${writing.what}, ${Math.round(100 * writing.share)} % done.`
    : writing.failed ? `Results were not written: ${writing.failed}` : "Results are older than what was decided.";
}

function away(now) {
  gone = now;
  document.body.classList.toggle("away", now);
  show("away", now);
  if (!now) return;
  one("away").textContent = `The program does not answer; what you see is of ${clock(answered)}. Trying again…`;
  document.title = "no answer · reid review";
}

startQueue();
startPeople();
startSheet();
startTimeline();
startDecisions();
if (one("view-photo")) startSearch();
one("write").addEventListener("click", () => act("/api/write"));
addEventListener("hashchange", () => { closePlayer(); look(true); });
afterChanges(() => look(true));
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
showView();
look(true);
