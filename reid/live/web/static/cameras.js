// The wall of cameras, and the table of how they are.

import { ask, confirmed } from "./api.js";
import { cameraChip, count, dayAndClock, delay, duration, fill, h, keep, one, show } from "./dom.js";
import { watchPreviews } from "./previews.js";
import { frameForZones, openZones, overlay, showZones, startZones } from "./zones.js";

const RATE_MS = 10000; // what is processed is counted over this long
const SOON_S = 2; // no rate before
const REASONS = { newer: "overtaken", sampling: "sampled out", old: "too old", paused: "paused" };
const FAULTS = { disconnects: "disconnect", stalls: "stall", freezes: "freeze", damaged: "damaged packet", changes: "change of format", rates: "odd rate", jumps: "clock jump" };
const COLUMNS = { state: "State", size: "Frame", rate: "Rate", dropped: "Not processed", faults: "Faults", drift: "Clock" }; // as the table's head
const CLOCKS = { rtcp: "RTCP", "program-date-time": "playlist" }; // arrival: not by its own
const CROPS = 6; // of static things, by camera
const history = new Map(); // camera -> [{at, taken, offered, dropped}]
const screens = new Map(); // camera -> its img
const latest = new Map(); // camera -> what the server told of it last
const early = new Map(); // camera -> a frame that came before there was a place for it

export function startWall() {
  watchPreviews((camera, jpeg) => { showFrame(camera, jpeg); frameForZones(camera, jpeg); });
  startZones();
  one("add").addEventListener("submit", async (event) => {
    event.preventDefault();
    const address = one("address").value.trim();
    if (await ask("POST", "/api/cameras", { address }, "Added.")) one("add").reset();
  });
}

function showFrame(camera, jpeg) {
  const img = screens.get(camera);
  if (!img) early.set(camera, jpeg);
  if (!img || (img.src && !img.complete)) return;
  const url = URL.createObjectURL(new Blob([jpeg], { type: "image/jpeg" }));
  img.onload = img.onerror = () => URL.revokeObjectURL(url);
  img.src = url;
  img.hidden = false;
}

export function showCameras(cameras) {
  for (const camera of cameras) remember(camera);
  for (const name of history.keys()) if (!cameras.some((camera) => camera.name === name)) history.delete(name);
  show("no-cameras", cameras.length === 0);
  show("health-panel", cameras.length > 0);
  one("wall").dataset.count = Math.min(cameras.length, 5);
  keep(one("wall"), cameras, (camera) => camera.name, tile, updateTile);
  for (const name of screens.keys()) if (!history.has(name)) screens.delete(name);
  keep(one("health"), cameras, (camera) => camera.name, healthRow, updateRow);
  fill(one("legend"), cameras.map((camera) => cameraChip(camera.name, camera.colour)));
}

// The wall ---

function tile(camera) {
  const img = h("img", { alt: `What ${camera.name} shows`, hidden: true });
  screens.set(camera.name, img);
  if (early.has(camera.name)) showFrame(camera.name, early.get(camera.name));
  early.delete(camera.name);
  const enlarge = (event) => {
    const large = event.currentTarget.closest(".tile").classList.toggle("large");
    event.currentTarget.setAttribute("aria-expanded", large);
  };
  return h("article", { class: "tile", style: { "--c": camera.colour } },
    h("button", { type: "button", class: "screen", "aria-label": `Enlarge ${camera.name}`, "aria-expanded": "false", onclick: enlarge },
      img, h("div", { class: "over" }), h("span", { class: "veil" })),
    h("div", { class: "caption" },
      h("h3", {}, cameraChip(camera.name, camera.colour)), h("span", { class: "level" }), h("span", { class: "in-view" }), zonesButton(camera), pauseButton(camera)),
    h("p", { class: "numbers" }));
}

/** Opens the zones of the camera as it is when it is pressed. */
function zonesButton(camera) {
  return h("button", { type: "button", class: "quiet zones-button", "aria-label": `Zones of ${camera.name}`, onclick: () => openZones(latest.get(camera.name)) }, "Zones");
}

function updateTile(element, camera) {
  element.dataset.level = camera.level;
  latest.set(camera.name, camera);
  showZones(camera);
  fill(element.querySelector(".over"), camera.zones.length ? overlay(camera) : null);
  const part = (name) => element.querySelector(name);
  level(part(".level"), camera);
  part(".veil").textContent = camera.level === "online" ? "" : camera.level === "paused" ? "Paused" : camera.why || camera.level;
  part(".in-view").textContent = camera.in_view ? `${camera.in_view} in view` : "";
  updatePause(part("button.pause"), camera);
  const { processed, offered, dropped } = recent(camera.name);
  const sampled = camera.sampled_fps === null ? "" : ` (at most ${number(camera.sampled_fps)})`;
  const share = Object.entries(dropped).filter(([, value]) => value >= 0.005)
    .map(([reason, value]) => `${Math.round(100 * value)} % ${REASONS[reason] ?? reason}`);
  fill(part(".numbers"),
    h("span", {}, h("b", {}, number(camera.fps)), " fps in, ", h("b", {}, number(processed)), ` processed${sampled}`),
    h("span", { title: "frames of the last 10 seconds that were not processed" }, share.length ? share.join(", ") : offered ? "all processed" : "\u00a0"));
}

function level(element, camera) {
  element.className = `level ${camera.level}`;
  element.textContent = camera.level;
  element.title = camera.why;
}

