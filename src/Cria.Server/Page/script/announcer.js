// Tells screen readers what happens: single events, and a streamed answer sentence by sentence instead of word by word.

const region = () => document.getElementById("announcements");

/** Says one thing. */
export function say(text) {
  const line = document.createElement("p");
  line.textContent = text;
  region().append(line);
  // Old lines only make the page longer for someone who reads through it.
  setTimeout(() => line.remove(), 10_000);
}

/** Follows a growing text and says each sentence once it is whole. */
export class Narrator {
  #said = 0;

  follow(text) {
    const rest = text.slice(this.#said);
    const ends = [...rest.matchAll(/[.!?…:](?=\s)|\n+/g)];
    if (ends.length === 0) return;
    const end = ends.at(-1).index + ends.at(-1)[0].length;
    this.#speak(rest.slice(0, end));
    this.#said += end;
  }

  finish(text) {
    this.#speak(text.slice(this.#said));
    this.#said = text.length;
  }

  #speak(text) {
    const plain = text.replace(/[`*_#|>]+/g, " ").replace(/\s+/g, " ").trim();
    if (plain) say(plain);
  }
}
