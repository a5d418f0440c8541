// Who is here, and who was: cards with a crop, a name, and why they were taken for who they are.

import { answered, ask, confirmed } from "./api.js";
import { cameraChip, chance, clock, count, distance, duration, fill, h, keep, one, personChip, show } from "./dom.js";

const FARTHEST = 0.8; // where the scale of distances ends
let everybody = [];

/** The name of a person, or the number. */
const called = (person) => person.label ?? person.name;

const now = (person) => person.visits.filter((visit) => visit.present);
const since = (person) => Math.min(...now(person).map((visit) => visit.start_s));
const last = (person) => Math.max(...person.visits.map((visit) => visit.end_s));

export function showPeople(state) {
  everybody = state.people;
  const here = state.people.filter((person) => person.present).sort((a, b) => since(b) - since(a) || b.id - a.id);
  const gone = state.people.filter((person) => !person.present).sort((a, b) => last(b) - last(a));
  show("no-here", here.length === 0);
  show("no-recent", gone.length === 0);
  const rates = state.expected;
  one("expected").hidden = !rates;
  if (rates) one("expected").textContent = `To expect among ${rates.people} people: ${rate(rates.false_match)} of pairs of two people taken for one, ${rate(rates.false_non_match)} of pairs of one person missed.`;
  one("not-shown").textContent = state.people_not_shown ? `and ${state.people_not_shown} before` : "";
  keep(one("here"), here, (person) => person.id, card, (element, person) => updateHere(element, person, state.now_s));
  keep(one("recent"), gone, (person) => person.id, card, (element, person) => updateGone(element, person, state.now_s));
}

function card(person) {
  const act = (label, action, needs = "reviewer") => h("button", { type: "button", class: "quiet", "data-needs": needs, onclick: () => action(known(person)) }, label);
  return h("article", { class: "person", style: { "--p": person.colour } },
    h("span", { class: "crop" }),
    h("div", { class: "who" }, h("h3", {}), h("p", { class: "where" }), h("div", { class: "sure" }),
      h("p", { class: "actions" }, act("Rename", rename), act("Merge with…", merge), act("Split…", split),
        act("Confirm", confirm), act("Not a person", ignore), act("Forget", forget, "admin"))));
}

/** As the server said last: a card is older than its person's name. */
const known = (person) => everybody.find((other) => other.id === person.id) ?? person;

function head(element, person) {
  const crop = element.querySelector(".crop");
  if (crop.dataset.src !== (person.crop ?? "")) {
    crop.dataset.src = person.crop ?? "";
    const none = h("small", {}, "no crop"); // also where the person was merged or forgotten meanwhile
    const img = h("img", { src: person.crop, alt: `Crop of ${called(person)}`, onerror: () => img.replaceWith(none) });
    crop.replaceChildren(person.crop ? img : none);
  }
  const badge = person.visits[0].answer;
  fill(element.querySelector("h3"),
    h("span", { class: "tag", dir: "auto" }, called(person)), person.label ? h("small", {}, person.name) : null,
    h("span", { class: `badge ${badge}` }, badge));
  for (const button of element.querySelectorAll(".actions button")) {
    button.setAttribute("aria-label", `${button.textContent.replace("…", "")} ${called(person)}`);
  }
}

function updateHere(element, person, now_s) {
  head(element, person);
  fill(element.querySelector(".where"), now(person).map((visit) =>
    h("span", {}, cameraChip(visit.camera, visit.colour), " ", h("span", { class: "soft", title: `since ${clock(visit.start_s)}` }, `for ${duration(now_s - visit.start_s)}`))));
  fill(element.querySelector(".sure"), certainty(now(person)[0], person));
}

function updateGone(element, person, now_s) {
  head(element, person);
  const visit = person.visits[0], cameras = new Map(person.visits.map((one) => [one.camera, one.colour]));
  fill(element.querySelector(".where"), [...cameras].map(([name, colour]) => cameraChip(name, colour)),
    h("span", { class: "soft", title: clock(visit.end_s) }, `${duration(now_s - last(person))} ago`));
  fill(element.querySelector(".sure"), visit.nearest ? h("span", { class: "soft" }, sureness(visit, person)) : null);
}

const chip = (compared) => personChip({ ...compared, label: known(compared).label });

/** In words: how likely it is the nearest person, at what distance; and which, where that is another one. */
function sureness(visit, person) {
  const far = h("span", { title: "distance" }, distance(visit.nearest.distance));
  const other = visit.nearest.id !== person.id;
  if (visit.probability === null) return [other ? ["nearest ", chip(visit.nearest), " "] : "distance ", far];
  return other ? ["only ", h("b", {}, chance(visit.probability)), " ", chip(visit.nearest), " ", far] : [h("b", {}, chance(visit.probability)), " sure at ", far];
}

