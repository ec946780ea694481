// The page of a record: draws a run when its finding is opened, and everything before printing.
const runs = JSON.parse(document.getElementById("runs").textContent);
const drawn = new Map();
const open = (place) => {
  if (drawn.has(place)) return;
  const number = Number(place.dataset.run), data = runs[number];
  if (!data.steps.length) { place.replaceChildren(); return; }
  drawn.set(place, present(place, data, `run-${number}`).run);
};
for (const place of document.querySelectorAll(".run")) {
  const finding = place.closest("details");
  if (!finding || finding.open) open(place);
  if (finding) finding.addEventListener("toggle", () => { if (finding.open) open(place); });
}
const go = () => {
  const finding = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
  if (finding && finding.tagName === "DETAILS") { finding.open = true; finding.scrollIntoView(); }
};
addEventListener("hashchange", go);
go();
addEventListener("beforeprint", () => {
  for (const finding of document.querySelectorAll("details.finding")) finding.open = true;
  for (const place of document.querySelectorAll(".run")) { open(place); if (drawn.has(place)) place.append(printed(drawn.get(place))); }
});
addEventListener("afterprint", () => { for (const table of document.querySelectorAll(".printed")) table.remove(); });

for (const pressed of document.querySelectorAll("button.copy")) copies(pressed, () => document.getElementById(pressed.dataset.copy));
// Arrow keys before anything has been clicked: they move along the first timeline in view.
addEventListener("keydown", (event) => {
  if (event.target !== document.body || !["ArrowLeft", "ArrowRight"].includes(event.key) || event.altKey || event.ctrlKey || event.metaKey) return;
  const lines = [...document.querySelectorAll(".lines")].find((box) => {
    const {top, bottom, height} = box.getBoundingClientRect();
    return height && bottom > 0 && top < innerHeight;
  });
  if (!lines) return;
  event.preventDefault();
  lines.focus({preventScroll: true});
  lines.dispatchEvent(new KeyboardEvent("keydown", {key: event.key}));
});