const number = (value) => (value === null ? "–" : value >= 9.95 ? value.toFixed(0) : value.toFixed(1));

function pauseButton(camera) {
  return h("button", { type: "button", class: "quiet pause", "data-needs": "admin", onclick: (event) => {
    const verb = event.currentTarget.dataset.verb;
    ask("POST", `/api/cameras/${encodeURIComponent(camera.name)}/${verb}`, null, verb === "pause" ? `${camera.name} is paused.` : `${camera.name} goes on.`);
  } });
}

function updatePause(button, camera) {
  const paused = camera.level === "paused";
  button.dataset.verb = paused ? "resume" : "pause";
  button.textContent = paused ? "Resume" : "Pause";
  button.setAttribute("aria-label", `${button.textContent} ${camera.name}`);
}

// Rates over the last seconds, from totals ---

function remember(camera) {
  const past = history.get(camera.name) ?? [], now = performance.now();
  if (past.length && past.at(-1).offered > camera.frames.offered) past.length = 0; // the program began anew
  past.push({ at: now, ...camera.frames });
  while (past.length > 2 && now - past[0].at > RATE_MS) past.shift();
  history.set(camera.name, past);
}

function recent(name) {
  const past = history.get(name), first = past[0], last = past.at(-1);
  const seconds = (last.at - first.at) / 1000, offered = seconds < SOON_S ? 0 : last.offered - first.offered;
  const dropped = {};
  for (const [reason, total] of Object.entries(last.dropped)) {
    dropped[reason] = offered ? (total - (first.dropped[reason] ?? 0)) / offered : 0;
  }
  return { processed: seconds < SOON_S ? null : Math.max(0, last.taken - first.taken) / seconds, offered, dropped };
}

// The table ---

function healthRow(camera) {
  const remove = async () => {
    const text = "It is read no more, and forgotten. What was seen there stays.";
    if (await confirmed(`Remove ${camera.name}?`, text, "Remove")) {
      ask("DELETE", `/api/cameras/${encodeURIComponent(camera.name)}`, null, `${camera.name} is removed.`);
    }
  };
  return h("tr", {},
    h("td", {}, cameraChip(camera.name, camera.colour), h("small", { class: "url" }, camera.url), h("div", { class: "things" })),
    Object.entries(COLUMNS).map(([name, label]) => h("td", { class: name, "data-label": label })),
    h("td", { class: "actions" }, pauseButton(camera), h("button", { type: "button", class: "quiet", "data-needs": "admin", "aria-label": `Remove ${camera.name}`, onclick: remove }, "Remove")));
}

function updateRow(row, camera) {
  const cell = (name) => row.querySelector(name);
  const badge = h("span");
  level(badge, camera);
  fill(cell(".state"), badge, camera.why ? h("small", {}, camera.why) : null);
  fill(cell(".size"), camera.size ? camera.size.join(" × ") : "–", h("small", {}, camera.codec ?? ""));
  fill(cell(".rate"), `${number(camera.fps)} fps`, h("small", {}, `${number(recent(camera.name).processed)} processed`));
  const { offered, dropped } = camera.frames;
  const parts = Object.entries(dropped).filter(([, total]) => total).map(([reason, total]) => `${total.toLocaleString()} ${REASONS[reason] ?? reason}`);
  cell(".dropped").textContent = parts.length ? parts.join(", ") : "none";
  cell(".dropped").title = `of ${count(offered, "frame")} since the start`;
  const faults = Object.entries(camera.faults).filter(([, total]) => total)
    .map(([kind, total]) => count(total, FAULTS[kind] ?? kind, FAULTS[kind] === FAULTS.changes ? "changes of format" : undefined));
  fill(cell(".faults"), faults.join(", ") || "none", h("small", {}, `connected ${count(camera.connects, "time")}`));
  const perDay = camera.drift * 86400;
  const drift = Math.abs(perDay) < 0.5 ? "none" : `${perDay > 0 ? "loses" : "gains"} ${duration(Math.abs(perDay))} a day`;
  fill(cell(".drift"), drift, camera.behind_s < 0.1 ? null : h("small", {}, `${number(camera.behind_s)} s behind`), clock(camera));
  fill(cell(".things"), leftOut(camera.things));
  updatePause(cell("button.pause"), camera);
}

/** What a camera's frames are timed by, and how far its own clock is from ours. */
function clock(camera) {
  const own = CLOCKS[camera.clock_source], offset = camera.clock_offset_s;
  if (offset === null) return h("small", {}, "timed by arrival");
  const far = `${offset < 0 ? "−" : "+"}${Math.abs(offset) < 60 ? delay(Math.abs(offset)) : duration(Math.abs(offset))}`;
  return h("small", { title: camera.clock_why || "A frame's time by its camera less its arrival" }, own ? `timed by ${own}, ${far}` : `clock not believed, ${far}`);
}

/** How many static things a camera has left out, with their crops. */
function leftOut(things) {
  if (!things.length) return null;
  const crops = things.slice(0, CROPS).map((thing) =>
    h("img", { src: thing.crop, alt: "Static thing", title: `${count(thing.detections, "detection")} since ${dayAndClock(thing.first_s)}` }));
  const more = things.length > CROPS ? h("small", {}, `+${things.length - CROPS}`) : null;
  return [h("small", {}, `${count(things.length, "thing")} left out: never ${things.length === 1 ? "moves" : "move"}`), h("span", {}, crops, more)];
}
