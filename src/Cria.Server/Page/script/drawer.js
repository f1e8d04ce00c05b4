// The sidebar beside the conversation; on a narrow screen a drawer over it.

import { recall, remember } from "./preferences.js";

const NARROW = matchMedia("(max-width: 52rem)");

export class Drawer {
  constructor({ root, sidebar, rest, toggle, leavers }) {
    Object.assign(this, { root, sidebar, rest, button: toggle });
    this.shown = !NARROW.matches && recall("sidebar", true);
    toggle.addEventListener("click", () => this.toggle());
    for (const leaver of leavers) leaver.addEventListener("click", () => this.leave());
    NARROW.addEventListener("change", () => this.#set(!NARROW.matches && recall("sidebar", true)));
    this.#set(this.shown);
  }

  toggle() {
    this.#set(!this.shown);
    if (!NARROW.matches) remember("sidebar", this.shown);
    if (this.shown && NARROW.matches) this.sidebar.querySelector("button, a, input").focus();
  }

  show() { if (!this.shown) this.toggle(); }

  /** Closes the drawer where it lies over the conversation. */
  leave() {
    if (!NARROW.matches || !this.shown) return false;
    this.#set(false);
    this.button.focus();
  }

  #set(shown) {
    this.shown = shown;
    this.root.classList.toggle("with-sidebar", shown);
    this.sidebar.inert = !shown;
    this.rest.inert = shown && NARROW.matches;
    this.button.setAttribute("aria-expanded", String(shown));
  }
}
