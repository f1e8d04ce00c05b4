// Copying to the clipboard, also where the page is not a secure context and the modern interface is absent.

import { iconButton } from "./element.js";
import { icon } from "./icons.js";
import { say } from "./announcer.js";

export async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "unseen";
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  if (!copied) throw new Error("This browser does not let the page copy.");
}

/** A button that copies a text and shows for a moment that it did. */
export function copyButton(text, label) {
  const button = iconButton(icon("copy"), label, async () => {
    try {
      await copy(text());
      button.replaceChildren(icon("done"));
      say("Copied");
    } catch (error) {
      say(error.message);
    }
    setTimeout(() => button.replaceChildren(icon("copy")), 1500);
  });
  return button;
}
