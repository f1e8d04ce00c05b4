// How full the context is, woven: a stripe for each question and answer, as wide as its share of the tokens.

import { contextUse } from "./conversation.js";
import { element } from "./element.js";

export class Weave {
  constructor(chat, { band, caption }) {
    Object.assign(this, { chat, band, caption });
    for (const change of ["open", "messages", "model"]) chat.addEventListener(change, () => this.show());
  }

  show() {
    const { stripes, total } = contextUse(this.chat.current);
    const length = this.chat.contextLength;
    const text = length ? `${total.toLocaleString()} of ${length.toLocaleString()} tokens of context` : `${total.toLocaleString()} tokens`;
    this.band.replaceChildren(...stripes.map(({ role, tokens }) => {
      const stripe = element("i", { class: role, title: `${role === "user" ? "Question" : "Answer"}: ${tokens.toLocaleString()} tokens` });
      stripe.style.width = `${(100 * tokens) / Math.max(length ?? total, total, 1)}%`;
      return stripe;
    }));
    this.band.setAttribute("aria-valuemax", length ?? Math.max(total, 1));
    this.band.setAttribute("aria-valuenow", Math.min(total, length ?? total));
    this.band.setAttribute("aria-valuetext", text);
    this.band.title = text;
    this.caption.textContent = total > 0 ? text : "";
  }
}
