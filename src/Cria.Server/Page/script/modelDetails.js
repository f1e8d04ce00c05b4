// The model's name in the head of the page, and what the server says about it.

import { element } from "./element.js";

const LABELS = { id: "Name", created: "Served since", max_model_len: "Context", parent: "Adapter of", model_name: "Model", model_file: "File", version: "Cria", layer_count: "Layers", hidden_size: "Width", vocabulary_size: "Vocabulary" };
// Too long to read, or said by another field.
const UNTOLD = ["object", "owned_by", "model", "context_length", "chat_template", "bos_token", "eos_token", "n_ctx_train"];

export class ModelDetails {
  constructor(chat, { dialog, opener, names, invitation }) {
    Object.assign(this, { chat, dialog, opener, names, invitation });
    opener.addEventListener("click", () => dialog.showModal());
    for (const change of ["model", "open", "settings"]) chat.addEventListener(change, () => this.show());
  }

  show() {
    const { chat } = this;
    const name = chat.model?.id ?? (chat.serverError ? "No model" : "…");
    for (const place of this.names) place.textContent = name;
    this.opener.setAttribute("aria-label", `Model: ${name}. Show details`);
    this.invitation.textContent = chat.serverError ?? "answers from this server. Conversations stay in this browser.";
    this.invitation.classList.toggle("problem", Boolean(chat.serverError));
    const choices = this.dialog.querySelector("#models");
    choices.replaceChildren(...chat.models.map((model) => element("option", { value: model.id, selected: model === chat.model }, model.id)));
    choices.closest("label").hidden = chat.models.length < 2;
    choices.onchange = () => chat.changeSettings({ model: choices.value });
    this.dialog.querySelector("dl").replaceChildren(...facts({ ...chat.model, ...chat.properties }).flatMap(([label, value]) => [element("dt", {}, label), element("dd", {}, value)]));
  }
}

/** What the server tells of a model, whatever that is, in readable words. */
function facts(model) {
  return Object.entries(model)
    .filter(([name, value]) => !UNTOLD.includes(name) && !(name === "model_name" && value === model.id) && ["string", "number", "boolean"].includes(typeof value) && value !== "")
    .map(([name, value]) => [LABELS[name] ?? sentence(name), readable(name, value)]);
}

const sentence = (name) => name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");

function readable(name, value) {
  if (name === "created" && typeof value === "number") return new Date(value * 1000).toLocaleString();
  if (name === "max_model_len") return `${value.toLocaleString()} tokens`;
  if (typeof value !== "number") return String(value);
  return value.toLocaleString();
}
