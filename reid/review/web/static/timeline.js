// Who was where, when: rows by camera or by person, on the wall clock where it is known.

import { able, fetched } from "./act.js";
import { cameraChip, count, h, one, personChip, show } from "./dom.js";
import { called, dayOf, minutes, secondsOf, when } from "./parts.js";
import { closePlayerUnless, play } from "./player.js";

const APART_S = 3600; // recordings farther apart have axes of their own
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400];
const LABEL_PX = 80, NEAR_PX = 24, NAME_PX = 52; // the last: of a bar that has room for P0001
const PHONE = matchMedia("(max-width: 640px)");
let spans = [], by = "camera", zoom = 1;

export function startTimeline() {
  for (const button of one("rows-by").children) {
    button.addEventListener("click", () => {
      by = button.dataset.by;
      for (const other of one("rows-by").children) other.setAttribute("aria-pressed", other === button);
      draw();
    });
  }
  one("zoom-in").addEventListener("click", () => scale(2));
  one("zoom-out").addEventListener("click", () => scale(0.5));
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth !== width && !one("view-timeline").hidden) draw();
    width = innerWidth;
  });
}

export async function showTimeline() {
  const fresh = await fetched("/api/timeline");
  if (!fresh) return;
  spans = fresh.map((span) => ({ ...span, from: secondsOf(span.start, span.start_s), to: secondsOf(span.end, span.end_s) }));
  closePlayerUnless(new Map(spans.map((span) => [span.tracklet, span.person?.id])));
  draw();
}

function scale(factor) {
  zoom = Math.min(64, Math.max(1, zoom * factor));
  draw();
}

function draw() {
  able(one("zoom-out"), zoom > 1);
  able(one("zoom-in"), zoom < 64);
  show("no-timeline", !spans.length);
  const kept = [...one("timeline").querySelectorAll(".scroll")].map((element) => element.scrollLeft);
  one("timeline").replaceChildren(...sessions().map(session));
  one("timeline").querySelectorAll(".scroll").forEach((element, at) => { element.scrollLeft = kept[at] ?? 0; });
}

/** Spans that share an axis: those of one clock without a long gap, or of one run whose time is not known. */
function sessions() {
  const groups = Map.groupBy ? Map.groupBy(spans, (span) => (span.start ? "" : span.run)) : grouped(spans, (span) => (span.start ? "" : span.run));
  const found = [];
  for (const group of groups.values()) {
    let end = -Infinity;
    for (const span of [...group].sort((a, b) => a.from - b.from)) {
      if (span.from - end > APART_S) found.push([]);
      found.at(-1).push(span);
      end = Math.max(end, span.to);
    }
  }
  return found;
}

function grouped(items, key) {
  const found = new Map();
  for (const item of items) found.set(key(item), [...(found.get(key(item)) ?? []), item]);
  return found;
}

function session(own) {
  const from = Math.min(...own.map((span) => span.from)), to = Math.max(...own.map((span) => span.to));
  const length = Math.max(to - from, 1);
  const room = Math.max(200, one("timeline").clientWidth - (PHONE.matches ? 104 : 140) - 20), width = Math.round(room * zoom);
  const x = (seconds) => ((seconds - from) / length) * width;
  const step = STEPS_S.find((seconds) => (seconds / length) * width > LABEL_PX) ?? STEPS_S.at(-1);
  const known = own[0].start, ticks = [];
  const origin = known ? Math.ceil(from / step) * step : from + ((step - (from % step)) % step);
  for (let at = origin; at <= to; at += step) ticks.push(at);
  const label = (at) => (known ? new Date(at * 1000).toISOString().slice(11, 19) : minutes(at));
  const lines = ticks.map((at) => h("i", { class: "grid", style: { left: `${x(at)}px` } }));
  const fits = ticks.filter((at) => x(at) < width - LABEL_PX / 2);
  const groups = grouped([...own], (span) => (by === "camera" ? span.camera.name : span.person?.id ?? -1));
  const keys = [...groups.keys()].sort((a, b) => (by === "camera" ? String(a).localeCompare(b) : a - b));
  return h("div", { class: "session panel" },
    h("h3", {}, known ? dayOf(own[0].start) : "Time of the recording, in minutes", h("small", {}, `${count(own.length, "tracklet")}, ${count(groups.size, by === "camera" ? "camera" : "person", by === "camera" ? "cameras" : "people")}`)),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Timeline" },
      h("div", { class: "axis" }, h("span", { class: "name" }), h("div", { class: "lane", style: { width: `${width}px` } }, fits.map((at) => h("span", { class: x(at) < 30 ? "tick first" : "tick", style: { left: `${x(at)}px` } }, label(at))))),
      keys.map((key) => row(groups.get(key), x, width, lines))));
}

function row(own, x, width, lines) {
  const first = own[0], lanes = [];
  for (const span of own.sort((a, b) => a.from - b.from)) {
    let lane = lanes.findIndex((end) => end <= span.from);
    if (lane < 0) lane = lanes.push(0) - 1;
    lanes[lane] = span.to;
    span.lane = lane;
  }
  const bars = own.map((span) => bar(span, x));
  const track = h("div", { class: "lane", style: { width: `${width}px`, "--lanes": lanes.length } }, lines.map((line) => line.cloneNode()), bars);
  track.addEventListener("click", (event) => {
    if (event.target.closest(".bar")) return;
    const near = bars.map((element) => [gap(element.getBoundingClientRect(), event), element]).sort((a, b) => a[0] - b[0])[0];
    if (near && near[0] <= NEAR_PX) near[1].click();
  });
  return h("div", { class: "row" },
    h("span", { class: "name" }, by === "camera" ? cameraChip(first.camera.name, first.camera.colour) : first.person ? personChip(first.person) : "unknown"), track);
}

/** How far, in pixels, a click is from a box. */
const gap = (box, { clientX: x, clientY: y }) => Math.hypot(Math.max(box.left - x, 0, x - box.right), Math.max(box.top - y, 0, y - box.bottom));

function bar(span, x) {
  const who = span.person ? called(span.person) : "unknown person";
  const colour = by === "camera" ? span.person?.colour ?? "#98a1b0" : span.camera.colour;
  const text = `${who} in ${span.camera.name}, ${when(span)}`;
  const element = h("button", { type: "button", class: "bar", title: text, "aria-label": text, "data-tracklet": span.tracklet,
    style: { left: `${x(span.from)}px`, width: `${Math.max(x(span.to) - x(span.from), 4)}px`, "--lane": span.lane, "--c": colour } },
    x(span.to) - x(span.from) > NAME_PX && h("span", { dir: "auto" }, by === "camera" ? who : span.camera.name));
  element.addEventListener("click", () => {
    for (const other of one("timeline").querySelectorAll(".bar.playing")) other.classList.remove("playing");
    element.classList.add("playing");
    play(one("timeline-player"), span);
  });
  return element;
}
