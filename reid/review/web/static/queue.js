// The queue: one question at a time, with both sides, in the order of what an answer is worth.

import { answered } from "./api.js";
import { able, act, busy, fetched, justReplaced } from "./act.js";
import { chance, count, distance, fill, h, keep, one, personChip, show } from "./dom.js";
import { crop, personLine, seen, strip } from "./parts.js";

const AHEAD = 3; // questions that are loaded, so that crops of the next ones are there
const PHONE = matchMedia("(max-width: 640px)");
const KEYS = { y: "yes", n: "no", u: "unsure", s: "skip" };
const BELIEFS = [[0.95, "Almost surely the same person"], [0.7, "Probably the same person"], [0.3, "Could be either"], [0.05, "Probably two people"], [-1, "Almost surely two people"]];
let asked = [], sure = [], undoes = null, loaded = false;

export function startQueue() {
  for (const button of one("answers").querySelectorAll("[data-answer]")) button.addEventListener("click", () => reply(button.dataset.answer));
  one("queue-undo").addEventListener("click", undo);
  one("sure-open").addEventListener("click", confirmSure);
  document.addEventListener("keydown", (event) => {
    if (one("view-queue").hidden || one("view-queue").inert || event.repeat || event.ctrlKey || event.metaKey || event.altKey || busy()) return;
    if (event.target.matches("input, textarea") || document.querySelector("dialog[open]")) return;
    if (event.key === "z" && !one("queue-undo").disabled) undo();
    else if (KEYS[event.key]) reply(KEYS[event.key]);
  });
}

/** Load the next questions, and who could be confirmed at once. */
export async function showQueue(review) {
  showBar(review);
  const found = await Promise.all([fetched(`/api/questions?limit=${AHEAD}`), fetched("/api/people")]);
  if (!found[0] || !found[1]) return;
  if (asked.length && asked[0].id !== found[0][0]?.id) justReplaced();
  asked = found[0];
  sure = found[1].filter((person) => person.sure);
  loaded = true;
  draw(review, found[1]);
}

function showBar({ progress }) {
  const part = (name, number) => h("i", { class: name, style: { flex: String(number) } });
  fill(one("bar"), part("reviewed", progress.reviewed), part("asked", progress.in_question), part("rest", progress.unasked));
  const words = [
    ["reviewed", `${progress.reviewed} of ${count(progress.tracklets, "tracklet")} reviewed`],
    ["asked", `${count(progress.in_question, "tracklet")} in ${count(progress.questions, "open question")}`],
    ["rest", `${progress.unasked} not in doubt`]];
  one("bar").setAttribute("aria-label", words.map((pair) => pair[1]).join(", "));
  fill(one("bar-text"), words.map(([name, text]) => h("span", {}, h("i", { class: name }), text)),
    h("span", {}, wrong(progress.expected_wrong_links)));
}

const wrong = (links) => (links < 0.05 ? "no wrong link expected" : `about ${links.toFixed(1)} wrong links still expected`);

function draw(review, people) {
  keep(one("questions"), asked, (question) => question.id, card, update);
  show("answers", people.length > 0);
  show("no-questions", loaded && !asked.length);
  const left = review.progress.tracklets - review.progress.reviewed;
  one("no-questions-text").textContent = !people.length ? "There are no people: no tracklet is under review."
    : review.progress.questions ? `${count(review.progress.questions, "question was", "questions were")} skipped, to be asked again in the next session. No other question is open.`
    : left ? `No question is open. ${count(left, "tracklet")} that nothing puts in doubt ${left === 1 ? "is" : "are"} not confirmed yet.` : "No question is open, and every tracklet is reviewed.";
  for (const button of one("answers").querySelectorAll("[data-answer]")) button.hidden = !asked.length;
  undoes = review.undoes;
  able(one("queue-undo"), undoes !== null);
  show("sure-band", sure.length > 0);
  one("sure-text").textContent = `${count(sure.length, "person looks", "people look")} sure: no question is open about ${sure.length === 1 ? "this one" : "them"}.`;
}

// One question ---

const card = () => h("article", { class: "question panel" }, h("div", { class: "asked" }), h("div", { class: "sides" }));

/** Draw what is new: other answers change names, beliefs and what is in a question. */
function update(element, question) {
  element.hidden = question !== asked[0];
  const [head, sides] = element.children, doubt = question.kind === "belongs";
  fill(head,
    h("h2", {}, doubt ? h("span", {}, "Is this ", personChip(question.one.person), "?") : h("span", {}, "Are these the same person?")),
    h("p", { class: "words" }, h("b", {}, BELIEFS.find(([least]) => question.belief > least)[1]), h("span", {}, numbers(question))),
    question.at_once && h("p", { class: "flag" }, "Both are seen at once in one camera, so they cannot be one person, unless the camera shows people twice."));
  const shown = JSON.stringify([question.one, question.other]);
  if (element.shown === shown) return; // what a reader unfolded stays so
  element.shown = shown;
  sides.replaceChildren(side(question.one, doubt), side(question.other, false));
}

function numbers({ distance: far, probability, belief, kind, settled }) {
  const parts = [`distance ${distance(far)}`];
  if (probability !== null) parts.push(`${chance(probability)} likely one person by looks alone`);
  parts.push(`${chance(belief)} likely with times and other people taken into account`);
  parts.push(kind === "belongs" ? `“Same” confirms it with ${count(settled, "tracklet")} of the person, “Different” makes it a new person` : "“Same” merges them");
  return parts.join(" · ");
}

function side({ person, tracklets }, doubt) {
  const list = h("div", { class: "strips" }), [most, crops] = PHONE.matches ? [1, 4] : [3, 7]; // tracklets at first, and crops of each
  const head = h("h3", {}, doubt ? "In doubt" : person && personChip(person), !doubt && person?.label && h("small", {}, person.name), h("small", {}, count(tracklets.length, "tracklet")));
  const fillUp = (number) => list.replaceChildren(...tracklets.slice(0, number).map((tracklet) => strip(tracklet, crops, null, "eager")));
  fillUp(most);
  const more = tracklets.length - most;
  const button = more > 0 && h("button", { type: "button", class: "quiet", onclick: () => { fillUp(tracklets.length); button.remove(); } }, `Show ${more} more`);
  return h("div", { class: "side" }, head, list, button);
}

// Answers ---

async function reply(answer) {
  if (!asked.length || busy()) return;
  const done = await act(`/api/questions/${encodeURIComponent(asked[0].id)}`, { answer });
  if (done) told(done.told);
}

async function undo() {
  const done = await act("/api/undo", { step: undoes });
  if (done) told(done.told);
}

function told(text) {
  one("told").textContent = text;
  one("told").hidden = false;
}

async function confirmSure() {
  const shown = sure; // what is sure may be another while the dialog is open
  one("sure-list").replaceChildren(...shown.map((person) =>
    h("label", {}, h("input", { type: "checkbox", value: person.id, checked: true }),
      h("span", { class: "faces" }, person.crops.map((src) => crop(src, ""))),
      personLine({ ...person, crops: [] })[1])));
  const boxes = [...one("sure-list").querySelectorAll("input")];
  const check = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    one("sure-yes").disabled = !chosen;
    one("sure-yes").textContent = `Confirm ${count(chosen, "person", "people")}`;
  };
  boxes.forEach((box) => { box.onchange = check; });
  check();
  if (!(await answered(one("sure")))) return;
  const people = boxes.filter((box) => box.checked).map((box) => Number(box.value));
  const done = await act("/api/people/confirm", { people, ...seen(shown.filter((person) => people.includes(person.id))) });
  if (done) told(done.told);
}
