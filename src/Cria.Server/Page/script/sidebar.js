// The list of conversations: search, open, rename, delete.

import { matches } from "./conversation.js";
import { element, iconButton } from "./element.js";
import { icon } from "./icons.js";
import { notify } from "./notice.js";

const DAY_MS = 86_400_000;

export class Sidebar {
  constructor(chat, { list, search, nothing }) {
    Object.assign(this, { chat, list, search, nothing });
    search.addEventListener("input", () => this.show());
    search.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && search.value) { event.stopPropagation(); search.value = ""; this.show(); }
      if (event.key === "ArrowDown") { event.preventDefault(); list.querySelector("a")?.focus(); }
    });
    list.addEventListener("keydown", (event) => this.#move(event));
    for (const change of ["list", "open"]) chat.addEventListener(change, () => this.show());
  }

  show() {
    const found = this.chat.conversations.filter((conversation) => matches(conversation, this.search.value));
    const groups = Map.groupBy(found, (conversation) => age(conversation.updated));
    this.list.replaceChildren(...[...groups].map(([name, members]) => element("section", { "aria-label": name },
      element("h2", {}, name),
      element("ul", {}, members.map((conversation) => this.#row(conversation))))));
    this.nothing.hidden = found.length > 0;
    this.nothing.textContent = this.search.value ? "No conversation has these words." : "Conversations are kept here, in this browser.";
  }

  /** Opens the conversation `steps` further down the list. */
  openNeighbour(steps) {
    const { conversations, current } = this.chat;
    const next = conversations[conversations.indexOf(current) + steps];
    if (next) location.hash = next.id;
  }

  #row(conversation) {
    const title = conversation.title || "Untitled";
    const link = element("a", { href: `#${conversation.id}`, title, "aria-current": conversation === this.chat.current && "page" }, title);
    const row = element("li", {}, link,
      iconButton(icon("edit"), `Rename “${title}”`, () => this.#rename(row, conversation)),
      iconButton(icon("remove"), `Delete “${title}”`, () => this.#remove(row, conversation, title)));
    link.addEventListener("keydown", (event) => {
      if (event.key === "F2") this.#rename(row, conversation);
      if (event.key === "Delete") this.#remove(row, conversation, title);
    });
    return row;
  }

  #rename(row, conversation) {
    const field = element("input", { type: "text", "aria-label": "New title", value: conversation.title, maxlength: "200" });
    let open = true;
    const end = (keep) => {
      if (!open) return;
      open = false;
      if (keep) this.chat.rename(conversation, field.value);
      else this.show();
      this.list.querySelector(`a[href="#${conversation.id}"]`)?.focus();
    };
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") end(true);
      if (event.key === "Escape") { event.stopPropagation(); end(false); }
    });
    field.addEventListener("blur", () => end(true));
    row.replaceChildren(field);
    field.focus();
    field.select();
  }

  #remove(row, conversation, title) {
    const rows = [...this.list.querySelectorAll("li")];
    const place = rows.indexOf(row);
    const restore = this.chat.remove(conversation);
    const links = this.list.querySelectorAll("a");
    (links[Math.min(place, links.length - 1)] ?? this.search).focus();
    notify(`Deleted “${title}”`, "Undo", restore);
  }

  #move(event) {
    if (!["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key) || event.target.tagName !== "A") return;
    event.preventDefault();
    const links = [...this.list.querySelectorAll("a")];
    const place = links.indexOf(event.target);
    if (event.key === "ArrowUp" && place === 0) this.search.focus();
    else links[{ ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: links.length - 1 }[event.key]]?.focus();
  }
}

function age(time) {
  const midnight = new Date().setHours(0, 0, 0, 0);
  if (time >= midnight) return "Today";
  if (time >= midnight - DAY_MS) return "Yesterday";
  return time >= midnight - 7 * DAY_MS ? "Last seven days" : "Earlier";
}
