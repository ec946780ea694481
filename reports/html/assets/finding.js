// A run that fails: its timeline, the chosen step, and the nearest run that holds beside it.
const KEY = [["●", "a step"], ["○", "an outside event"], ["✕", "cancelled"], ["▲", "failed"], ["◆", "breaks the property"], ["■", "takes a lock"], ["□", "releases it"], ["⇢", "waits for it"], ["→", "wakes, starts or sends"]];

// `options.start`: the step to show first; `options.chosen(number)`: called for each step that is shown.
function present(place, data, key, options = {}) {
  const trace = data.trace || null, failing = prepared(data.steps, trace, data.subscriptions);
  const broken = data.steps.findIndex((row) => row.broken.length);
  const searched = trace && Number.isInteger(trace.lost_at);  // of older records, and of a walk, nothing is known
  const lost = searched && trace.lost_at > 0 ? trace.lost_at - 1 : -1;
  const holds = trace && trace.holds ? prepared(trace.holds.steps, trace.holds.trace, data.subscriptions) : null;
  const parts = holds ? trace.holds.common : -1;
  const tried = searched ? `${trace.tried.toLocaleString("en")} schedule${trace.tried === 1 ? "" : "s"}` : "";
  const fate = !searched ? (trace && trace.unsearched) || null
    : trace.lost_at === 0 && !holds ? `No schedule of this program was seen to hold: ${trace.every && trace.tried === 1 ? "every run takes the same schedule, which fails" : `${trace.every ? "all" : "each of"} ${tried} failed`}.`
    : trace.every ? `After step ${trace.lost_at} the failure is unavoidable: ${trace.tried === 1 ? "the only schedule from there fails" : `all ${tried} from there fail`}.`
    : `After step ${trace.lost_at} the failure seems unavoidable: each of ${tried} tried from there failed.`;
  const box = make("div", "detail"), bar = make("div", "bar"), panes = make("div", "panes"), where = make("span", "where");
  box.tabIndex = 0;
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", "The chosen step");
  const spoken = make("div", "hidden");
  spoken.setAttribute("aria-live", "polite");
  const slider = make("input");
  slider.type = "range"; slider.min = 1; slider.max = data.steps.length;
  slider.setAttribute("aria-label", "Step");
  const notes = (number) => [
    ...(number === lost ? [fate] : []),
    ...(number === parts ? ["Here the nearest run that holds goes another way."] : []),
  ];
  const chosen = (number) => {
    detail(failing, number, box, notes);
    slider.value = number + 1;
    where.textContent = `step ${number + 1} of ${data.steps.length}`;
    spoken.textContent = `step ${number + 1}, ${data.steps[number].task}: ${short(data.steps[number])}`;
    back.disabled = number === 0;
    on.disabled = number === data.steps.length - 1;
    if (beside && number < parts) beside.choose(number, true);
    if (options.chosen) options.chosen(number);
  };
  const main = timeline(failing, holds ? "the run that fails" : "steps", `${key}-f`, chosen, {parts, lost});
  let beside = null;
  const back = button("‹ Back", () => main.choose(main.current - 1)), on = button("Next ›", () => main.choose(main.current + 1));
  slider.addEventListener("input", () => main.choose(Number(slider.value) - 1));
  const search = make("input");
  search.type = "search"; search.placeholder = "Search"; search.setAttribute("aria-label", "Search the steps; Enter goes to the next");
  search.addEventListener("input", () => main.search(search.value));
  search.addEventListener("keydown", (event) => { if (event.key === "Enter") main.next(); });
  bar.append(back, slider, on, where);
  if (broken >= 0) bar.append(button("Where it breaks", () => main.choose(broken)));
  if (lost >= 0) bar.append(button("Where it was lost", () => main.choose(lost)));
  if (holds) {
    const compare = button("Beside a run that holds", () => {
      const shown = compare.getAttribute("aria-pressed") !== "true";
      compare.setAttribute("aria-pressed", shown);
      panes.classList.toggle("two", shown);
      if (!shown) { beside.box.remove(); beside = null; return; }
      const chosenBeside = (number) => {
        detail(holds, number, box, (at) => (at === parts ? ["Here this run parts from the one that fails, and holds."] : []));
        if (number < parts) main.choose(number, true);
      };
      beside = timeline(holds, "the nearest run that holds", `${key}-h`, chosenBeside, {parts, lost: -1});
      column.after(beside.box);
      beside.choose(Math.min(main.current, parts), true);
      main.choose(Math.min(parts, data.steps.length - 1));
    });
    compare.setAttribute("aria-pressed", "false");
    bar.append(compare);
  }
  bar.append(search);
  const legend = make("div", "key");
  for (const [sign, text] of KEY) legend.append(make("span", "", `${sign} ${text}`));
  const column = make("div", "column");
  column.append(main.box, legend);
  panes.append(column, box);
  place.replaceChildren(...(fate ? [make("p", "fate", fate)] : []), bar, panes, spoken);
  main.choose(options.start !== undefined ? options.start : broken >= 0 ? broken : 0);
  return {run: failing, get current() { return main.current; }};
}

