// The state of the page: which conversations there are, which one is open, and the answer in progress. Views listen to
// "list" (conversations changed), "open" (another one is on show), "messages" (its messages changed), "piece" (the
// running answer grew), "busy" (an answer began or ended) and "key" (the server wants a key).

import * as api from "./api.js";
import { streamAnswer } from "./answer.js";
import * as tree from "./conversation.js";
import * as database from "./database.js";
import { recall, remember } from "./preferences.js";
import { requestFields } from "./sampling.js";

const SAVE_EVERY_MS = 1000;

export class Chat extends EventTarget {
  conversations = [];
  current = tree.createConversation(recall("settings", {}));
  models = [];
  properties = {};
  running = null;

  #others = new BroadcastChannel("cria");
  #saved = 0;

  async start(id) {
    this.#others.onmessage = () => this.#reload();
    this.conversations = await database.loadAll();
    this.#tell("list");
    if (id) this.open(id);
    await this.connect();
  }

  /** Asks the server for its models; `serverError` says why it has none. */
  async connect() {
    try {
      this.models = await api.models(this.key);
      this.properties = await api.properties(this.key);
      this.serverError = null;
    } catch (error) {
      this.serverError = error.message;
      if (error.status === 401) this.#tell("key");
    }
    this.#tell("model");
  }

  get key() { return recall("key", null); }
  get model() { return this.models.find((model) => model.id === this.current.settings.model) ?? this.models[0]; }
  get shown() { return tree.path(this.current); }

  /** Tokens the model's context holds, where the server says so. */
  get contextLength() { return this.model?.max_model_len ?? this.properties.context_length ?? null; }

  startNew() {
    if (this.running) this.stop();
    this.current = tree.createConversation(recall("settings", {}));
    this.#tell("open");
  }

  open(id) {
    const found = this.conversations.find((conversation) => conversation.id === id);
    if (!found || found === this.current) return found !== undefined;
    if (this.running) this.stop();
    this.current = found;
    this.#tell("open");
    return true;
  }

  /** Asks a question at the end of what is on show. */
  send(text) {
    if (this.running || !text.trim()) return;
    const parent = this.shown.at(-1)?.id ?? tree.ROOT;
    this.#answer(tree.addMessage(this.current, parent, "user", text.trim()));
  }

  /** Asks an earlier question in other words, beside the first. */
  edit(message, text) {
    if (this.running || !text.trim()) return;
    this.#answer(tree.addMessage(this.current, message.parent, "user", text.trim()));
  }

  /** Answers the same question once more, beside the first answer. */
  regenerate(message) {
    if (this.running) return;
    this.#answer(this.current.messages[message.parent]);
  }

  showSibling(message, steps) {
    if (this.running || !tree.chooseSibling(this.current, message, steps)) return;
    this.#tell("messages");
    this.#keep(this.current);
  }

  stop() { this.running?.controller.abort(); }

  rename(conversation, title) {
    conversation.title = title.trim().slice(0, 200) || conversation.title;
    this.#keep(conversation);
    this.#tell("list");
  }

  /** Deletes a conversation and returns what brings it back. */
  remove(conversation) {
    if (this.running?.conversation === conversation) this.stop();
    this.conversations = this.conversations.filter((other) => other !== conversation);
    this.#store(database.erase(conversation.id));
    if (this.current === conversation) this.startNew();
    this.#tell("list");
    return () => this.restore([conversation]);
  }

  /** Adds conversations that were deleted or come from a file. */
  restore(conversations) {
    for (const conversation of conversations) this.#store(database.save(conversation));
    this.conversations = [...this.conversations, ...conversations].sort((a, b) => b.updated - a.updated);
    this.#tell("list");
  }

  /** Settings belong to the open conversation; new ones begin with the latest. */
  changeSettings(changes) {
    Object.assign(this.current.settings, changes);
    for (const [name, value] of Object.entries(changes)) if (value === undefined || value === "") delete this.current.settings[name];
    remember("settings", this.current.settings);
    if (this.conversations.includes(this.current)) this.#keep(this.current);
    this.#tell("settings");
  }

  async #answer(question) {
    const conversation = this.current;
    const message = tree.addMessage(conversation, question.id, "assistant", "");
    if (conversation.settings.form === "json" || conversation.settings.form === "schema") message.format = "json";
    this.conversations = [conversation, ...this.conversations.filter((other) => other !== conversation)];
    this.running = { conversation, message, controller: new AbortController() };
    const { controller } = this.running;
    this.#keep(conversation);
    for (const change of ["list", "messages", "busy"]) this.#tell(change);
    try {
      const request = { model: this.model?.id, messages: tree.requestMessages(conversation, question.id), ...requestFields(conversation.settings) };
      await streamAnswer(message, request, conversation.id, this.key, controller.signal, () => {
        this.#tell("piece");
        if (performance.now() - this.#saved > SAVE_EVERY_MS) this.#keep(conversation);
      });
    } catch (error) {
      message.error = error.message;
      if (error.status === 401) this.#tell("key");
    }
    this.running = null;
    if (this.conversations.includes(conversation)) this.#keep(conversation);
    for (const change of ["messages", "busy"]) this.#tell(change);
  }

  #keep(conversation) {
    this.#saved = performance.now();
    this.#store(database.save(conversation));
  }

  #store(change) {
    change.then(() => this.#others.postMessage("changed"), (error) => this.#tell("unsaved", error));
  }

  async #reload() {
    if (this.running) return;
    const fresh = await database.loadAll();
    // The open conversation stays the object that views hold.
    this.conversations = fresh.map((conversation) => (conversation.id === this.current.id ? Object.assign(this.current, conversation) : conversation));
    this.#tell("list");
    this.#tell("messages");
  }

  #tell(change, detail) { this.dispatchEvent(new CustomEvent(change, { detail })); }
}
