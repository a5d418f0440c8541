// Search by photo: upload or drop one, choose the person in it, look at the sightings, say which show them.

import { answered, request } from "./api.js";
import { able, act, fetched, tell } from "./act.js";
import { cameraChip, chance, count, distance, fill, h, keep, one, personChip, show } from "./dom.js";
import { called, crop, pickPerson, when } from "./parts.js";
import { openSheet } from "./sheet.js";

const MOST_PX = 1600, MOST_BYTES = 640 * 1024, QUALITIES = [0.92, 0.8, 0.6, 0.4]; // the program takes 1 MiB, in base64
const PATIENCE_MS = 120000; // the first photo loads the networks
const IMAGES = /^image\//;
let photo = null, found = null, asked = 0; // asked: number of the latest request; answers to others are too late
const chosen = new Set();

export function startSearch() {
  const input = one("photo-file"), zone = one("photo-zone");
  input.addEventListener("change", () => { take(input.files[0]); input.value = ""; });
  zone.addEventListener("dragover", (event) => { event.preventDefault(); zone.classList.add("over"); });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    take(event.dataTransfer.files[0]);
  });
  document.addEventListener("paste", (event) => {
    const file = [...event.clipboardData.files].find((one) => IMAGES.test(one.type));
    if (file && !one("view-photo").hidden) take(file);
  });
  one("found-clear").addEventListener("click", () => { chosen.clear(); draw(); });
  one("found-same").addEventListener("click", same);
}

/** The view again, after whatever changed something: who is who may be other now. */
export async function showSearch() {
  if (found?.hits.length && photo) await search(photo.person);
  else draw();
}

async function take(file) {
  if (!file) return;
  try {
    photo = await smaller(file);
  } catch {
    say(`${file.name || "This"} is no image that the browser can show; choose a JPEG or a PNG.`);
    return;
  }
  chosen.clear();
  found = null;
  URL.revokeObjectURL(one("photo-image").src);
  one("photo-image").src = URL.createObjectURL(photo.blob);
  await search();
}

/** The photo upright, as a JPEG that is small enough to send. */
async function smaller(file) {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, MOST_PX / Math.max(bitmap.width, bitmap.height));
  const canvas = h("canvas", {});
  canvas.width = Math.max(1, Math.round(scale * bitmap.width));
  canvas.height = Math.max(1, Math.round(scale * bitmap.height));
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  let blob = null;
  for (const quality of QUALITIES) {
    blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
    if (blob.size <= MOST_BYTES) break;
  }
  return { blob, width: canvas.width, height: canvas.height, base64: await base64(blob), person: null, people: [] };
}

const base64 = (blob) => new Promise((resolve) => {
  const reader = new FileReader();
  reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
  reader.readAsDataURL(blob);
});

async function search(person = null) {
  const number = ++asked;
  photo.person = person;
  say("Searching…");
  const body = { photo: photo.base64, ...(person && { person }) };
  const { answer, error } = await request("POST", "/api/search", { body, patience_ms: PATIENCE_MS });
  if (number !== asked) return;
  if (error) {
    found = null;
    draw();
    say(error.text);
    return;
  }
  found = answer;
  if (found.people.length) photo.people = found.people; // another one can be chosen afterwards
  const there = new Set(found.hits.map((hit) => hit.tracklet));
  for (const id of chosen) if (!there.has(id)) chosen.delete(id);
  draw();
}

function say(text) { one("found-text").textContent = text; }

function draw() {
  show("photo-shown", photo !== null);
  const marks = photo?.people.length ? photo.people : found?.box ? [{ number: 0, box: found.box }] : [];
  one("photo-marks").replaceChildren(...marks.map(mark));
  say(found ? found.sentence : photo ? "" : "Choose a photo of the person, or drop it here: a crop, or a larger picture. It is not kept.");
  one("found-text").dataset.verdict = found?.verdict ?? "";
  keep(one("found"), found?.hits ?? [], (hit) => `${hit.run}/${hit.camera.name}/${hit.track}`, card, update);
  show("found-chosen", chosen.size > 0);
  one("found-chosen-text").textContent = `${count(chosen.size, "sighting")} selected`;
}

/** A box in the photo: of several people a button each, of one just the frame. */
function mark({ number, box: [left, top, width, height] }) {
  const share = (value, whole) => `${(100 * value) / whole}%`;
  const style = { left: share(left, photo.width), top: share(top, photo.height), width: share(width, photo.width), height: share(height, photo.height) };
  if (!number) return h("span", { class: "mark", style });
  return h("button", { type: "button", class: "mark", style, "aria-label": `Person ${number} of the photo`, "aria-pressed": String(photo.person === number), onclick: () => search(number) }, h("b", {}, number));
}

function card(hit) {
  const box = h("input", { type: "checkbox", onchange: () => { box.checked ? chosen.add(hit.tracklet) : chosen.delete(hit.tracklet); draw(); } });
  return h("article", { class: "person hit" },
    h("label", { class: "choose" }, box),
    h("button", { type: "button", class: "open" }, h("span", { class: "crop" }), h("span", { class: "who" })));
}

function update(element, hit) {
  const box = element.querySelector("input"), open = element.querySelector(".open");
  element.querySelector(".choose").hidden = hit.tracklet === null; // it is not under review, so nothing is decided here
  box.checked = chosen.has(hit.tracklet);
  element.classList.toggle("chosen", box.checked);
  const who = hit.person ? called(hit.person) : "no person";
  box.setAttribute("aria-label", `Select the sighting of ${who} in ${hit.camera.name}`);
  open.setAttribute("aria-label", `Open ${who}`);
  able(open, hit.tracklet !== null);
  open.onclick = () => openSheet(hit.person.id);
  const face = element.querySelector(".crop"), src = hit.crops[0] ?? "";
  if (face.dataset.src !== src || !face.firstChild) {
    face.dataset.src = src;
    face.replaceChildren(src ? crop(src, "") : h("small", {}, "no crop"));
  }
  fill(element.querySelector(".who"),
    h("span", { class: "names" }, hit.person ? personChip(hit.person) : h("small", {}, "no person"), hit.person?.label && h("small", {}, hit.person.name)),
    hit.probability === null ? h("small", {}, "probability not known") : h("b", {}, chance(hit.probability)),
    h("small", {}, `distance ${distance(hit.distance)}`),
    h("span", { class: "cams" }, cameraChip(hit.camera.name, hit.camera.colour)),
    h("small", {}, when(hit)));
}

/** Say that the selected sightings show one person: those of others go to that one, and all are confirmed. */
async function same() {
  const selected = found.hits.filter((hit) => chosen.has(hit.tracklet));
  const ids = [...new Set(selected.map((hit) => hit.person.id))];
  let into = ids[0];
  if (ids.length > 1) {
    const people = (await fetched("/api/people"))?.filter((person) => ids.includes(person.id));
    if (!people) return;
    into = await pickPerson({
      title: `${count(selected.length, "sighting")}, one person`, text: "Choose whose they are. The selected sightings of the others become theirs.",
      yes: "Move and confirm", people, chosen: into, answered,
    });
    if (into === null) return;
  }
  for (const id of ids.filter((other) => other !== into)) {
    const tracklets = selected.filter((hit) => hit.person.id === id).map((hit) => hit.tracklet);
    if (!(await act(`/api/people/${id}/reassign`, { tracklets, into }))) return;
  }
  const tracklets = selected.map((hit) => hit.tracklet);
  if (await act(`/api/people/${into}/confirm`, { tracklets }, () => chosen.clear())) tell("Kept as a decision.");
}
