// Parts that several views show: times, strips of crops, people to choose from.

import { cameraChip, count, h, keep, one, personChip } from "./dom.js";

const DAY = new Intl.DateTimeFormat([], { day: "numeric", month: "short", timeZone: "UTC" });

/** The name of a person, or the number. */
export const called = (person) => person.label ?? person.name;

/** That these people were shown with these tracklets: the server refuses to do something to others. */
export const seen = (people) => ({ seen: Object.fromEntries(people.map(({ id, digest }) => [id, digest])) });

/** Seconds of a moment: as clocks showed it where it was, or of the recording. */
export const secondsOf = (iso, run_s) => (iso ? Date.parse(`${iso.slice(0, 23)}Z`) / 1000 : run_s);
export const dayOf = (iso) => DAY.format(Date.parse(`${iso.slice(0, 10)}T00:00:00Z`));

/** 0:05, 12:05, 1:02:05. */
export function minutes(seconds) {
  const s = Math.max(0, Math.round(seconds)), part = (value) => String(value).padStart(2, "0");
  const hours = Math.floor(s / 3600), rest = Math.floor(s / 60) % 60;
  return hours ? `${hours}:${part(rest)}:${part(s % 60)}` : `${rest}:${part(s % 60)}`;
}

/** When, in words: 27 Nov 10:00:15 – 10:00:40, or minutes of the recording. */
export function when({ start, end, start_s, end_s }) {
  if (!start) return `minute ${minutes(start_s)} – ${minutes(end_s)}`;
  const last = end.slice(0, 10) === start.slice(0, 10) ? "" : `${dayOf(end)} `;
  return `${dayOf(start)} ${start.slice(11, 19)} – ${last}${end.slice(11, 19)}`;
}

export function crop(src, alt, loading = "lazy") {
  const none = h("small", { class: "lost" }, "gone");
  none.again = () => none.parentElement.replaceWith(crop(src, alt, loading));
  const img = h("img", { src, alt, loading, draggable: "false", onerror: () => img.replaceWith(none) });
  return h("span", { class: "frame" }, img);
}

/** Ask again for the crops that did not come, as the program was gone. */
export const cropsAgain = () => [...document.querySelectorAll(".frame .lost")].forEach((none) => none.again());

/** One tracklet: where, when, and its crops. */
export function strip(tracklet, most, extra = null, loading = "lazy") {
  const crops = tracklet.crops.slice(0, most);
  return h("div", { class: "strip" },
    h("p", { class: "line" }, cameraChip(tracklet.camera.name, tracklet.camera.colour), h("span", { class: "soft" }, when(tracklet)), extra),
    h("div", { class: "crops" }, crops.length ? crops.map((src) => crop(src, `Crop from ${tracklet.camera.name}`, loading)) : h("small", { class: "none" }, "no crops at hand")));
}

/** A person as one line, for lists to choose from. */
export const personLine = (person) => [
  h("span", { class: "faces" }, person.crops.slice(0, 3).map((src) => crop(src, ""))),
  h("span", {}, personChip(person), h("small", {}, [person.label ? `${person.name}, ` : "", `${count(person.tracklets, "tracklet")} in ${count(person.cameras.length, "camera")}`]))];

/** Choose one of some people; the id, or null. */
export async function pickPerson({ title, text, yes, people, chosen = null, answered }) {
  one("pick-title").textContent = title;
  one("pick-text").textContent = people.length ? text : "There is no other person.";
  one("pick-yes").textContent = yes;
  const search = one("pick-search");
  search.hidden = people.length < 8;
  search.value = "";
  const list = one("pick-list");
  keep(list, people, (person) => person.id, (person) => h("label", { "data-find": found(person) },
    h("input", { type: "radio", name: "who", value: person.id, required: true }), personLine(person)));
  for (const input of list.querySelectorAll("input")) input.checked = input.value === String(chosen);
  const check = () => { one("pick-yes").disabled = !list.querySelector("input:checked"); };
  list.onchange = check;
  search.oninput = () => {
    const wanted = search.value.trim().toLowerCase();
    for (const label of list.children) {
      label.hidden = !label.dataset.find.includes(wanted);
      if (label.hidden) label.querySelector("input").checked = false; // or Enter takes one that is not seen
    }
    check();
  };
  search.oninput();
  const agreed = await answered(one("pick"));
  const value = list.querySelector("input:checked")?.value;
  list.kept = null;
  list.replaceChildren();
  return agreed && value !== undefined ? Number(value) : null;
}

/** What a search for people looks in. */
export const found = (person) => `${person.label ?? ""} ${person.name} ${person.cameras.map((camera) => camera.name).join(" ")}`.toLowerCase();
