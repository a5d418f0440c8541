// What was decided, newest first, and how it is taken back.

import { able, act, fetched } from "./act.js";
import { dayAndClock, fill, h, keep, one, show } from "./dom.js";

let last = null; // the site as it is shown

export function startDecisions() {
  one("undo").addEventListener("click", () => act("/api/undo", { step: last.undoes }));
  one("redo").addEventListener("click", () => act("/api/redo", { step: last.redoes }));
}

export async function showDecisions(review) {
  const decisions = await fetched("/api/decisions");
  if (!decisions) return;
  last = review;
  able(one("undo"), review.undoes !== null);
  able(one("redo"), review.redoes !== null);
  show("decisions", decisions.length > 0);
  show("no-decisions", !decisions.length);
  keep(one("decisions"), decisions, (one) => one.number, () => h("li", {}), (item, decision) => {
    item.classList.toggle("undone", decision.undone !== null);
    fill(item, h("time", { datetime: decision.at }, at(decision.at)),
      h("span", { class: "what" }, h("span", { dir: "auto" }, decision.told),
        h("small", {}, [`decision ${decision.number}`, decision.by && `by ${decision.by}`, decision.undone && `undone ${at(decision.undone)}`].filter(Boolean).join(", "))),
      decision.undone === null && decision.kind !== "erased" && undoButton(decision));
  });
}

function undoButton({ number }) {
  const button = h("button", { type: "button", class: "quiet", "data-needs": "reviewer", "aria-label": `Undo decision ${number}`, onclick: () => act("/api/undo", { number }) }, "Undo");
  able(button, true);
  return button;
}

const at = (iso) => dayAndClock(Date.parse(iso) / 1000);
