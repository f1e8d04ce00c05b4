// The settings panel.

import { element } from "./element.js";
import { notify } from "./notice.js";
import { recall, remember } from "./preferences.js";
import { SAMPLING, parseSchema } from "./sampling.js";
import { download, read } from "./transfer.js";

export class Settings {
  #fields = new Map();

  constructor(chat, dialog) {
    this.chat = chat;
    this.dialog = dialog;
    this.#text("system", "#system");
    this.#text("stop", "#stops");
    this.#numbers(dialog.querySelector("#sampling"));
    this.#form();
    this.#theme();
    this.#key();
    this.#files();
    for (const change of ["open", "settings", "model"]) chat.addEventListener(change, () => this.show());
    this.show();
  }

  /** Opens the panel, at one field if it is named. */
  open(selector) {
    this.show();
    this.dialog.showModal();
    if (selector) this.dialog.querySelector(selector).focus();
  }

  show() {
    const { settings } = this.chat.current;
    for (const [name, field] of this.#fields) if (field !== document.activeElement) field.value = settings[name] ?? "";
    // An empty number is the model's own, which the server tells.
    for (const { name } of SAMPLING) this.#fields.get(name).placeholder = this.chat.properties.default_generation_settings?.[name] ?? "auto";
    const form = ["json", "schema"].includes(settings.form) ? settings.form : "text";
    this.dialog.querySelector(`[name=form][value=${form}]`).checked = true;
    this.dialog.querySelector("#schema-part").hidden = form !== "schema";
    this.#judgeSchema();
    const marks = [settings.system && "system prompt", SAMPLING.some(({ name }) => name in settings) && "sampling", form !== "text" && (form === "schema" ? "JSON schema" : "JSON")].filter(Boolean);
    document.getElementById("in-force").textContent = marks.length > 0 ? `With ${marks.join(", ")}` : "";
  }

  #text(name, selector) {
    const field = this.dialog.querySelector(selector);
    this.#fields.set(name, field);
    field.addEventListener("input", () => this.chat.changeSettings({ [name]: field.value }));
  }

  #numbers(place) {
    for (const { name, label, hint, ...range } of SAMPLING) {
      const field = element("input", { type: "number", id: `sampling-${name}`, "aria-describedby": `hint-${name}`, placeholder: "auto", inputmode: "decimal", ...range });
      this.#fields.set(name, field);
      field.addEventListener("input", () => {
        // An impossible number stays visible and marked, and is not used.
        if (field.validity.rangeUnderflow || field.validity.rangeOverflow || field.validity.badInput) return;
        this.chat.changeSettings({ [name]: field.value === "" ? undefined : Number(field.value) });
      });
      place.append(element("div", { class: "number" }, element("label", { for: field.id }, label), field, element("small", { id: `hint-${name}` }, hint)));
    }
    this.dialog.querySelector("#reset-sampling").addEventListener("click", () => {
      this.chat.changeSettings(Object.fromEntries([...SAMPLING.map(({ name }) => [name, undefined]), ["stop", undefined]]));
    });
  }

  #form() {
    for (const choice of this.dialog.querySelectorAll("[name=form]")) choice.addEventListener("change", () => this.chat.changeSettings({ form: choice.value === "text" ? undefined : choice.value }));
    this.#text("schema", "#schema");
  }

  #judgeSchema() {
    const { form, schema } = this.chat.current.settings;
    let problem = "";
    if (form === "schema") try { parseSchema(schema); } catch (error) { problem = error.message; }
    this.dialog.querySelector("#schema-problem").textContent = problem;
    this.dialog.querySelector("#schema").setAttribute("aria-invalid", String(problem !== ""));
  }

  #theme() {
    for (const choice of this.dialog.querySelectorAll("[name=theme]")) {
      choice.checked = choice.value === recall("theme", "auto");
      choice.addEventListener("change", () => { remember("theme", choice.value); window.criaTheme(choice.value); });
    }
  }

  #key() {
    const field = this.dialog.querySelector("#key");
    field.value = recall("key", "");
    field.addEventListener("change", () => { remember("key", field.value.trim() || null); this.chat.connect(); });
  }

  #files() {
    const { chat, dialog } = this;
    dialog.querySelector("#export-all").addEventListener("click", () => download(chat.conversations, "cria-conversations"));
    dialog.querySelector("#export-one").addEventListener("click", () => download([chat.current], chat.current.title));
    const picker = dialog.querySelector("#import-file");
    dialog.querySelector("#import").addEventListener("click", () => picker.click());
    picker.addEventListener("change", async () => {
      if (!picker.files[0]) return;
      try {
        const conversations = read(await picker.files[0].text());
        chat.restore(conversations);
        notify(`Imported ${conversations.length} ${conversations.length === 1 ? "conversation" : "conversations"}`);
        dialog.close();
      } catch (error) {
        dialog.querySelector("#import-problem").textContent = error.message;
      }
      picker.value = "";
    });
    dialog.addEventListener("close", () => { dialog.querySelector("#import-problem").textContent = ""; });
  }
}
