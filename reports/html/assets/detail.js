// One step: the state beside the model's, locks, and the source line where each task waits; and the whole run as a table to print.
// The subject's state beside the model's: differences first.
function stateTable(state) {
  const {shown, must, may} = state, allowed = new Set([...must, ...may]), has = new Set(shown);
  const all = [...new Set([...shown, ...must, ...may])];
  const kind = (fact) => {
    if (!state.compared) return ["", has.has(fact) ? "shows" : "", must.includes(fact) ? "has" : may.includes(fact) ? "may have" : ""];
    if (has.has(fact) && !allowed.has(fact)) return ["extra", "shows", "does not allow"];
    if (!has.has(fact) && must.includes(fact)) return ["missing", "does not show", "has"];
    if (may.includes(fact)) return ["maybe", has.has(fact) ? "shows" : "does not show", "may have"];
    return ["same", "shows", "has"];
  };
  const rank = {extra: 0, missing: 0, maybe: 1, same: 2, "": 2};
  const rows = all.map((fact) => [fact, kind(fact)]).sort((one, other) => rank[one[1][0]] - rank[other[1][0]]);
  const table = make("table");
  const hidden = !state.compared && !shown.length;  // an empty column would say that it has nothing
  table.append(header(hidden ? ["state", "model"] : ["state", "subject", "model"]));
  for (const [fact, [of, subject, model]] of rows) {
    const line = make("tr", of), differs = of === "extra" || of === "missing", first = make("td");
    first.append(make("bdi", "", `${differs ? "≠ " : ""}${fact}`));
    line.append(first, ...(hidden ? [] : [make("td", "", subject)]), make("td", "", model));
    table.append(line);
  }
  return rows.length ? table : make("p", "note", hidden ? "The model's is empty." : "Both are empty.");
}

// Clients on the left, topics on the right, each at its place of the whole run: the subscriptions after the step, with those that it made
// and ended.
function subscriptions(before, after, places) {
  const key = (link) => JSON.stringify(link), old = new Set(before.map(key)), now = new Set(after.map(key));
  const links = [...after, ...before.filter((link) => !now.has(key(link)))];
  const {clients, topics, height} = places, linked = new Set(links.flatMap(([client, topic]) => [`c${client}`, `t${topic}`]));
  const svg = draw("svg", {class: "subs", viewBox: `0 0 260 ${height}`, width: 260, height, role: "img"});
  const words = links.map((link) => `${link[0]} on ${link[1]}${!old.has(key(link)) ? " (new)" : !now.has(key(link)) ? " (ended)" : ""}`);
  svg.setAttribute("aria-label", `Subscriptions: ${words.join(", ")}`);
  for (const link of links) {
    const kind = !old.has(key(link)) ? "new" : !now.has(key(link)) ? "gone" : "";
    svg.append(draw("line", {x1: 84, x2: 176, y1: clients[link[0]] - 4, y2: topics[link[1]] - 4, class: kind}));
  }
  for (const [names, x, anchor, kind] of [[clients, 78, "end", "c"], [topics, 182, "start", "t"]]) {
    for (const [name, y] of Object.entries(names)) {
      const text = draw("text", {x, y, "text-anchor": anchor, class: linked.has(kind + name) ? "" : "alone"});
      text.textContent = name.slice(0, 12);
      svg.append(text);
    }
  }
  return svg;
}

// A table of texts; `kind` gives the class of a line.
function facts(names, rows, kind = () => "") {
  const table = make("table");
  table.append(header(names));
  for (const row of rows) {
    const line = make("tr", kind(row));
    for (const text of row) { const cell = make("td"); cell.append(make("bdi", "", text)); line.append(cell); }
    table.append(line);
  }
  return table;
}

function source(run, task, place) {
  const box = make("div"), known = run.trace.places[place];
  const head = make("p");
  head.append(make("strong", "", task), document.createTextNode(` waits at ${known ? `${known.file}:${known.line}` : place}`));
  box.append(head);
  if (known && known.text.length) {
    const code = make("pre");
    known.text.forEach((text, order) => {
      const number = known.first + order;
      code.append(make("span", number === known.line ? "here" : "", `${number === known.line ? "→" : " "}${String(number).padStart(5)}  ${text}`));
    });
    box.append(code);
  }
  return box;
}

function detail(run, number, box, notes) {
  const row = run.steps[number], moment = run.moments[number + 1], before = run.moments[number];
  box.replaceChildren();
  const title = make("h4");
  title.append(document.createTextNode(`Step ${row.step} of ${run.steps.length}: `), make("bdi", "", row.task));
  box.append(title);
  for (const broken of row.broken) box.append(make("p", "bad", broken));
  for (const note of notes(number)) box.append(make("p", "note", note));
  const waits = row.at && (!moment || row.task in moment.suspended) ? [`waits at ${row.at}`] : [];  // not where it has ended
  box.append(lines([...row.did, ...(row.raised_at ? [`raised at ${row.raised_at}`] : []), ...waits]));
  if (row.changed.length) box.append(make("h4", "", "Changes"), lines(row.changed));
  if (!moment) return;
  const arrows = moment.arrows.map((arrow) => `${arrow.kind === "sends" ? "sends to" : arrow.kind} ${arrow.to}${arrow.said ? `: ${arrow.said}` : ""}`);
  if (arrows.length) box.append(make("h4", "", "Wake-ups and messages"), lines(arrows));
  const state = moment.state;
  if (state) {
    box.append(make("h4", "", "State after this step"), stateTable(state));
    if (!state.compared) box.append(make("p", "note", state.shown.length ? "The subject's state is not compared with the model's here." : "The subject shows no state here: this is the model's."));
    if (!state.followed) box.append(make("p", "note", "The run has left the model. The model's column shows the last state that both had."));
    if (state.more.length) box.append(lines(state.more));
    const links = before && before.state ? before.state.links : [];
    if (state.links.length || links.length) box.append(make("h4", "", "Subscriptions, before and after"), subscriptions(links, state.links, run.places));
  }
  if (moment.locks.length) {
    const told = moment.locks.map((lock) => [lock.lock, lock.held_by.join(", "), lock.waited_for_by.join(", ")]);
    box.append(make("h4", "", "Locks"), facts(["lock", "held by", "waited for by"], told));
  }
  if (moment.conditions.length) box.append(make("h4", "", "Conditions"), facts(["condition", "after this step"], moment.conditions, (line) => (line[1] === "does not hold" ? "bad" : "")));
  if (moment.waits.length) box.append(make("h4", "", "Tasks"), facts(["task", "now"], moment.waits));
  if (moment.things.length) box.append(make("h4", "", "Queues and events"), lines(moment.things));
  if (moment.network.length) box.append(make("h4", "", "Network"), lines(moment.network));
  const waiting = Object.entries(moment.suspended);
  if (waiting.length) {
    box.append(make("h4", "", "Where tasks wait"));
    for (const [task, place] of waiting) box.append(source(run, task, place));
  }
}

function printed(run) {
  const box = make("div", "printed"), table = make("table");
  table.append(header(["step", "task", "action", "state changes"]));
  for (const row of run.steps) {
    const line = make("tr");
    for (const text of [row.step, row.task, [...row.did, ...(row.at ? [`at ${row.at}`] : [])].join("; "), [...row.changed, ...row.broken].join("; ")]) line.append(make("td", "", text));
    table.append(line);
  }
  box.append(table);
  return box;
}

