// Export and import of conversations as one JSON file.

import { newId, ROOT } from "./conversation.js";

const FORMAT = "cria-conversations";

export function download(conversations, name) {
  const text = JSON.stringify({ format: FORMAT, version: 1, conversations }, null, 2);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = `${name.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 60) || "cria"}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Reads what `download` wrote. Nothing of the file is taken over unread: it may come from anyone. */
export function read(text) {
  let file;
  try { file = JSON.parse(text); } catch { throw new Error("This file is not JSON."); }
  if (file?.format !== FORMAT || !Array.isArray(file.conversations)) throw new Error("This file holds no conversations exported from Cria.");
  return file.conversations.map(conversationFrom);
}

function conversationFrom(source) {
  const messages = {}, chosen = {};
  for (const message of Object.values(source?.messages ?? {})) {
    const parent = message?.parent;
    // A message comes after its parent, so a circle cannot arise.
    if (!/^m[0-9a-f]+$/.test(message?.id) || !(parent === ROOT || Object.hasOwn(messages, parent)) || !["user", "assistant"].includes(message.role)) continue;
    messages[message.id] = {
      id: message.id, parent, role: message.role, content: textOf(message.content), created: numberOf(message.created),
      ...(message.format === "json" && { format: "json" }),
      ...(typeof message.error === "string" && { error: message.error }),
      ...(typeof message.finish === "string" && { finish: message.finish }),
      ...(message.statistics && { statistics: Object.fromEntries(Object.entries(message.statistics).filter(([, value]) => typeof value === "number")) }),
    };
    chosen[parent] = message.id;
  }
  for (const [parent, id] of Object.entries(source?.chosen ?? {})) if (messages[id]?.parent === parent) chosen[parent] = id;
  const settings = Object.fromEntries(Object.entries(source?.settings ?? {}).filter(([, value]) => ["string", "number"].includes(typeof value)));
  return { id: newId(), title: textOf(source?.title).slice(0, 200), created: numberOf(source?.created), updated: numberOf(source?.updated), settings, messages, chosen };
}

const textOf = (value) => (typeof value === "string" ? value : "");
const numberOf = (value) => (Number.isFinite(value) ? value : Date.now());
