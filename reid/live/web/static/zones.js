// Zones and lines: shown over a camera's frames, and drawn, kept and deleted in a dialog.

import { answered, request } from "./api.js";
import { count, duration, fill, h, keep, one } from "./dom.js";

const PURPOSES = { count: "count", dwell: "count, and time each stay", ignore: "ignore people there" };
const STEP = 0.01; // of the frame, that an arrow key moves the cross
let camera = null; // of the dialog, as the server told last; null: it is closed
let points = [], cross = [0.5, 0.5];

/** The zones of a camera over its frame, which is fitted into the element around it. */
export function overlay(shown) {
  const [width, height] = shown.size ?? [16, 9];
  return h("svg", { class: "zones", viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" },
    shown.zones.map((zone) => shape(zone, width, height)));
}

function shape(zone, width, height) {
  const at = (zone.polygon.length ? zone.polygon : zone.line).map(([x, y]) => [x * width, y * height]);
  const list = at.map((point) => point.map((value) => value.toFixed(1)).join(",")).join(" ");
  const [x, y] = at.reduce(([left, top], point) => (point[1] < top ? point : [left, top]), [0, Infinity]);
  const anchor = x > width / 2 ? "end" : "start";
  const label = h("text", { x, y: Math.max(y - height / 90, height / 20), "font-size": height / 22, "text-anchor": anchor }, told(zone));
  if (zone.polygon.length) return [h("polygon", { class: zone.purpose, points: list }), label];
  return [h("polyline", { class: "count", points: list }), arrow(at, height / 14), label];
}

/** The way that counts as in: from the left-hand side of the line to its right-hand side. */
function arrow(at, length) {
  const [[ax, ay], [bx, by]] = [at[0], at.at(-1)], long = Math.hypot(bx - ax, by - ay) || 1;
  const [x, y] = [(ax + bx) / 2, (ay + by) / 2], [dx, dy] = [(ay - by) / long, (bx - ax) / long];
  const tip = [x + dx * length, y + dy * length], back = [x + dx * length * 0.6, y + dy * length * 0.6];
  const side = length * 0.3;
  const head = [tip, [back[0] - dy * side, back[1] + dx * side], [back[0] + dy * side, back[1] - dx * side]];
  return [h("line", { class: "way", x1: x, y1: y, x2: back[0], y2: back[1] }), h("polygon", { class: "way", points: head.map((point) => point.join(",")).join(" ") })];
}

/** What is told of a zone in a few words. */
function told(zone) {
  if (zone.purpose === "ignore") return `${zone.name}: ignored`;
  if (zone.line.length) return `${zone.name}: ${zone.crossed_in} in, ${zone.crossed_out} out`;
  const stay = zone.purpose === "dwell" && zone.dwell_mean_s !== null ? `, ${duration(zone.dwell_mean_s)} each` : "";
  return `${zone.name}: ${zone.people} now, ${zone.entries} in all${stay}`;
}

// The dialog ---

export function startZones() {
  const drawing = one("zones-drawing");
  drawing.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    drawing.focus();
    const box = drawing.getBoundingClientRect();
    cross = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    addPoint();
  });
  drawing.addEventListener("keydown", (event) => {
    const ways = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
    if (event.key in ways) cross = cross.map((value, axis) => value + ways[event.key][axis]);
    else if (event.key === "Enter" || event.key === " ") addPoint();
    else if (event.key === "Backspace") points.pop();
    else return;
    event.preventDefault();
    draw();
  });
  one("zones-undo").addEventListener("click", () => { points.pop(); draw(); });
  one("zones-clear").addEventListener("click", () => { points = []; draw(); });
  one("zones-shape").addEventListener("change", () => { points = []; draw(); });
  one("zones-form").addEventListener("submit", (event) => { event.preventDefault(); save(); });
  fill(one("zones-purpose"), Object.entries(PURPOSES).map(([value, text]) => h("option", { value }, text)));
}

export async function openZones(shown) {
  camera = shown;
  points = [];
  one("zones-title").textContent = `Zones and lines of ${camera.name}`;
  one("zones-frame").removeAttribute("src");
  one("zones-form").reset();
  complain("");
  showZones(camera);
  await answered(one("zones"));
  camera = null;
}

/** Take how a camera is now; only that of the dialog matters. */
export function showZones(shown) {
  if (camera?.name !== shown.name) return;
  camera = shown;
  const [width, height] = camera.size ?? [16, 9];
  one("zones-canvas").style.setProperty("--ratio", width / height);
  keep(one("zones-list"), camera.zones, (zone) => zone.name, listed, (item, zone) => {
    item.querySelector("span").textContent = told(zone);
  });
  draw();
}

/** Show a frame where it is of the camera of the dialog. */
export function frameForZones(name, jpeg) {
  const img = one("zones-frame");
  if (camera?.name !== name || (img.src && !img.complete)) return;
  const url = URL.createObjectURL(new Blob([jpeg], { type: "image/jpeg" }));
  img.onload = img.onerror = () => URL.revokeObjectURL(url);
  img.src = url;
}

function listed(zone) {
  const remove = h("button", { type: "button", class: "quiet", "data-needs": "admin", "aria-label": `Delete ${zone.name}`, onclick: () => change("DELETE", `/${encodeURIComponent(zone.name)}`) }, "Delete");
  return h("li", {}, h("span", { dir: "auto" }), zone.fixed ? h("small", {}, "from the settings") : remove);
}

function addPoint() {
  points.push(cross.map((value) => Number(Math.min(1, Math.max(0, value)).toFixed(4))));
  draw();
}

function draw() {
  if (!camera) return;
  cross = cross.map((value) => Math.min(1, Math.max(0, value)));
  const [width, height] = camera.size ?? [16, 9], line = one("zones-shape").value === "line";
  const at = points.map(([x, y]) => [x * width, y * height]);
  const list = at.map((point) => point.join(",")).join(" ");
  one("zones-drawing").setAttribute("viewBox", `0 0 ${width} ${height}`);
  one("zones-drawing").replaceChildren(
    ...camera.zones.flatMap((zone) => shape(zone, width, height)).flat(),
    h(line ? "polyline" : "polygon", { class: "new", points: list }),
    ...(line && at.length > 1 ? arrow(at, height / 14) : []),
    ...at.map(([x, y]) => h("circle", { class: "new", cx: x, cy: y, r: height / 90 })),
    h("path", { class: "cross", d: `M${cross[0] * width - height / 30} ${cross[1] * height}h${height / 15}M${cross[0] * width} ${cross[1] * height - height / 30}v${height / 15}` }));
  one("zones-hint").textContent = line
    ? `Click the points of the line, at least two: ${count(points.length, "point")}. The arrow is the way in.`
    : `Click the corners of the zone in order, at least three: ${count(points.length, "point")}.`;
  one("zones-purpose").disabled = line; // lines only count
  one("zones-undo").disabled = one("zones-clear").disabled = points.length === 0;
}

async function save() {
  const line = one("zones-shape").value === "line";
  const body = { name: one("zones-name").value.trim(), purpose: line ? "count" : one("zones-purpose").value, [line ? "line" : "polygon"]: points };
  if (await change("POST", "", body)) {
    points = [];
    one("zones-name").value = "";
    draw();
  }
}

async function change(method, rest, body = null) {
  const { error } = await request(method, `/api/cameras/${encodeURIComponent(camera.name)}/zones${rest}`, { body });
  complain(error?.text ?? "");
  if (!error) document.dispatchEvent(new Event("asked"));
  return !error;
}

function complain(text) {
  one("zones-error").textContent = text;
  one("zones-error").hidden = !text;
}
