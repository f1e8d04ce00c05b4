// Puts the page together.

import { say } from "./announcer.js";
import { Chat } from "./chat.js";
import { Composer } from "./composer.js";
import { copy } from "./copying.js";
import { installKeyboard } from "./keyboard.js";
import { ModelDetails } from "./modelDetails.js";
import { notify } from "./notice.js";
import { Drawer } from "./drawer.js";
import { Settings } from "./settings.js";
import { Sidebar } from "./sidebar.js";
import { Transcript } from "./transcript.js";
import { Weave } from "./weave.js";

const at = (id) => document.getElementById(id);
const chat = new Chat();
let started = false;

const transcript = new Transcript(chat, { scroller: at("scroller"), list: at("messages"), empty: at("empty"), toEnd: at("to-end") });
new Composer(chat, { form: at("composer"), field: at("question"), send: at("send"), stop: at("stop"), transcript });
new Weave(chat, { band: at("weave"), caption: at("context") });
const sidebar = new Sidebar(chat, { list: at("conversations"), search: at("search"), nothing: at("nothing") });
const settings = new Settings(chat, at("settings"));
new ModelDetails(chat, { dialog: at("model"), opener: at("show-model"), names: document.querySelectorAll("[data-model]"), invitation: at("invitation") });
const drawer = new Drawer({ root: document.body, sidebar: at("sidebar"), rest: at("main"), toggle: at("show-sidebar"), leavers: [at("cover"), at("hide-sidebar")] });

// The address names the open conversation, so that reload, back and bookmarks work.
const startNew = () => { drawer.leave(); if (location.hash) location.hash = ""; else { chat.startNew(); } };
const follow = () => {
  const id = location.hash.slice(1);
  if (id === chat.current.id && chat.conversations.includes(chat.current)) return;
  if (!id || !chat.open(id)) chat.startNew();
  drawer.leave();
};
addEventListener("hashchange", follow);
const address = () => (chat.conversations.includes(chat.current) ? `#${chat.current.id}` : location.pathname + location.search);
for (const change of ["list", "open"]) chat.addEventListener(change, () => {
  const title = chat.current.title || "New conversation";
  at("title").textContent = title;
  document.title = chat.current.title ? `${title} · Cria` : "Cria";
  if (started && location.hash.slice(1) !== address().slice(1)) history.replaceState(null, "", address());
});
chat.addEventListener("unsaved", (event) => notify(`This browser does not keep the conversation: ${event.detail.message}`));
chat.addEventListener("busy", () => document.body.classList.toggle("answering", chat.running !== null));

chat.addEventListener("key", () => {
  at("ask-key-problem").hidden = !chat.key;
  if (!at("ask-key").open) at("ask-key").showModal();
});
at("ask-key-form").addEventListener("submit", () => {
  const field = at("settings").querySelector("#key");
  field.value = at("ask-key-field").value;
  field.dispatchEvent(new Event("change"));
});

for (const dialog of document.querySelectorAll("dialog")) {
  dialog.querySelector(".close")?.addEventListener("click", () => dialog.close());
  // A click beside the panel closes it.
  dialog.addEventListener("pointerdown", (event) => { if (event.target === dialog) dialog.close(); });
}
for (const example of document.querySelectorAll("#examples button")) example.addEventListener("click", () => { chat.send(example.textContent); at("question").focus(); });
at("new").addEventListener("click", startNew);
at("show-settings").addEventListener("click", () => settings.open());
at("in-force").addEventListener("click", () => settings.open());
at("show-help").addEventListener("click", () => at("help").showModal());

installKeyboard({
  startNew,
  search: () => { drawer.show(); at("search").focus(); },
  settings: () => settings.open(),
  sidebar: () => drawer.toggle(),
  previous: () => sidebar.openNeighbour(-1),
  next: () => sidebar.openNeighbour(1),
  copyLast: () => copy(chat.shown.at(-1)?.content ?? "").then(() => say("Copied"), (error) => say(error.message)),
  stop: () => (chat.running ? chat.stop() : drawer.leave()),
  write: () => at("question").focus(),
  help: () => at("help").showModal(),
}, at("help"));

await chat.start(location.hash.slice(1)).catch((error) => notify(`This browser does not keep conversations: ${error.message}`));
started = true;
at("question").focus();
document.body.dataset.ready = "true";
