// A run as a list of steps with a lane for each task, client and lock. Only the rows in view are there.
// A run: its rows, and what the trace says of each moment, filled in from the moment before.
function prepared(steps, trace, places) {
  const moments = [];
  let state = null, suspended = {}, locks = [], more = {waits: [], things: [], network: [], conditions: []};
  for (const moment of trace ? trace.moments : []) {
    state = moment.state || state;
    suspended = moment.suspended || suspended;
    locks = moment.locks || locks;
    more = {waits: moment.waits || more.waits, things: moment.things || more.things, network: moment.network || more.network, conditions: moment.conditions || more.conditions};
    moments.push({arrows: moment.arrows, marks: moment.marks, used: moment.used || [], outside: moment.outside, state, suspended, locks, ...more});
  }
  let lanes = trace ? trace.lanes : [];
  if (!trace) lanes = [...new Set(steps.map((row) => row.task))].map((name) => ({name, kind: "task"}));
  const at = new Map();
  if (lanes.filter((lane) => lane.kind === "world").length > 1) {  // they have no life of their own: one lane for all
    const named = lanes.findIndex((lane) => lane.kind === "world");
    for (const lane of lanes) if (lane.kind === "world") at.set(lane.name, named);
    lanes = lanes.filter((lane, number) => lane.kind !== "world" || number === named)
      .map((lane) => (lane.kind === "world" ? {name: OUTSIDE, kind: "world"} : lane));
  }
  lanes.forEach((lane, number) => at.set(lane.name, number));
  const outside = new Set((trace ? trace.lanes : []).filter((lane) => lane.kind === "client" || lane.kind === "world").map((lane) => lane.name));
  const wide = lanes.length > 10 ? 15 : 20;
  const first = new Map(), last = new Map();
  const touch = (name, row) => { if (!first.has(name)) first.set(name, row); last.set(name, row); };
  steps.forEach((row, number) => {
    touch(row.task, number);
    const moment = moments[number + 1];
    if (moment) for (const arrow of moment.arrows) touch(arrow.to, number);
    if (moment) for (const name of Object.keys(moment.suspended)) touch(name, number);
  });
  return {steps, trace, places, moments, lanes, at, wide, first, last, outside};
}

