// Builds elements: element("button", { class: "quiet", onclick }, "Text"). Text never becomes markup.

export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "value") made.value = value;
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
  return made;
}

/** A button that shows an icon and says its name. */
export function iconButton(icon, label, onclick, properties = {}) {
  return element("button", { type: "button", class: "icon", "aria-label": label, title: label, onclick, ...properties }, icon);
}
