// A person's sheet: all tracklets as strips, and everything that can be said of them.

import { answered, confirmed } from "./api.js";
import { able, act, fetched } from "./act.js";
import { cameraChip, count, fill, h, keep, one, show } from "./dom.js";
import { called, pickPerson, seen, strip, when } from "./parts.js";
import { closePlayer, closePlayerUnless, play } from "./player.js";

let person = null;
const chosen = new Set();

export function startSheet() {
  one("sheet").querySelector(".cancel").addEventListener("click", () => one("sheet").close());
  one("sheet").addEventListener("close", (event) => {
    if (event.target !== one("sheet")) return;
    person = null;
    closePlayer();
  });
  for (const button of one("sheet").querySelectorAll("[data-do]")) button.addEventListener("click", () => ACTIONS[button.dataset.do](person));
}

export async function openSheet(id) {
  chosen.clear();
  hint("");
  person = { id };
  await showSheet();
  if (person?.all && !one("sheet").open) { // not where another one was opened since
    one("sheet").showModal();
    one("sheet").scrollTop = 0;
  }
}

/** Load the person that is open again; closed where there is none any more. */
export async function showSheet() {
  if (!person) return;
  const fresh = await fetched(`/api/people/${person.id}`, leave);
  if (!fresh || fresh.id !== person?.id) return;
  person = fresh;
  closePlayerUnless(new Map(person.all.map((tracklet) => [tracklet.id, person.id])));
  for (const id of chosen) if (!person.all.some((tracklet) => tracklet.id === id)) chosen.delete(id);
  draw();
}

function draw() {
  fill(one("sheet-title"), h("span", { class: "tag", dir: "auto", style: { "--p": person.colour } }, called(person)), person.label && h("small", {}, person.name));
  fill(one("sheet-facts"), `${count(person.tracklets, "tracklet")}, ${person.reviewed} reviewed, seen ${when(person)} in `, person.cameras.map((camera) => [cameraChip(camera.name, camera.colour), " "]));
  keep(one("sheet-list"), person.all, (tracklet) => tracklet.id, row, (element, tracklet) => {
    const box = element.querySelector("input");
    box.checked = chosen.has(tracklet.id);
    element.classList.toggle("chosen", box.checked);
  });
  show("sheet-chosen", chosen.size > 0);
  one("sheet-chosen-text").textContent = `${count(chosen.size, "tracklet")} selected`;
  const all = chosen.size === person.all.length;
  able(action("split"), !all);
  able(action("reassign"), !all);
  able(action("halves"), person.all.length > 1);
  able(action("confirm"), person.reviewed < person.tracklets);
}

const action = (name) => one("sheet").querySelector(`[data-do="${name}"]`);

function row(tracklet) {
  const box = h("input", { type: "checkbox", "aria-label": `Select tracklet ${tracklet.track} of ${tracklet.camera.name}`,
    onchange: () => { box.checked ? chosen.add(tracklet.id) : chosen.delete(tracklet.id); hint(""); draw(); } });
  const start = tracklet.video && h("button", { type: "button", class: "quiet", "aria-label": `Play ${tracklet.camera.name} at ${when(tracklet)}`,
    onclick: () => play(one("sheet-player"), { tracklet: tracklet.id, ...tracklet, person }) }, "▶ Play");
  return h("div", { class: "item" }, h("label", { class: "choose" }, box), strip(tracklet, innerWidth > 640 ? 12 : 10, start));
}

function hint(text) {
  one("sheet-hint").textContent = text;
  show("sheet-hint", Boolean(text));
}

function choose(ids) {
  chosen.clear();
  for (const id of ids) chosen.add(id);
  draw();
}

function unchoose() {
  chosen.clear();
  hint("");
}

function leave() {
  person = null; // now: that it is closed is told later
  one("sheet").close();
}

// each is of a person as the reader sees it: while a dialog is open `person` may be another one, or none
const ACTIONS = {
  async rename(own) {
    const input = one("rename-name");
    one("rename-title").textContent = `Name of ${own.name}`;
    input.value = own.label ?? "";
    input.placeholder = own.name;
    if (await answered(one("rename"), input)) await act(`/api/people/${own.id}/rename`, { label: input.value.trim() || null });
  },
  confirm: (own) => act(`/api/people/${own.id}/confirm`, seen([own])),
  async halves(own) {
    const halves = await fetched(`/api/people/${own.id}/halves`);
    if (!halves || person?.id !== own.id) return;
    choose(halves.other);
    hint(halves.other.length ? `Looks suggest two people: ${count(halves.other.length, "tracklet")} selected below, ${halves.one.length} not. Change the selection where it is wrong, then split them off.`
      : "Looks suggest no split.");
    one("sheet-list").querySelector(".chosen")?.scrollIntoView({ block: "nearest" });
  },
  async split(own) {
    await act(`/api/people/${own.id}/split`, { tracklets: [...chosen] }, unchoose);
  },
  async reassign(own) {
    const tracklets = [...chosen], others = await othersThan(own);
    if (!others) return;
    const into = await pickPerson({ title: `${count(tracklets.length, "tracklet")} of ${called(own)} ${tracklets.length === 1 ? "shows" : "show"}…`, text: "Choose the person that is seen in them.", yes: "Move", people: others, answered });
    if (into !== null) await act(`/api/people/${own.id}/reassign`, { tracklets, into }, unchoose);
  },
  "confirm-chosen": (own) => act(`/api/people/${own.id}/confirm`, { tracklets: [...chosen] }, unchoose),
  clear: () => { unchoose(); draw(); },
  async merge(own) {
    const others = await othersThan(own);
    if (!others) return;
    const into = await pickPerson({ title: `${called(own)} is the same person as…`, text: "Choose who they are. All that was seen of them becomes that person’s.", yes: "Merge", people: others, answered });
    if (into !== null) await act(`/api/people/${own.id}/merge`, { into }, () => { person = { id: into }; unchoose(); });
  },
  async ignore(own) {
    const text = "What was taken for a person is none: a poster, a plant, a reflection. Its tracklets leave the results. This can be undone.";
    if (await confirmed(`Is ${called(own)} not a person?`, text, "Not a person")) await act(`/api/people/${own.id}/ignore`, seen([own]), leave);
  },
  async forget(own) {
    const text = "Vectors, times and name leave the gallery. This cannot be undone. Results folders keep crops, tables and videos of the person until results are written again, and vectors and crops in cameras/ also after that. The recordings stay as they are.";
    if (await confirmed(`Erase ${called(own)}?`, text, "Erase")) await act(`/api/people/${own.id}/forget`, seen([own]), leave);
  },
};

async function othersThan(own) {
  const people = await fetched("/api/people");
  return people?.filter((other) => other.id !== own.id);
}