const mark = (run, number) => {
  const row = run.steps[number], marks = run.moments[number + 1] ? run.moments[number + 1].marks : [];
  if (row.broken.length) return "broken";
  if (marks.includes("failed") || row.did.some((did) => /^(raises |\(fails)/.test(did))) return "failed";
  if (marks.includes("cancelled") || row.did.some((did) => /^(is cancelled|\(is cancelled)/.test(did))) return "cancelled";
  const moment = run.moments[number + 1];
  if (moment && moment.outside !== undefined) return moment.outside ? "outside" : "";
  return run.outside.has(row.task) || (row.did.length && row.did.every((did) => did.startsWith("("))) ? "outside" : "";
};

// The lanes of one row, as a picture of its own: a row out of view costs nothing.
function picture(run, number) {
  const row = run.steps[number], moment = run.moments[number + 1], before = run.moments[number];
  const svg = draw("svg", {width: run.lanes.length * run.wide + 6, height: ROW, "aria-hidden": "true"});
  const x = (name) => (run.at.get(name) + 0.5) * run.wide + 3, middle = ROW / 2;
  for (const lane of run.lanes) {
    const here = x(lane.name);
    if (lane.kind === "lock") {
      const held = (at) => at && at.locks.some((lock) => lock.lock === lane.name && lock.held_by.length);
      svg.append(draw("line", {x1: here, x2: here, y1: 0, y2: ROW, class: "rest"}));
      if (held(before)) svg.append(draw("line", {x1: here, x2: here, y1: 0, y2: middle, class: "held"}));
      if (held(moment)) svg.append(draw("line", {x1: here, x2: here, y1: middle, y2: ROW, class: "held"}));
      continue;
    }
    const from = run.first.get(lane.name), to = run.last.get(lane.name);
    if (from === undefined || number < from || number > to) continue;
    const waits = moment && moment.locks.some((lock) => lock.waited_for_by.includes(lane.name));
    svg.append(draw("line", {x1: here, x2: here, y1: number === from ? middle : 0, y2: number === to ? middle : ROW, class: waits ? "waits" : "life"}));
  }
  const from = x(row.task);
  if (moment) {
    const uses = new Map();
    for (const [verb, lock] of moment.used) uses.set(lock, verb);
    for (const [lock, verb] of uses) {
      svg.append(draw("line", {x1: from, x2: x(lock), y1: middle, y2: middle, class: "arrow use"}));
      svg.append(draw("rect", {x: x(lock) - 4, y: middle - 4, width: 8, height: 8, class: `lockuse ${verb}`}));
    }
    moment.arrows.forEach((arrow, order) => {
      const to = x(arrow.to), y = middle + [0, -6, 6, -9, 9][order % 5], way = to < from ? 1 : -1;
      svg.append(draw("path", {d: `M${from} ${middle}L${from - way * 6} ${y}H${to + way * 5}`, class: `arrow ${arrow.kind}`}));
      svg.append(draw("path", {d: `M${to} ${y}l${way * 7} -4v8z`, class: "head"}));
    });
  }
  const kind = mark(run, number);
  if (kind === "broken") svg.append(draw("path", {d: `M${from} ${middle - 8}l8 8l-8 8l-8 -8z`, class: "dot broken"}));
  else if (kind === "failed") svg.append(draw("path", {d: `M${from} ${middle - 6}l7 12h-14z`, class: "dot failed"}));
  else if (kind === "cancelled") svg.append(draw("path", {d: `M${from - 5} ${middle - 5}l10 10m0 -10l-10 10`, class: "dot cancelled"}));
  else svg.append(draw("circle", {cx: from, cy: middle, r: 5, class: `dot ${kind}`}));
  return svg;
}

// What a row says, with the class of each part.
const parts = (row) => [...row.did.map((did) => [did, "did"]), ...(row.at ? [[`at ${row.at}`, "at"]] : []), ...row.changed.map((change) => [change, "changed"]), ...row.broken.map((broken) => [broken, "breaks"])];
const short = (row) => parts(row).map(([part]) => part).join("; ");
const SPOKEN = {broken: ", breaks the property", failed: ", failed", cancelled: ", cancelled", outside: "", "": ""};

// One timeline: a list of steps of which only those in view are there.
function timeline(run, name, key, onChoose, marks) {
  const box = make("div", "lines"), names = make("div", "names"), rows = make("div", "rows");
  box.tabIndex = 0;
  box.setAttribute("role", "listbox");
  box.setAttribute("aria-label", name);
  names.setAttribute("aria-hidden", "true");
  for (const lane of run.lanes) {
    const label = make("div", `lane ${lane.kind}`, lane.name);
    label.title = lane.name === OUTSIDE ? "the world outside" : `${lane.name} (${lane.kind})`;
    label.style.width = `${run.wide}px`;
    names.append(label);
  }
  names.append(make("div", "caption", name));
  rows.style.height = `${run.steps.length * ROW}px`;
  rows.style.minWidth = `${run.lanes.length * run.wide + 240}px`;
  rows.setAttribute("role", "presentation");
  box.append(names, rows);
  const there = new Map();
  let current = -1, query = "", asked = false;

  const row = (number) => {
    const step = run.steps[number], made = make("div", "step"), text = make("span", "text");
    const kind = mark(run, number);
    made.id = `${key}-${number}`;
    made.style.top = `${number * ROW}px`;
    made.setAttribute("role", "option");
    made.setAttribute("aria-posinset", number + 1);
    made.setAttribute("aria-setsize", run.steps.length);
    made.setAttribute("aria-label", `step ${step.step}, ${step.task}${SPOKEN[kind]}: ${short(step)}`);
    if (kind === "broken") made.classList.add("broken");
    if (marks.parts === number) made.classList.add("parts");
    if (marks.lost === number) made.classList.add("lost");
    text.append(make("span", "n", step.step), make("bdi", "who", step.task));
    for (const [part, of] of parts(step)) text.append(make("bdi", of, part));
    made.append(picture(run, number), text);
    if (marks.parts === number) made.append(make("span", "flag parting", "parts here"));
    if (marks.lost === number) made.append(make("span", "flag losing", "lost"));
    made.dataset.at = number;
    return made;
  };
  const show = () => {
    asked = false;
    const top = Math.max(0, box.scrollTop - names.offsetHeight);
    const from = Math.max(0, Math.floor(top / ROW) - SPARE);
    const to = Math.min(run.steps.length, Math.ceil((top + box.clientHeight) / ROW) + SPARE);
    for (const [number, made] of there) if (number < from || number >= to) { made.remove(); there.delete(number); }
    for (let number = from; number < to; number++) {
      if (!there.has(number)) { const made = row(number); there.set(number, made); rows.append(made); }
      const made = there.get(number);
      made.classList.toggle("current", number === current);
      made.setAttribute("aria-selected", number === current);
      made.classList.toggle("found", query !== "" && matches(number));
    }
  };
  const later = () => { if (!asked) { asked = true; requestAnimationFrame(show); } };
  const matches = (number) => `${run.steps[number].task} ${short(run.steps[number])}`.toLowerCase().includes(query);
  box.addEventListener("scroll", later);
  new ResizeObserver(later).observe(box);

  const choose = (number, quiet) => {
    current = Math.max(0, Math.min(run.steps.length - 1, number));
    const y = current * ROW, head = names.offsetHeight;
    if (y < box.scrollTop) box.scrollTop = y;
    else if (y + ROW + head > box.scrollTop + box.clientHeight) box.scrollTop = y + ROW + head - box.clientHeight;
    show();
    box.setAttribute("aria-activedescendant", `${key}-${current}`);
    if (!quiet) onChoose(current);
  };
  const pointed = (event) => {
    const made = event.target.closest(".step");
    if (made && Number(made.dataset.at) !== current) choose(Number(made.dataset.at));
  };
  rows.addEventListener("click", pointed);
  rows.addEventListener("pointermove", (event) => { if (event.buttons === 1 && event.pointerType === "mouse") pointed(event); });
  box.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;  // the browser's own: Alt and an arrow goes back
    const page = Math.max(1, Math.floor(box.clientHeight / ROW) - 2);
    const move = {ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, PageDown: page, PageUp: -page}[event.key];
    if (move) choose(current + move);
    else if (event.key === "Home") choose(0);
    else if (event.key === "End") choose(run.steps.length - 1);
    else return;
    event.preventDefault();
  });
  return {
    box, choose, show,
    get current() { return current; },
    search(text) {
      query = text.toLowerCase();
      show();
    },
    next() {
      for (let on = 1; query && on <= run.steps.length; on++) {
        const number = (current + on) % run.steps.length;
        if (matches(number)) { choose(number); return; }
      }
    },
  };
}

