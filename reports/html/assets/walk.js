// The explorer: a live run behind the page. Each choice is sent to `subwarden view`, which plays the schedule so far and answers with the run.
const first = JSON.parse(document.getElementById("walk").textContent), head = first.head;
const me = Math.random().toString(36).slice(2);
const place = document.querySelector(".run"), next = document.querySelector(".candidates"), bar = document.querySelector(".steer");
const said = document.querySelector(".said"), alarm = document.querySelector(".alarm"), kept = document.querySelector(".kept"), printedSoFar = document.querySelector(".so-far");
const KINDS = {step: "step", outside: "outside event", timer: "timer", fault: "fault", value: "value"};
let now = first.now, shown = null, busy = false;

async function ask(what, data) {
  let answer;
  try {
    answer = await fetch(what, {method: "POST", headers: {"content-type": "application/json"}, body: JSON.stringify({...data, page: me})});
  } catch {
    throw new Error("The run behind this page has ended. Start `subwarden view` again.");
  }
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error);
  return body;
}

async function doing(act) {
  if (busy) return;
  busy = true;
  document.body.setAttribute("aria-busy", "true");
  alarm.textContent = "";
  try { await act(); } catch (error) { alarm.textContent = error.message; }
  busy = false;
  document.body.removeAttribute("aria-busy");
}

const go = (schedule, onward = "no") => doing(async () => { now = await ask("at", {schedule, onward}); show(); });
const pick = (candidate) => go([...now.schedule, candidate.name]);
const asRecorded = () => now.candidates.find((candidate) => candidate.recorded);
const save = () => doing(async () => {
  const saved = await ask("save", {schedule: now.schedule});
  const line = make("pre", "", saved.command), copy = button("Copy", () => {});
  line.tabIndex = 0;
  line.setAttribute("role", "group");
  line.setAttribute("aria-label", "The line that replays it");
  copy.className = "copy";
  copy.append(make("span", "hidden", " the line that replays it"));
  copies(copy, () => line);
  kept.replaceChildren(make("p", "", `${saved.file ? `Saved as ${saved.file}. ` : ""}${saved.said}`), copy, line);
});

const buttons = {
  back: button("‹ Take back", () => go(now.schedule.slice(0, -1))),
  here: button("‹ To before the shown step", () => go(now.schedule.slice(0, before(shown.current)))),
  start: button("« To the beginning", () => go([])),
  recorded: button("As recorded ›", () => pick(asRecorded())),
  all: button("As recorded, to the end »", () => go(head.recorded)),
  choice: button("To the next choice »", () => go(now.schedule, "choice")),
  end: button("As asyncio, to the end »", () => go(now.schedule, "end")),
  save: button("Save this schedule", save),
};
for (const name in buttons) if (head.recorded.length || !["recorded", "all"].includes(name)) bar.append(buttons[name]);

// The number of names before the step in row `row`.
const before = (row) => { const at = now.row_of.findIndex((rows) => rows >= row); return at < 0 ? now.schedule.length : at; };

function candidate(each, number) {
  const item = make("li"), made = button("", () => pick(each)), line = now.trace.places[each.at];
  made.className = "candidate";
  made.append(make("kbd", "", number < 9 ? number + 1 : "·"), make("bdi", "who", each.who), make("bdi", "", ` ${each.said}`));
  if (each.kind !== "step") made.append(make("span", "tag", KINDS[each.kind]));
  if (each.recorded) made.append(make("span", "tag recorded", "as recorded"));
  if (line && line.text.length) made.append(make("code", "", line.text[line.line - line.first].trim()));
  item.append(made);
  return item;
}

function show() {
  const within = next.contains(document.activeElement) || document.activeElement === document.body;
  next.replaceChildren(...now.candidates.map(candidate));
  if (now.ended) next.append(make("li", "note", "Nothing can happen any more. The run has ended."));
  const verdict = document.querySelector(".verdict"), broken = now.broken.length;
  verdict.className = `verdict ${broken ? "violated" : now.ended ? "holds" : "inconclusive"}`;
  document.querySelector(".top").className = verdict.className.replace("verdict", "top");
  verdict.textContent = broken ? "✗ violated" : now.ended ? "✓ holds" : "… holds so far";
  said.replaceChildren(...now.broken.map((line) => make("p", "bad", line)));
  printedSoFar.replaceChildren(...(now.printed.length ? [make("h2", "", "Printed so far"), make("pre", "", now.printed.join("\n"))] : []));
  if (now.steps.length) {
    const breaks = now.steps.findIndex((row) => row.broken.length), last = now.steps.length - 1;
    const chosen = (number) => { buttons.here.disabled = before(number) >= now.schedule.length; };
    shown = {get current() { return last; }};
    shown = present(place, now, "walk", {start: now.ended && breaks >= 0 ? breaks : last, chosen});
  } else {
    place.replaceChildren(make("p", "note", "Nothing has happened yet. Choose what happens first."));
    shown = {run: null, current: 0};
    buttons.here.disabled = true;
  }
  buttons.back.disabled = buttons.start.disabled = !now.schedule.length;
  buttons.recorded.disabled = !asRecorded();
  buttons.all.disabled = now.schedule.join("\n") === head.recorded.join("\n");
  buttons.choice.disabled = buttons.end.disabled = now.ended;
  kept.replaceChildren();
  const last = now.steps[now.steps.length - 1], count = now.candidates.length;
  document.querySelector(".spoken").textContent = `${last ? `step ${last.step}, ${last.task}: ${short(last)}. ` : ""}${now.ended ? "The run has ended." : `${count} thing${count === 1 ? "" : "s"} may happen next.`}`;
  if (within) (next.querySelector("button") || next).focus({preventScroll: true});
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input")) return;
  if (/^[1-9]$/.test(event.key) && now.candidates[event.key - 1]) pick(now.candidates[event.key - 1]);
  else if (event.key === "Backspace" && now.schedule.length) go(now.schedule.slice(0, -1));
  else if (event.key === "Enter" && event.target === document.body && asRecorded()) pick(asRecorded());
  else return;
  event.preventDefault();
});
addEventListener("beforeprint", () => { if (shown.run) place.append(printed(shown.run)); });
addEventListener("afterprint", () => { for (const table of document.querySelectorAll(".printed")) table.remove(); });
addEventListener("pagehide", () => navigator.sendBeacon("closed", JSON.stringify({page: me})));
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
ask("opened", {}).catch((error) => { alarm.textContent = error.message; });
show();
