// Elements, made and kept. Whatever the server sends gets in as text or as an attribute, never as HTML.

const SVG = new Set(["svg", "rect", "line", "circle", "text", "title", "polygon", "polyline", "path"]);
const SVG_SPACE = "http://www.w3.org/2000/svg";

export const one = (id) => document.getElementById(id);

/** An element. `on*` are listeners, `style` an object of properties; null and false leave an attribute out. */
export function h(tag, attributes = {}, ...children) {
  const element = SVG.has(tag) ? document.createElementNS(SVG_SPACE, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, given] of Object.entries(value)) element.style.setProperty(key, given);
    else if (value !== null && value !== false && value !== undefined) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Put new content into an element, unless it says and looks the same: a page that keeps still can be read. */
export function fill(element, ...children) {
  const fresh = h("div", {}, ...children);
  if (element.innerHTML !== fresh.innerHTML) element.replaceChildren(...fresh.childNodes);
}

/** One child for each item, in order. A child stays while its item does, with focus and all; `update` keeps it true. */
export function keep(parent, items, key, make, update = () => {}) {
  const old = parent.kept ?? new Map(), kept = new Map();
  parent.kept = kept;
  for (const item of items) kept.set(key(item), old.get(key(item)) ?? make(item));
  for (const [name, element] of old) if (!kept.has(name)) element.remove();
  let place = parent.firstElementChild;
  for (const item of items) {
    const element = kept.get(key(item));
    update(element, item);
    if (element === place) place = place.nextElementSibling;
    else if (element.isConnected && parent.moveBefore) parent.moveBefore(element, place); // which keeps the focus inside
    else parent.insertBefore(element, place);
  }
}

/** Show or hide. */
export const show = (id, visible) => { one(id).hidden = !visible; };

// Words ---

const TIME = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat([], { day: "numeric", month: "short" });
const SHORT = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
export const clock = (seconds) => TIME.format(seconds * 1000);
export const dayAndClock = (seconds) => `${DAY.format(seconds * 1000)}, ${clock(seconds)}`; // of what may be days old
export const shortClock = (seconds) => SHORT.format(seconds * 1000);

/** 42 s, 3 min, 2 h 5 min, 3 d 4 h. */
export function duration(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  const minutes = Math.floor(s / 60), hours = Math.floor(minutes / 60), days = Math.floor(hours / 24);
  if (minutes < 60) return `${minutes} min`;
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${days} d ${hours % 24} h`;
}

export const delay = (seconds) => (seconds === null ? "–" : seconds < 1 ? `${Math.round(1000 * seconds)} ms` : `${seconds.toFixed(1)} s`);
export const distance = (value) => (value === null || value === undefined ? "–" : value.toFixed(3));
export const chance = (value) => (value > 0.99 ? "over 99 %" : value < 0.01 ? "under 1 %" : `${Math.round(100 * value)} %`);
export const count = (number, word, words = `${word}s`) => `${number.toLocaleString()} ${number === 1 ? word : words}`;

// Parts that are everywhere ---

export const cameraChip = (name, colour) => h("span", { class: "cam", style: { "--c": colour } }, h("i"), h("span", { dir: "auto" }, name));
export const personChip = (person) => h("span", { class: "chip", style: { "--p": person.colour } }, h("i"), h("span", { dir: "auto" }, person.label ?? person.name));
