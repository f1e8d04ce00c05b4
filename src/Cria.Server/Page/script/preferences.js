// Small things the browser remembers besides conversations. Storage can be forbidden; then they last as long as the page.

const memory = new Map();

export function remember(name, value) {
  memory.set(name, value);
  try {
    if (value === null) localStorage.removeItem(`cria.${name}`);
    else localStorage.setItem(`cria.${name}`, JSON.stringify(value));
  } catch { /* kept in memory */ }
}

export function recall(name, otherwise) {
  if (memory.has(name)) return memory.get(name) ?? otherwise;
  try { return JSON.parse(localStorage.getItem(`cria.${name}`)) ?? otherwise; } catch { return otherwise; }
}
