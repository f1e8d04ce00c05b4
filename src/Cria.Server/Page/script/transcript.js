// The messages on show, and staying at the end of them while an answer grows.

import { Narrator, say } from "./announcer.js";
import { MessageView } from "./message.js";

const AT_END = 60;

export class Transcript {
  #views = new Map();
  #drawing = 0;
  #follows = true;
  #narrator = null;

  constructor(chat, { scroller, list, empty, toEnd }) {
    Object.assign(this, { chat, scroller, list, empty, toEnd });
    chat.addEventListener("open", () => { this.#views.clear(); this.list.replaceChildren(); this.#follows = true; this.show(); });
    chat.addEventListener("messages", () => this.show());
    chat.addEventListener("piece", () => this.#grow());
    chat.addEventListener("busy", () => this.#beginOrEnd());
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    toEnd.addEventListener("click", () => { this.#follows = true; this.#stay(); document.getElementById("question").focus(); });
    new ResizeObserver(() => this.#stay()).observe(list);
  }

  show() {
    const messages = this.chat.shown;
    const views = messages.map((message) => this.#viewOf(message));
    for (const [id, view] of this.#views) if (!messages.includes(view.message)) { view.root.remove(); this.#views.delete(id); }
    views.forEach((view, index) => {
      if (this.list.children[index] !== view.root) this.list.insertBefore(view.root, this.list.children[index] ?? null);
      view.root.classList.toggle("latest", index >= views.length - 2);
      view.update();
    });
    this.empty.hidden = messages.length > 0;
    this.list.hidden = messages.length === 0;
    this.#stay();
  }

  /** The view of the last question, if there is one. */
  lastQuestion() {
    const message = this.chat.shown.findLast((shown) => shown.role === "user");
    return message && this.#views.get(message.id);
  }

  #viewOf(message) {
    const view = this.#views.get(message.id) ?? new MessageView(this.chat, message);
    // Another tab may have brought a newer record of the same message.
    view.message = message;
    this.#views.set(message.id, view);
    return view;
  }

  #beginOrEnd() {
    if (this.chat.running) {
      this.#narrator = new Narrator();
      this.#follows = true;
      this.#stay();
      say("Answering");
    } else {
      const message = this.chat.shown.at(-1);
      this.#narrator?.finish(message?.content ?? "");
      say(message?.error ? "The answer failed" : message?.finish === "stopped" ? "Stopped" : "The answer is complete");
      this.#narrator = null;
    }
  }

  // Pieces arrive faster than screens are painted.
  #grow() {
    this.#drawing ||= requestAnimationFrame(() => {
      this.#drawing = 0;
      const message = this.chat.running?.message;
      const view = message && this.#views.get(message.id);
      if (!view) return;
      view.showText();
      this.#narrator?.follow(message.content);
      this.#stay();
    });
  }

  #scrolled() {
    const rest = this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight;
    this.#follows = rest < AT_END;
    this.toEnd.hidden = rest < AT_END * 3;
  }

  #stay() {
    if (this.#follows) this.scroller.scrollTop = this.scroller.scrollHeight;
  }
}
