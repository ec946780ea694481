// Makes elements. Every text goes in by textContent: nothing of a record is ever read as HTML.
const ROW = 26, SPARE = 8, OUTSIDE = "outside";
const SVG = "http://www.w3.org/2000/svg";

const make = (tag, kind, text) => {
  const made = document.createElement(tag);
  if (kind) made.className = kind;
  if (text !== undefined) made.textContent = text;
  return made;
};
const draw = (tag, attributes) => {
  const made = document.createElementNS(SVG, tag);
  for (const name in attributes) made.setAttribute(name, attributes[name]);
  return made;
};
const lines = (items) => {
  const list = make("ul");
  for (const item of items) list.append(make("li", "", item));
  return list;
};
const button = (text, act) => {
  const made = make("button", "", text);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
};
const header = (names) => {
  const row = make("tr");
  for (const name of names) { const cell = make("th", "", name); cell.scope = "col"; row.append(cell); }
  return row;
};

// A click of `pressed` copies the text of the element `text()`.
function copies(pressed, text) {
  pressed.addEventListener("click", async () => {
    const said = pressed.firstChild.textContent;
    let copied = true;
    try {
      await navigator.clipboard.writeText(text().textContent);
    } catch {  // without permission: select it, and use the old way
      const range = document.createRange();
      range.selectNodeContents(text());
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      copied = document.execCommand("copy");
    }
    pressed.firstChild.textContent = copied ? "Copied" : "Press Ctrl+C";
    setTimeout(() => { pressed.firstChild.textContent = said; }, 2000);
  });
}
