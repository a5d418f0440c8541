// People as a grid: search, select, merge by dragging one onto another, open one.

import { answered } from "./api.js";
import { able, act, fetched } from "./act.js";
import { cameraChip, count, fill, h, keep, one, show } from "./dom.js";
import { called, crop, found, pickPerson, seen, when } from "./parts.js";
import { openSheet } from "./sheet.js";

let everybody = [], dragged = null;
const chosen = new Set();

export function startPeople() {
  one("search").addEventListener("input", draw);
  one("selection-clear").addEventListener("click", clear);
  one("selection-merge").addEventListener("click", () => mergeAll(selected()));
  one("selection-confirm").addEventListener("click", () => act("/api/people/confirm", { people: [...chosen], ...seen(selected()) }, clear));
}

export async function showPeople() {
  const fresh = await fetched("/api/people");
  if (!fresh) return;
  everybody = fresh;
  for (const id of chosen) if (!everybody.some((person) => person.id === id)) chosen.delete(id);
  draw();
}

const selected = () => everybody.filter((person) => chosen.has(person.id));

function clear() {
  chosen.clear();
  draw();
}

function draw() {
  const wanted = one("search").value.trim().toLowerCase();
  const shown = everybody.filter((person) => found(person).includes(wanted));
  keep(one("grid"), shown, (person) => person.id, card, update);
  one("people-count").textContent = wanted ? `${shown.length} of ${count(everybody.length, "person", "people")}` : count(everybody.length, "person", "people");
  show("no-people", !shown.length);
  one("no-people").textContent = everybody.length ? "No person has that name, number or camera." : "There are no people: no tracklet is under review.";
  show("selection", chosen.size > 0);
  one("selection-text").textContent = `${count(chosen.size, "person", "people")} selected`;
  able(one("selection-merge"), chosen.size > 1);
}

function card(person) {
  const box = h("input", { type: "checkbox", onchange: () => { box.checked ? chosen.add(person.id) : chosen.delete(person.id); draw(); } });
  const element = h("article", { class: "person", draggable: "true", "data-id": person.id, style: { "--p": person.colour } },
    h("label", { class: "choose" }, box),
    h("button", { type: "button", class: "open", onclick: () => openSheet(person.id) },
      h("span", { class: "crop" }), h("span", { class: "who" })));
  element.addEventListener("dragstart", (event) => {
    dragged = person.id;
    event.dataTransfer.setData("text/plain", person.name);
    event.dataTransfer.effectAllowed = "move";
    element.classList.add("dragged");
  });
  element.addEventListener("dragend", () => { dragged = null; element.classList.remove("dragged"); });
  element.addEventListener("dragover", (event) => {
    if (dragged === null || dragged === person.id) return;
    event.preventDefault();
    element.classList.add("over");
  });
  element.addEventListener("dragleave", () => element.classList.remove("over"));
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    element.classList.remove("over");
    const from = everybody.find((one) => one.id === dragged), into = everybody.find((one) => one.id === person.id);
    if (from && into && from !== into) mergeAll([from, into], into.id);
  });
  return element;
}

function update(element, person) {
  const box = element.querySelector("input");
  box.checked = chosen.has(person.id);
  box.setAttribute("aria-label", `Select ${called(person)}`);
  element.classList.toggle("chosen", box.checked);
  element.querySelector(".open").setAttribute("aria-label", `Open ${called(person)}`);
  const face = element.querySelector(".crop"), src = person.crops[0] ?? "";
  if (face.dataset.src !== src) {
    face.dataset.src = src;
    face.replaceChildren(src ? crop(src, "") : h("small", {}, "no crop"));
  }
  const done = person.reviewed >= person.tracklets && person.tracklets > 0;
  fill(element.querySelector(".who"),
    h("span", { class: "names" }, h("span", { class: "tag", dir: "auto" }, called(person)), person.label && h("small", {}, person.name)),
    h("span", { class: "cams" }, person.cameras.map((camera) => cameraChip(camera.name, camera.colour))),
    h("small", {}, when(person)),
    h("small", {}, `${count(person.tracklets, "tracklet")}, `, h("span", { class: done ? "done" : "" }, done ? "all reviewed" : `${person.reviewed} reviewed`)));
}

/** Merge some people into one of them, whom the reader chooses. */
async function mergeAll(several, into = null) {
  const named = several.filter((person) => person.label);
  const into_id = await pickPerson({
    title: `Are these ${several.length} people one person?`,
    text: "Choose whose name and number stay. All that was seen of the others becomes theirs.",
    yes: "Merge", people: several, chosen: into ?? (named[0] ?? several[0]).id, answered,
  });
  if (into_id === null) return false;
  for (const person of several.filter((one) => one.id !== into_id)) {
    if (!(await act(`/api/people/${person.id}/merge`, { into: into_id }))) return false;
    chosen.delete(person.id);
  }
  clear();
  return true;
}
