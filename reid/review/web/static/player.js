// The player: a recording at the moment of a tracklet, with the person's box drawn over it.

import { cameraChip, h, one, personChip } from "./dom.js";
import { fetched } from "./act.js";
import { crop, when } from "./parts.js";

const SLACK_S = 0.25; // between a box and the frame that it is drawn on
const NAMELESS = { name: "unknown person", label: null, colour: "#98a1b0" };
let current = null;

/** Show a tracklet's recording inside an element. */
export async function play(place, { tracklet, camera, person, ...time }) {
  closePlayer();
  const opener = document.activeElement;
  const back = () => {
    closePlayer();
    (opener.isConnected ? opener : place.closest("dialog") ?? one("main")).focus({ preventScroll: true }); // the focus was on what is gone
  };
  const who = person ?? NAMELESS;
  const note = h("p", { class: "soft", role: "status" }, "Loading…");
  const video = h("video", { controls: true, playsinline: true, preload: "auto", "aria-label": `${who.label ?? who.name} in ${camera.name}` });
  video.muted = true;
  const shots = h("div", { class: "crops" });
  const canvas = h("canvas", { "aria-hidden": "true" });
  const element = h("div", { class: "player panel" },
    h("p", { class: "line" }, personChip(who), cameraChip(camera.name, camera.colour), h("span", { class: "soft" }, when(time)),
      h("button", { type: "button", class: "quiet close", "aria-label": "Close the player", onclick: back }, "✕")),
    h("div", { class: "screen" }, h("div", { class: "stage" }, video, canvas), shots), note);
  const mine = (current = { element, video, tracklet, person_id: person?.id });
  place.replaceChildren(element);
  element.scrollIntoView({ block: "nearest" });
  const found = await fetched(`/api/boxes/${encodeURIComponent(tracklet)}`);
  if (current !== mine) return;
  shots.replaceChildren(...(found?.crops ?? []).map((src) => crop(src, `Crop from ${camera.name}`)));
  if (!found?.video) {
    element.querySelector(".stage").remove();
    note.textContent = found ? "There is no video: neither an annotated one nor the recording is at hand." : "The video could not be asked for.";
    return;
  }
  video.onerror = () => { note.textContent = `This browser cannot play ${found.annotated ? "the annotated video" : "the recording; write results again with videos to get one that it can"}.`; };
  video.onloadedmetadata = () => {
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    video.currentTime = Math.max(0, found.times_s[0]);
    note.textContent = found.annotated ? "Annotated video; the white box with the arrow is this person’s." : "Recording; the white box with the arrow is this person’s.";
    video.play().catch(() => {}); // the reader may press play
    follow(video, canvas, found, who.colour, () => current === mine);
  };
  video.src = found.video;
}

/** Close the player unless its tracklet is still the same person's: it may be erased since, or moved. */
export function closePlayerUnless(tracklets) {
  if (current && tracklets.get(current.tracklet) !== current.person_id) closePlayer();
}

export function closePlayer() {
  if (!current) return;
  current.video.removeAttribute("src"); // ends the request
  current.video.load();
  current.element.remove();
  current = null;
}

/** Draw the box of the shown frame as long as the player is open. */
function follow(video, canvas, found, colour, open) {
  const draw = (_now, frame) => {
    if (!open()) return;
    paint(video, canvas, found, colour, frame?.mediaTime ?? video.currentTime);
    video.requestVideoFrameCallback ? video.requestVideoFrameCallback(draw) : requestAnimationFrame(draw);
  };
  video.addEventListener("seeked", () => paint(video, canvas, found, colour, video.currentTime));
  draw();
}

function paint(video, canvas, { times_s, boxes, size }, colour, time_s) {
  const pen = canvas.getContext("2d");
  pen.clearRect(0, 0, canvas.width, canvas.height);
  const at = nearest(times_s, time_s);
  canvas.dataset.box = Math.abs(times_s[at] - time_s) <= SLACK_S ? String(at) : "";
  if (!canvas.dataset.box) return;
  const scale = size ? canvas.width / (size[0] + (size[0] % 2)) : 1; // videos have even sides
  const thick = Math.max(2, canvas.height / 160), room = 2 * thick; // around the boxes of an annotated video
  const [left, top, right, bottom] = boxes[at].map((value) => value * scale);
  const box = new Path2D(), middle = (left + right) / 2, tip = Math.max(top - 3 * room, 5 * room);
  box.rect(left - room, top - room, right - left + 2 * room, bottom - top + 2 * room);
  const arrow = new Path2D(`M ${middle} ${tip} l ${-2 * room} ${-3 * room} h ${4 * room} z`);
  for (const [width, ink] of [[3 * thick, "#000b"], [1.5 * thick, "#fff"]]) {
    pen.lineWidth = width;
    pen.strokeStyle = ink;
    pen.stroke(box);
    pen.stroke(arrow);
  }
  pen.fillStyle = colour;
  pen.fill(arrow);
}

/** The place of the time next to one, in ascending times. */
function nearest(times, wanted) {
  let low = 0, high = times.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return low > 0 && wanted - times[low - 1] < times[low] - wanted ? low - 1 : low;
}
