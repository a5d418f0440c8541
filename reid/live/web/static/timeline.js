// Who was where over the last quarter of an hour: a row for each person, bars in the cameras' colours.

import { clock, fill, h, keep, one, personChip, shortClock } from "./dom.js";

const SPAN_S = 900;
const STEPS_S = [180, 300, 450]; // between labels: the first that leaves them room
const LABEL_PX = 46;
const BAR = 8;
const ROWS = 40;

export function showTimeline(state) {
  const start = state.now_s - SPAN_S;
  const lately = state.people.filter((person) => person.visits.some((visit) => visit.end_s > start)).slice(0, ROWS);
  const rows = lately.sort((a, b) => b.present - a.present || a.id - b.id); // by number: rows that jump cannot be read
  const plot = one("timeline");
  const fresh = !plot.firstChild;
  if (fresh) plot.append(h("div", { class: "axis" }), h("div", { class: "rows" }));
  const [axis, list] = plot.children;
  const percent = (at) => (100 * (Math.max(at, start) - start)) / SPAN_S;
  const width = axis.lastElementChild?.getBoundingClientRect().width || plot.clientWidth;
  const step = STEPS_S.find((seconds) => (seconds / SPAN_S) * width > LABEL_PX) ?? STEPS_S.at(-1);
  const ticks = [];
  for (let at = Math.ceil(start / step) * step; at < state.now_s; at += step) ticks.push(at);
  const room = 100 - (100 * LABEL_PX) / width; // "now" is at the end
  fill(axis, h("span"), h("svg", { height: 24, width: "100%", "aria-hidden": "true" },
    ticks.filter((at) => percent(at) < room).map((at) => h("text", { x: `${percent(at).toFixed(2)}%`, y: 16, class: percent(at) < 3 ? "first" : "" }, shortClock(at))),
    h("text", { x: "100%", y: 16, class: "last" }, "now")));
  keep(list, rows, (person) => person.id, () => h("div", { class: "row" }, h("span", { class: "name" }), h("div")),
    (row, person) => {
      fill(row.children[0], personChip(person));
      fill(row.children[1], bars(person, start, percent, ticks));
    });
  if (fresh) plot.scrollLeft = plot.scrollWidth; // where it is narrow, now is what matters
}

function bars(person, start, percent, ticks) {
  const visits = person.visits.filter((visit) => visit.end_s > start), lanes = [];
  const rects = [...visits].sort((a, b) => a.start_s - b.start_s).map((visit) => {
    let lane = lanes.findIndex((end) => end <= visit.start_s);
    if (lane < 0) lane = lanes.push(0) - 1;
    lanes[lane] = visit.end_s;
    const x = percent(visit.start_s), width = Math.max(percent(visit.end_s) - x, 0.4);
    return h("rect", { x: `${x.toFixed(2)}%`, y: 5 + lane * (BAR + 3), width: `${width.toFixed(2)}%`, height: BAR, rx: 3, class: visit.answer, style: { "--c": visit.colour } },
      h("title", {}, `${person.label ?? person.name} in ${visit.camera}, ${clock(visit.start_s)} – ${visit.present ? "now" : clock(visit.end_s)}`));
  });
  const height = 10 + Math.max(lanes.length, 1) * (BAR + 3) - 3;
  const grid = ticks.map((at) => h("line", { class: "grid", x1: `${percent(at).toFixed(2)}%`, x2: `${percent(at).toFixed(2)}%`, y1: 0, y2: height }));
  return h("svg", { height, width: "100%", role: "img", "aria-label": `${person.label ?? person.name}: ${visits.map((visit) => visit.camera).join(", ")}` }, grid, rects);
}
