// The field for the next question, with send and stop.

const FINGERS = matchMedia("(pointer: coarse)");

export class Composer {
  constructor(chat, { form, field, send, stop, transcript }) {
    Object.assign(this, { chat, form, field, send, stop, transcript });
    form.addEventListener("submit", (event) => { event.preventDefault(); this.#submit(); });
    field.addEventListener("input", () => this.#fit());
    field.addEventListener("keydown", (event) => this.#pressed(event));
    stop.addEventListener("click", () => { chat.stop(); field.focus(); });
    for (const change of ["busy", "open"]) chat.addEventListener(change, () => this.#fit());
    chat.addEventListener("open", () => field.focus({ preventScroll: true }));
    this.#fit();
  }

  #submit() {
    const text = this.field.value;
    if (this.chat.running || !text.trim()) return;
    this.field.value = "";
    this.chat.send(text);
    this.#fit();
    // The button pressed is hidden now. On glass the keyboard would rise again if the field were focused.
    (FINGERS.matches ? this.stop : this.field).focus();
  }

  #pressed(event) {
    if (event.isComposing) return;
    // On a keyboard of glass, Enter is the only way to begin a line.
    if (event.key === "Enter" && !event.shiftKey && !FINGERS.matches) {
      event.preventDefault();
      this.#submit();
    } else if (event.key === "ArrowUp" && this.field.value === "") {
      const view = this.transcript.lastQuestion();
      if (view) { event.preventDefault(); view.edit(); }
    }
  }

  #fit() {
    const busy = this.chat.running !== null;
    this.send.hidden = busy;
    this.stop.hidden = !busy;
    this.send.disabled = !this.field.value.trim();
  }
}
