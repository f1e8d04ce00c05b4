// One message on show, with what can be done with it.

import { children } from "./conversation.js";
import { copyButton } from "./copying.js";
import { element, iconButton } from "./element.js";
import { icon } from "./icons.js";
import { showJson, showMarkdown } from "./markdown.js";

export class MessageView {
  constructor(chat, message) {
    this.chat = chat;
    this.message = message;
    this.body = element("div", { class: "body" });
    this.foot = element("div", { class: "foot" });
    const who = message.role === "user" ? "You" : "Answer";
    this.root = element("article", { class: `message ${message.role}`, "aria-label": who, id: message.id }, element("h2", { class: "unseen" }, who), this.body, this.foot);
    this.update();
  }

  get isRunning() { return this.chat.running?.message === this.message; }

  /** Shows the text as it now is. */
  showText() {
    const { message } = this;
    if (message.role === "user") this.body.textContent = message.content;
    else if (message.format === "json") showJson(this.body, message.content);
    else showMarkdown(this.body, message.content);
  }

  /** Shows everything anew. */
  update() {
    if (this.editing) return;
    this.showText();
    this.root.classList.toggle("running", this.isRunning);
    this.root.setAttribute("aria-busy", String(this.isRunning));
    this.foot.replaceChildren(...(this.isRunning ? [waiting()] : [...this.#problem(), this.#actions(), ...this.#figures()]));
  }

  #actions() {
    const { chat, message } = this;
    const busy = chat.running !== null;
    const siblings = children(chat.current, message.parent);
    const place = siblings.indexOf(message);
    const actions = element("div", { class: "actions" });
    if (siblings.length > 1) {
      actions.append(element("div", { class: "branches", role: "group", "aria-label": "Versions" },
        iconButton(icon("previous"), "Earlier version", () => this.#step(-1), { disabled: busy || place === 0 }),
        element("span", { "aria-label": `Version ${place + 1} of ${siblings.length}` }, `${place + 1}/${siblings.length}`),
        iconButton(icon("next"), "Later version", () => this.#step(1), { disabled: busy || place === siblings.length - 1 })));
    }
    actions.append(copyButton(() => message.content, message.role === "user" ? "Copy question" : "Copy answer"));
    if (message.role === "user") actions.append(iconButton(icon("edit"), "Edit question", () => this.edit(), { disabled: busy }));
    else actions.append(iconButton(icon("again"), "Answer again", () => chat.regenerate(message), { disabled: busy }));
    return actions;
  }

  #step(steps) {
    const { chat, message } = this;
    const parent = message.parent;
    chat.showSibling(message, steps);
    // The button pressed is gone; its twin beside the other version takes the focus.
    const buttons = document.getElementById(chat.current.chosen[parent])?.querySelectorAll(".branches button:not(:disabled)");
    (steps < 0 ? buttons?.[0] : buttons?.[buttons.length - 1])?.focus();
  }

  #problem() {
    const { error, finish } = this.message;
    if (error) return [element("p", { class: "problem", role: "alert" }, error)];
    if (finish === "length") return [element("p", { class: "note" }, "The answer ends here because it reached the longest allowed length.")];
    if (finish === "stopped") return [element("p", { class: "note" }, "Stopped.")];
    return [];
  }

  #figures() {
    const figures = this.message.statistics;
    if (!figures) return [];
    const parts = [`${figures.completionTokens.toLocaleString()} tokens`];
    if (figures.tokensPerSecond) parts.push(`${figures.tokensPerSecond.toFixed(figures.tokensPerSecond < 10 ? 1 : 0)} tokens/s`);
    if (figures.firstTokenMs !== undefined) parts.push(`first after ${(figures.firstTokenMs / 1000).toFixed(2)} s`);
    return [element("p", { class: "figures" }, parts.join(" · "))];
  }

  /** Puts the question into a text field; sending it makes a new version. */
  edit() {
    if (this.message.role !== "user" || this.chat.running) return;
    this.editing = true;
    const area = element("textarea", { "aria-label": "Edit question", rows: "1", value: this.message.content });
    const end = () => { this.editing = false; this.root.classList.remove("editing"); this.update(); };
    const cancel = () => { end(); this.foot.querySelector("[aria-label='Edit question']")?.focus(); };
    const submit = (event) => {
      event.preventDefault();
      if (!area.value.trim()) return;
      end();
      this.chat.edit(this.message, area.value);
      document.getElementById("question").focus();
    };
    const form = element("form", { onsubmit: submit, onkeydown: (event) => {
      if (event.key === "Escape") { event.stopPropagation(); cancel(); }
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target === area) submit(event);
    } }, area, element("div", { class: "choices" }, element("button", { type: "button", onclick: cancel }, "Cancel"), element("button", { type: "submit", class: "main" }, "Ask again")));
    this.root.classList.add("editing");
    this.body.replaceChildren(form);
    this.foot.replaceChildren();
    area.focus();
    area.setSelectionRange(area.value.length, area.value.length);
  }
}

function waiting() {
  return element("div", { class: "weaving", "aria-hidden": "true" }, element("i"), element("i"), element("i"));
}
