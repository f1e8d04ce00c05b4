// Markdown to elements. What a model writes is never trusted: raw HTML is shown as text, images become links, addresses
// other than http, https and mailto are dropped, and DOMPurify goes over the rest.

import { Marked } from "../vendor/marked/marked.js";
import DOMPurify from "../vendor/dompurify/purify.js";
import highlighter from "../vendor/highlight/highlight.js";
import { element } from "./element.js";
import { copyButton } from "./copying.js";

const LARGEST_HIGHLIGHTED = 50_000;
const ALLOWED = {
  ALLOWED_TAGS: ["p", "br", "strong", "em", "del", "code", "pre", "blockquote", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "a", "table", "thead", "tbody", "tr", "th", "td", "span", "input"],
  ALLOWED_ATTR: ["href", "title", "class", "start", "align", "type", "checked", "disabled", "data-language"],
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
  // Their values are words and numbers, never addresses.
  ADD_URI_SAFE_ATTR: ["title", "class", "start", "align", "type", "checked", "disabled", "data-language"],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
};

const marked = new Marked({
  gfm: true,
  renderer: {
    html: ({ text }) => escape(text),
    image: ({ href, text }) => `<a href="${escape(href)}">${escape(text || href)}</a>`,
    code: ({ text, lang }) => codeBlock(text, (lang ?? "").trim().split(/\s+/)[0]),
  },
});

/** Shows markdown in a container. Blocks that did not change since the last call keep their elements, and so a selection in them. */
export function showMarkdown(container, text) {
  const tokens = marked.lexer(text).filter((token) => token.type !== "space" && token.type !== "def");
  tokens.forEach((token, index) => {
    const block = container.children[index];
    if (block?.source === token.raw) return;
    const made = element("div", { class: "block" }, finish(DOMPurify.sanitize(marked.parser([token]), ALLOWED)));
    made.source = token.raw;
    if (block) block.replaceWith(made);
    else container.append(made);
  });
  while (container.children.length > tokens.length) container.lastElementChild.remove();
}

/** Shows a JSON answer, set out in lines once it is whole. */
export function showJson(container, text) {
  let pretty = text;
  try { pretty = JSON.stringify(JSON.parse(text), null, 2); } catch { /* still being written, or cut off */ }
  const fence = "`".repeat(Math.max(3, ...(pretty.match(/`+/g) ?? []).map((run) => run.length + 1)));
  showMarkdown(container, `${fence}json\n${pretty}\n${fence}`);
}

function codeBlock(text, language) {
  const known = highlighter.getLanguage(language) && text.length <= LARGEST_HIGHLIGHTED;
  const body = known ? highlighter.highlight(text, { language, ignoreIllegals: true }).value : escape(text);
  return `<pre data-language="${escape(language)}"><code>${body}</code></pre>`;
}

function finish(fragment) {
  for (const link of fragment.querySelectorAll("a[href]")) {
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
  }
  for (const box of fragment.querySelectorAll("input")) {
    if (box.type !== "checkbox") { box.remove(); continue; }
    box.disabled = true;
    box.setAttribute("aria-label", box.checked ? "done" : "to do");
  }
  for (const table of fragment.querySelectorAll("table")) {
    // A wide table scrolls by itself; with a place in the tab order the keyboard can scroll it too.
    const frame = element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table" });
    table.replaceWith(frame);
    frame.append(table);
  }
  for (const block of fragment.querySelectorAll("pre")) {
    const language = block.dataset.language || "text";
    const figure = element("figure", { class: "code", "aria-label": `Code, ${language}` }, element("figcaption", {}, element("span", {}, language), copyButton(() => block.textContent, "Copy code")));
    block.replaceWith(figure);
    block.tabIndex = 0;
    figure.append(block);
  }
  return fragment;
}

function escape(text) {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
