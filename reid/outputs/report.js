"use strict";
(() => {
  const $ = (selector) => [...document.querySelectorAll(selector)];
  const one = (id) => document.getElementById(id);
  document.documentElement.classList.add("js");
  const box = one("filter"), plot = one("plot");
  if (!box || !plot) return;

  // Filter: every word has to occur, and one of the pressed cameras.
  const found = $("[data-find]"), buttons = $("#cameras button"), parts = $("rect[data-camera], .corner[data-camera]");
  const people = $(".card").length;
  const filter = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    const pressed = buttons.filter((b) => b.getAttribute("aria-pressed") === "true").map((b) => b.dataset.camera);
    const here = (cameras) => !pressed.length || cameras.some((camera) => pressed.includes(camera));
    for (const item of found) {
      const text = item.dataset.find;
      item.hidden = !(words.every((word) => text.includes(word)) && here(item.dataset.cameras.split(" ")));
    }
    for (const part of parts) part.toggleAttribute("hidden", !here([part.dataset.camera]));
    const shown = $(".card:not([hidden])").length;
    one("count").textContent = words.length || pressed.length ? `${shown} of ${people}` : "";
  };
  box.addEventListener("input", filter);
  for (const button of buttons) {
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
      filter();
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== box) { event.preventDefault(); box.focus(); }
    if (event.key === "Escape" && document.activeElement === box) { box.value = ""; filter(); }
  });
  // A link to a person who is filtered away brings all of them back.
  window.addEventListener("hashchange", () => {
    const target = document.getElementById(location.hash.slice(1));
    if (!target || !target.hidden) return;
    box.value = "";
    for (const button of buttons) button.setAttribute("aria-pressed", "false");
    filter();
    target.scrollIntoView();
  });

  // Zoom keeps the middle of the view where it is.
  one("zoom").addEventListener("input", (event) => {
    const middle = (plot.scrollLeft + plot.clientWidth / 2) / plot.scrollWidth;
    plot.style.setProperty("--zoom", String(2 ** event.target.value));
    plot.scrollLeft = middle * plot.scrollWidth - plot.clientWidth / 2;
  });

  // A cursor with the time under the pointer.
  const cursor = one("cursor"), axis = plot.querySelector(".axis svg");
  const start = Number(plot.dataset.start), end = Number(plot.dataset.end);
  const midnight = plot.dataset.midnight, day = 86400;
  const world = (time) => new Date(1000 * (((time - midnight) % day + day) % day)).toISOString().slice(11, 21);
  const clock = (time) => {
    if (midnight !== undefined) return world(time);
    const ticks = Math.round(Math.abs(time) * 10), two = (n) => String(Math.floor(n)).padStart(2, "0");
    const hours = Math.floor(ticks / 36000), minutes = Math.floor((ticks % 36000) / 600), seconds = (ticks % 600) / 10;
    return (time < 0 ? "-" : "") + (hours ? `${hours}:${two(minutes)}:` : `${minutes}:`) + two(seconds) + (hours ? "" : `.${ticks % 10}`);
  };
  plot.addEventListener("pointermove", (event) => {
    const area = axis.getBoundingClientRect(), share = (event.clientX - area.left) / area.width;
    cursor.style.display = share >= 0 && share <= 1 ? "block" : "none";
    cursor.style.left = `${event.clientX - plot.querySelector(".plot").getBoundingClientRect().left}px`;
    cursor.dataset.time = clock(start + share * (end - start));
  });
  plot.addEventListener("pointerleave", () => { cursor.style.display = "none"; });
})();