/** In words and as a scale: the filled dot is how far the nearest is, the ring who comes next. */
function certainty(visit, person) {
  if (!visit.nearest) return h("span", { class: "soft" }, visit.answer === "new" ? "no person was known before" : "not compared yet");
  const next = visit.runner_up, from = visit.nearest.distance, to = next && next.distance;
  const at = (value) => `${100 * Math.min(value / FARTHEST, 1)}%`;
  return [
    h("p", { class: "pair" }, h("span", {}, sureness(visit, person)),
      next ? h("span", { class: "soft", title: "the next nearest, and how far" }, "next ", chip(next), ` ${distance(to)}`) : h("span", { class: "soft" }, "no other near")),
    from === null ? null : h("svg", { height: 12, width: "100%", "aria-hidden": "true" },
      h("line", { class: "base", x1: 0, x2: "100%", y1: 6, y2: 6 }),
      to === null ? null : h("line", { class: "gap", x1: at(from), x2: at(to), y1: 6, y2: 6 }),
      to === null ? null : h("circle", { class: "ring", cx: at(to), cy: 6, r: 4, style: { stroke: next.colour } }),
      h("circle", { class: "dot", cx: at(from), cy: 6, r: 4.5, style: { fill: visit.nearest.colour } })),
  ];
}

/** A rate with its interval, in per cent. */
function rate([value, low, high]) {
  const digits = high < 0.02 ? 2 : 1;
  return `${(100 * value).toFixed(digits)} % (${(100 * low).toFixed(digits)} to ${(100 * high).toFixed(digits)})`;
}

// What may be asked ---

async function rename(person) {
  const input = one("rename-name");
  one("rename-title").textContent = `Name of ${person.name}`;
  input.value = person.label ?? "";
  input.placeholder = person.name;
  if (!(await answered(one("rename"), input))) return;
  const label = input.value.trim() || null;
  ask("POST", `/api/people/${person.id}/rename`, { label }, label ? `${person.name} is called ${label}.` : `${person.name} has no name.`);
}

async function forget(person) {
  const text = "Their vectors, crops and events are erased, here and in the gallery. This cannot be undone. If they come again, they are a new person.";
  if (await confirmed(`Forget ${called(person)}?`, text, "Forget")) {
    ask("POST", `/api/people/${person.id}/forget`, null, `${called(person)} is forgotten.`);
  }
}

async function merge(person) {
  one("merge-title").textContent = `${called(person)} is the same person as…`;
  const others = everybody.filter((other) => other.id !== person.id);
  one("merge-list").replaceChildren(...others.map((other) =>
    h("label", { style: { "--p": other.colour } },
      h("input", { type: "radio", name: "into", value: other.id, required: true }),
      h("span", { class: "crop" }, other.crop ? h("img", { src: other.crop, alt: "", loading: "lazy" }) : null),
      h("span", {}, personChip(other), h("small", {}, other.present ? "here now" : `last seen ${clock(last(other))}`)))));
  if (!others.length) one("merge-list").replaceChildren(h("p", { class: "soft" }, "There is no other person."));
  one("merge-yes").disabled = !others.length;
  if (!(await answered(one("merge")))) return;
  const chosen = one("merge-list").querySelector("input:checked");
  const into = others.find((other) => String(other.id) === chosen?.value);
  if (into) ask("POST", `/api/people/${person.id}/merge`, { into: into.id }, `${called(person)} is ${called(into)} now.`);
}

async function split(person) {
  one("split-title").textContent = `Which stays of ${called(person)} show another person?`;
  const several = person.visits.length > 1;
  one("split-list").replaceChildren(...person.visits.map((visit) =>
    h("label", { style: { "--p": person.colour } },
      h("input", { type: "checkbox", name: "stay", value: `${visit.camera}/${visit.track}` }),
      cameraChip(visit.camera, visit.colour),
      h("span", {}, `${clock(visit.start_s)} – ${visit.present ? "now" : clock(visit.end_s)}`,
        h("small", {}, visit.probability === null ? visit.answer : `${chance(visit.probability)} sure`)))));
  one("split-text").textContent = several
    ? "Choose the stays that show another person. They become those of a new person."
    : "They were seen once only, so there is nothing to split.";
  const boxes = [...one("split-list").querySelectorAll("input")];
  const check = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    one("split-yes").disabled = chosen === 0 || chosen === boxes.length;
  };
  boxes.forEach((box) => { box.onchange = check; });
  check();
  if (!(await answered(one("split")))) return;
  const appearances = boxes.filter((box) => box.checked).map((box) => box.value);
  if (appearances.length) {
    const number = appearances.length, stays = count(number, "stay", "stays");
    ask("POST", `/api/people/${person.id}/split`, { appearances }, `${stays} of ${called(person)} ${number === 1 ? "shows" : "show"} another person now.`);
  }
}

function confirm(person) {
  ask("POST", `/api/people/${person.id}/confirm`, null, `All stays of ${called(person)} are kept together.`);
}

function ignore(person) {
  ask("POST", `/api/people/${person.id}/ignore`, null, `${called(person)} is no person, and is left out from now on.`);
}

/** The buttons that take back what was decided last, and put it back. */
export function startDecisions() {
  for (const [name, done] of [["undo", "Undone"], ["redo", "Redone"]]) {
    one(name).addEventListener("click", () =>
      ask("POST", `/api/decisions/${name}`, {}, ({ told }) => `${done}: ${told}.`));
  }
}

/** The line above everything. */
export function countPeople(state) {
  one("fact-here").textContent = state.people.filter((person) => person.present).length;
  one("fact-lately").textContent = count(state.people.length + state.people_not_shown, "person", "people");
}
