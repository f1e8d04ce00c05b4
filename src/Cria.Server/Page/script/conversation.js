// A conversation is a tree: an edited question or a second answer is a sibling of the first. `chosen` says which child
// of a message is on show; the messages on show are the path from the root.

export const ROOT = "root";

/** An id that nobody has to keep secret; randomUUID is absent where the page is served over plain HTTP to another machine. */
export function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(9)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function createConversation(settings = {}) {
  const now = Date.now();
  return { id: newId(), title: "", created: now, updated: now, settings: structuredClone(settings), messages: {}, chosen: {} };
}

export function children(conversation, parent) {
  return Object.values(conversation.messages).filter((message) => message.parent === parent);
}

/** The messages on show, from the first to the last. */
export function path(conversation) {
  const shown = [];
  for (let at = ROOT; ;) {
    const next = conversation.messages[conversation.chosen[at]];
    if (!next || shown.length > Object.keys(conversation.messages).length) return shown;
    shown.push(next);
    at = next.id;
  }
}

/** Adds a message below another and shows it. */
export function addMessage(conversation, parent, role, content) {
  const message = { id: `m${newId()}`, parent, role, content, created: Date.now() };
  conversation.messages[message.id] = message;
  conversation.chosen[parent] = message.id;
  conversation.updated = message.created;
  if (!conversation.title && role === "user") conversation.title = shorten(content);
  return message;
}

/** Shows the sibling that lies `steps` further. */
export function chooseSibling(conversation, message, steps) {
  const siblings = children(conversation, message.parent);
  const index = siblings.indexOf(message) + steps;
  if (index < 0 || index >= siblings.length) return false;
  conversation.chosen[message.parent] = siblings[index].id;
  return true;
}

/** What the server is sent so that it answers below `parent`. */
export function requestMessages(conversation, parent) {
  const turns = [];
  for (let at = conversation.messages[parent]; at; at = conversation.messages[at.parent]) turns.unshift({ role: at.role, content: at.content });
  const system = conversation.settings.system?.trim();
  return system ? [{ role: "system", content: system }, ...turns] : turns;
}

/** Whether every word of the query occurs in the title or in any message. */
export function matches(conversation, query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const text = [conversation.title, ...Object.values(conversation.messages).map((message) => message.content)].join("\n").toLowerCase();
  return words.every((word) => text.includes(word));
}

/** Tokens of each message on show, as far as the server counted them, and their sum. */
export function contextUse(conversation) {
  const stripes = [];
  let total = 0;
  for (const message of path(conversation)) {
    const use = message.statistics;
    if (message.role !== "assistant" || !use?.promptTokens) continue;
    stripes.push({ role: "user", tokens: Math.max(0, use.promptTokens - total) }, { role: "assistant", tokens: use.completionTokens });
    total = use.promptTokens + use.completionTokens;
  }
  return { stripes, total };
}

function shorten(text) {
  const line = text.trim().replace(/\s+/g, " ");
  if (line.length <= 60) return line;
  const cut = line.slice(0, 60);
  return `${cut.slice(0, Math.max(cut.lastIndexOf(" "), 40))}…`;
}
