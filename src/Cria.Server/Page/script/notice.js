// A short notice at the bottom, with one thing to do about it.

import { say } from "./announcer.js";
import { element } from "./element.js";

const SHOWN_MS = 10_000;
let timer;

export function notify(text, action, act) {
  const place = document.getElementById("notice");
  clearTimeout(timer);
  const close = () => { clearTimeout(timer); place.hidden = true; place.replaceChildren(); };
  place.replaceChildren(element("span", {}, text), action && element("button", { type: "button", onclick: () => { close(); act(); } }, action));
  place.hidden = false;
  say(text);
  const wait = () => { timer = setTimeout(() => (place.matches(":focus-within, :hover") ? wait() : close()), SHOWN_MS); };
  wait();
}
