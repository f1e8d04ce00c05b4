// Shortcuts that hold everywhere on the page. The help dialog is made from the same list.

import { element } from "./element.js";

const APPLE = /Mac|iPhone|iPad/.test(navigator.platform);

/** Each shortcut: keys, what it does, and whether it also holds while typing (it does with a modifier). */
export function installKeyboard(actions, help) {
  const shortcuts = [
    { keys: "Ctrl+Shift+O", does: "New conversation", act: actions.startNew },
    { keys: "Ctrl+K", does: "Search conversations", act: actions.search },
    { keys: "Ctrl+,", does: "Settings", act: actions.settings },
    { keys: "Ctrl+B", does: "Show or hide conversations", act: actions.sidebar },
    { keys: "Alt+ArrowUp", does: "Conversation above", act: actions.previous },
    { keys: "Alt+ArrowDown", does: "Conversation below", act: actions.next },
    { keys: "Ctrl+Shift+;", does: "Copy the last answer", act: actions.copyLast },
    { keys: "Escape", does: "Stop the answer", act: actions.stop },
    { keys: "/", does: "Write a question", act: actions.write },
    { keys: "?", does: "These shortcuts", act: actions.help },
  ];
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
    const shortcut = shortcuts.find(({ keys }) => pressed(event, keys));
    if (!shortcut || (shortcut.keys.length === 1 && isTyping(event.target))) return;
    if (shortcut.act() !== false) event.preventDefault();
  });
  const always = [["Enter", "Send"], ["Shift+Enter", "New line"], ["ArrowUp", "Edit the last question, from an empty field"], ["F2", "Rename the conversation in focus"], ["Delete", "Delete the conversation in focus"]];
  help.querySelector("dl").replaceChildren(...[...always, ...shortcuts.map(({ keys, does }) => [keys, does])].flatMap(([keys, does]) => [element("dt", {}, ...keys.split("+").map((key) => element("kbd", {}, name(key)))), element("dd", {}, does)]));
}

function pressed(event, keys) {
  const parts = keys.split("+");
  const key = parts.at(-1);
  const control = APPLE ? event.metaKey : event.ctrlKey;
  if (control !== parts.includes("Ctrl") || event.altKey !== parts.includes("Alt")) return false;
  if (key.length > 1) return event.key === key;
  if (key === ";") return event.code === "Semicolon" && event.shiftKey;
  return event.key.toLowerCase() === key.toLowerCase() && (key === "?" || event.shiftKey === parts.includes("Shift") || !parts.includes("Ctrl"));
}

const isTyping = (target) => target.matches("input, textarea, select");
const name = (key) => ({ ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc", Ctrl: APPLE ? "⌘" : "Ctrl", Alt: APPLE ? "⌥" : "Alt" })[key] ?? key;
