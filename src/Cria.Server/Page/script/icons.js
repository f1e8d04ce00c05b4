// Line icons of 20 × 20, drawn with the colour of the text around them.

const SHAPES = {
  copy: "M7 7V4.5A1.5 1.5 0 0 1 8.5 3h7A1.5 1.5 0 0 1 17 4.5v7a1.5 1.5 0 0 1-1.5 1.5H13M4.5 7h7A1.5 1.5 0 0 1 13 8.5v7a1.5 1.5 0 0 1-1.5 1.5h-7A1.5 1.5 0 0 1 3 15.5v-7A1.5 1.5 0 0 1 4.5 7Z",
  done: "m4 10.5 4 4 8-9",
  edit: "M12.5 4.5 15.5 7.5M4 16l.8-3.6 8.6-8.6a1.4 1.4 0 0 1 2 0l.8.8a1.4 1.4 0 0 1 0 2l-8.6 8.6Z",
  again: "M16 4v4h-4M16 8a6.5 6.5 0 1 0 .4 4",
  previous: "m12 5-5 5 5 5",
  next: "m8 5 5 5-5 5",
  down: "M10 4v12M5 11l5 5 5-5",
  remove: "M4 6h12M8 6V4h4v2M6 6l.6 10h6.8L14 6M8.7 9v4.5M11.3 9v4.5",
  close: "m5 5 10 10M15 5 5 15",
};

export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(space, "svg");
  drawing.setAttribute("viewBox", "0 0 20 20");
  drawing.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(space, "path");
  line.setAttribute("d", SHAPES[name]);
  drawing.append(line);
  return drawing;
}
