// What happened, newest first, and the receivers of it.

import { read } from "./api.js";
import { cameraChip, chance, clock, distance, duration, fill, h, keep, one, personChip, show } from "./dom.js";

const TOLD = new Set(["id", "event", "at", "camera", "person", "track", "appearance", "since", "box"]);
const LATE_MS = 2000; // from here on it matters that an event was told later than it was
const KINDS = { same: "a merge", different: "a split", moved: "a move", confirmed: "a confirmation", named: "a name", not_a_person: "“not a person”" };
// what people decided that is not one person for another
const DECIDED = {
  confirmed: (event) => [person(event.new), " is confirmed"],
  not_a_person: (event) => [person(event.old), " is no person"],
  decided: (event) => [KINDS[event.kind] ?? event.kind, ": ", person(event.new ?? event.old), ...(event.other ? [" and ", person(event.other)] : [])],
  undone: (event) => [KINDS[event.kind] ?? event.kind, " of ", person(event.new ?? event.old), " is undone"],
  redone: (event) => [KINDS[event.kind] ?? event.kind, " of ", person(event.new ?? event.old), " is redone"],
};
const STEPS = { zone_entered: " entered ", zone_left: " left ", line_crossed: " crossed " };
let mark = null, events = [], state = null, kind = "";

export function startEvents() {
  for (const button of one("kinds").children) {
    button.addEventListener("click", () => {
      kind = button.dataset.kind;
      for (const other of one("kinds").children) other.setAttribute("aria-pressed", other === button);
      draw();
    });
  }
}

/** Fetch them where there are others than before. */
export async function showEvents(fresh) {
  state = fresh;
  if (fresh.events_mark !== mark) {
    events = await read("/api/events");
    mark = fresh.events_mark;
  }
  draw();
}

function draw() {
  const shown = events.filter((event) => !kind || kind.split(" ").includes(event.event));
  show("no-events", shown.length === 0);
  show("events", shown.length > 0);
  keep(one("events"), shown, (event) => event.id, (event) => h("li", { class: event.event }),
    (item, event) => fill(item, h("time", { datetime: event.at }, clock(Date.parse(event.at) / 1000)), h("div", {}, sentence(event))));
}

function sentence(event) {
  const where = event.camera ? [h("span", { class: "soft" }, " in "), camera(event.camera)] : [];
  if (event.event === "camera_state") {
    return [camera(event.camera ?? ""), " ", h("span", { class: `level ${event.level ?? ""}` }, event.level ?? "changed"), note(rest(event, "level"))];
  }
  if (event.event === "identity_changed" && event.reason in DECIDED) {
    const decided = DECIDED[event.reason](event);
    return [h("b", { class: "what" }, "Decided"), decided, where, note(rest(event, "old", "new", "reason", "decision", "kind", "other"))];
  }
  if (event.event === "identity_changed") {
    const from = event.old ? [person(event.old), " is ", event.new ? person(event.new) : "unknown"] : [person(event.new ?? event.person), " is certain now"];
    return [h("b", { class: "what" }, "Corrected"), from, where, note(rest(event, "old", "new"))];
  }
  if (event.event === "left") {
    const stay = typeof event.seconds === "number" ? [`after ${duration(event.seconds)}`] : [];
    return [event.person ? person(event.person) : "an unknown person", " left ", event.camera ? camera(event.camera) : "", note([...stay, ...rest(event, "seconds")])];
  }
  const who = event.person ? person(event.person) : "an unknown person";
  if (event.event in STEPS) {
    const stay = typeof event.dwell_s === "number" ? [`after ${event.dwell_s < 10 ? event.dwell_s.toFixed(1) : Math.round(event.dwell_s)} s`] : [];
    const now = typeof event.people === "number" ? [`${event.people} in it now`] : [];
    const way = event.direction ? [event.direction] : [];
    return [who, STEPS[event.event], h("b", { dir: "auto" }, event.zone ?? event.line ?? ""), where, note([...way, ...stay, ...now, ...rest(event, "zone", "line", "direction", "dwell_s", "people")])];
  }
  return [who, where, note(rest(event))];
}

/** What else is known, in words: what is known best first, what has no words of its own by its name. */
function rest(event, ...told) {
  const known = { ...event }, parts = [];
  for (const name of [...TOLD, ...told]) delete known[name];
  const say = (name, words) => {
    if (known[name] !== null && known[name] !== undefined && known[name] !== "") parts.push(words(known[name]));
    delete known[name];
  };
  if (known.answer === "known") delete known.answer;
  if (!(Date.parse(known.told) - Date.parse(event.at) >= LATE_MS)) delete known.told;
  if (known.nearest === event.person) delete known.nearest;
  for (const name of ["answer", "why", "reason"]) say(name, String);
  const other = known.nearest ? label(known.nearest) : "";
  say("probability", (value) => (other ? `${chance(value)} ${other}` : `${chance(value)} sure`));
  if (other && parts.at(-1)?.endsWith(other)) delete known.nearest;
  say("nearest", (value) => `nearest ${label(value)}`);
  say("distance", (value) => `distance ${distance(value)}`);
  const far = known.runner_up_distance;
  delete known.runner_up_distance;
  say("runner_up", (value) => `next ${label(value)}${typeof far === "number" ? ` ${distance(far)}` : ""}`);
  say("told", (value) => `told at ${clock(Date.parse(value) / 1000)}`);
  for (const name of Object.keys(known)) say(name, (value) => `${name.replaceAll("_", " ")} ${value}`);
  return parts;
}

const note = (parts) => (parts.length ? h("small", {}, parts.join(", ")) : null);
const found = (name) => state.people.find((one) => one.name === name);
const label = (name) => found(name)?.label ?? name;
const person = (name) => personChip(found(name) ?? { name: String(name), label: null, colour: "var(--soft)" });
const camera = (name) => cameraChip(name, state.cameras.find((one) => one.name === name)?.colour ?? "var(--soft)");

export function showQueues(queues) {
  show("queues-section", queues.length > 0);
  const cells = ["waiting", "sent", "given_up", "dropped"];
  keep(one("queues"), queues, (queue) => queue.name,
    (queue) => h("tr", {}, h("td", {}, queue.name), cells.map((name) => h("td", { class: `n ${name}` }))),
    (row, queue) => cells.forEach((name, at) => {
      const cell = row.children[at + 1];
      cell.textContent = queue[name].toLocaleString();
      cell.classList.toggle("bad", (name === "given_up" || name === "dropped") && queue[name] > 0);
    }));
}
