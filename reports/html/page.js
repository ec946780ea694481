// Draws the runs of the page. Every text goes in by textContent: nothing of a record is ever read as HTML.
"use strict";
(() => {
  const ROW = 26, SPARE = 8, OUTSIDE = "outside";
  const runs = JSON.parse(document.getElementById("runs").textContent);
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

  // A run: its rows, and what the trace says of each moment, filled in from the moment before.
  function prepared(steps, trace) {
    const moments = [];
    let state = null, suspended = {}, locks = [];
    for (const moment of trace ? trace.moments : []) {
      state = moment.state || state;
      suspended = moment.suspended || suspended;
      locks = moment.locks || locks;
      moments.push({arrows: moment.arrows, marks: moment.marks, used: moment.used || [], state, suspended, locks});
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
    const wide = lanes.length > 10 ? 15 : 20;
    const first = new Map(), last = new Map();
    const touch = (name, row) => { if (!first.has(name)) first.set(name, row); last.set(name, row); };
    steps.forEach((row, number) => {
      touch(row.task, number);
      const moment = moments[number + 1];
      if (moment) for (const arrow of moment.arrows) touch(arrow.to, number);
      if (moment) for (const name of Object.keys(moment.suspended)) touch(name, number);
    });
    return {steps, trace, moments, lanes, at, wide, first, last};
  }

  const mark = (run, number) => {
    const row = run.steps[number], marks = run.moments[number + 1] ? run.moments[number + 1].marks : [];
    if (row.broken.length) return "broken";
    if (marks.includes("failed") || row.did.some((did) => /^(raises |\(fails)/.test(did))) return "failed";
    if (marks.includes("cancelled") || row.did.some((did) => /^(is cancelled|\(is cancelled)/.test(did))) return "cancelled";
    return row.did.length && row.did.every((did) => did.startsWith("(")) ? "outside" : "";
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

  const short = (row) => [...row.did, ...(row.at ? [`at ${row.at}`] : []), ...row.changed, ...row.broken].join("; ");
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
      text.append(make("span", "n", step.step), make("bdi", "who", step.task), make("bdi", "", short(step)));
      made.append(picture(run, number), text);
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

  // The subject's state beside the model's: differences first.
  function stateTable(state) {
    const {shown, must, may} = state, allowed = new Set([...must, ...may]), has = new Set(shown);
    const all = [...new Set([...shown, ...must, ...may])];
    const kind = (fact) => {
      if (!state.compared) return has.has(fact) ? ["", "shows", ""] : ["", "", must.includes(fact) ? "has" : "may have"];
      if (has.has(fact) && !allowed.has(fact)) return ["extra", "shows", "does not allow"];
      if (!has.has(fact) && must.includes(fact)) return ["missing", "does not show", "has"];
      if (may.includes(fact)) return ["maybe", has.has(fact) ? "shows" : "does not show", "may have"];
      return ["same", "shows", "has"];
    };
    const rank = {extra: 0, missing: 0, maybe: 1, same: 2, "": 2};
    const rows = all.map((fact) => [fact, kind(fact)]).sort((one, other) => rank[one[1][0]] - rank[other[1][0]]);
    const table = make("table"), head = make("tr");
    for (const name of ["state", "subject", "model"]) { const cell = make("th", "", name); cell.scope = "col"; head.append(cell); }
    table.append(head);
    for (const [fact, [of, subject, model]] of rows) {
      const line = make("tr", of), differs = of === "extra" || of === "missing", first = make("td");
      first.append(make("bdi", "", `${differs ? "≠ " : ""}${fact}`));
      line.append(first, make("td", "", subject), make("td", "", model));
      table.append(line);
    }
    return rows.length ? table : make("p", "note", "Both are empty.");
  }

  // Clients on the left, topics on the right: the subscriptions after the step, with those that it made and ended.
  function subscriptions(before, after) {
    const key = (link) => JSON.stringify(link), old = new Set(before.map(key)), now = new Set(after.map(key));
    const links = [...after, ...before.filter((link) => !now.has(key(link)))];
    const side = (at) => [...new Set(links.map((link) => link[at]))].sort();
    const clients = side(0), topics = side(1), height = 26 * Math.max(clients.length, topics.length) + 10;
    const y = (names, name) => 18 + names.indexOf(name) * 26;
    const svg = draw("svg", {class: "subs", viewBox: `0 0 260 ${height}`, width: 260, height, role: "img"});
    const words = links.map((link) => `${link[0]} on ${link[1]}${!old.has(key(link)) ? " (new)" : !now.has(key(link)) ? " (ended)" : ""}`);
    svg.setAttribute("aria-label", `Subscriptions: ${words.join(", ")}`);
    for (const link of links) {
      const kind = !old.has(key(link)) ? "new" : !now.has(key(link)) ? "gone" : "";
      svg.append(draw("line", {x1: 84, x2: 176, y1: y(clients, link[0]) - 4, y2: y(topics, link[1]) - 4, class: kind}));
    }
    for (const name of clients) { const text = draw("text", {x: 78, y: y(clients, name), "text-anchor": "end"}); text.textContent = name.slice(0, 12); svg.append(text); }
    for (const name of topics) { const text = draw("text", {x: 182, y: y(topics, name)}); text.textContent = name.slice(0, 12); svg.append(text); }
    return svg;
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
    box.append(lines([...row.did, ...(row.at ? [`waits at ${row.at}`] : [])]));
    if (row.changed.length) box.append(make("h4", "", "Changes"), lines(row.changed));
    if (!moment) return;
    const arrows = moment.arrows.map((arrow) => `${arrow.kind} ${arrow.to}${arrow.said ? `: ${arrow.said}` : ""}`);
    if (arrows.length) box.append(make("h4", "", "Wake-ups and messages"), lines(arrows));
    const state = moment.state;
    if (state) {
      box.append(make("h4", "", "State after this step"), stateTable(state));
      if (!state.compared) box.append(make("p", "note", "The subject's state is not compared with the model's here."));
      if (!state.followed) box.append(make("p", "note", "The run has left the model. The model's side is where they parted."));
      if (state.more.length) box.append(lines(state.more));
      const links = before && before.state ? before.state.links : [];
      if (state.links.length || links.length) box.append(make("h4", "", "Subscriptions, before and after"), subscriptions(links, state.links));
    }
    if (moment.locks.length) {
      const table = make("table"), head = make("tr");
      for (const name of ["lock", "held by", "waited for by"]) { const cell = make("th", "", name); cell.scope = "col"; head.append(cell); }
      table.append(head);
      for (const lock of moment.locks) {
        const line = make("tr");
        for (const text of [lock.lock, lock.held_by.join(", "), lock.waited_for_by.join(", ")]) line.append(make("td", "", text));
        table.append(line);
      }
      box.append(make("h4", "", "Locks"), table);
    }
    const waiting = Object.entries(moment.suspended);
    if (waiting.length) {
      box.append(make("h4", "", "Where tasks wait"));
      for (const [task, place] of waiting) box.append(source(run, task, place));
    }
  }

  function printed(run) {
    const box = make("div", "printed"), table = make("table"), head = make("tr");
    for (const name of ["step", "task", "action", "state changes"]) { const cell = make("th", "", name); cell.scope = "col"; head.append(cell); }
    table.append(head);
    for (const row of run.steps) {
      const line = make("tr");
      for (const text of [row.step, row.task, [...row.did, ...(row.at ? [`at ${row.at}`] : [])].join("; "), [...row.changed, ...row.broken].join("; ")]) line.append(make("td", "", text));
      table.append(line);
    }
    box.append(table);
    return box;
  }

  const KEY = [["●", "a step"], ["○", "an outside event"], ["✕", "cancelled"], ["▲", "failed"], ["◆", "breaks the property"], ["■", "takes a lock"], ["□", "releases it"], ["→", "wakes, starts or sends"]];

  function present(place, data, key) {
    const trace = data.trace || null, failing = prepared(data.steps, trace);
    const broken = data.steps.findIndex((row) => row.broken.length);
    const lost = trace && trace.lost_at !== null && trace.lost_at > 0 ? trace.lost_at - 1 : -1;
    const holds = trace && trace.holds ? prepared(trace.holds.steps, trace.holds.trace) : null;
    const parts = holds ? trace.holds.common : -1;
    const button = (text, act) => { const made = make("button", "", text); made.type = "button"; made.addEventListener("click", act); return made; };
    const tried = trace ? `${trace.tried.toLocaleString("en")} schedule${trace.tried === 1 ? "" : "s"}` : "";
    const fate = !trace || trace.lost_at === null ? null
      : trace.lost_at === 0 && !holds ? `No schedule of this program was seen to hold: ${trace.every && trace.tried === 1 ? "its only one fails" : `${trace.every ? "all" : "each of"} ${tried} failed`}.`
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
        main.box.after(beside.box);
        beside.choose(Math.min(main.current, parts), true);
        main.choose(Math.min(parts, data.steps.length - 1));
      });
      compare.setAttribute("aria-pressed", "false");
      bar.append(compare);
    }
    bar.append(search);
    const legend = make("div", "key");
    for (const [sign, text] of KEY) legend.append(make("span", "", `${sign} ${text}`));
    panes.append(main.box, box);
    place.replaceChildren(...(fate ? [make("p", "", fate)] : []), bar, panes, legend, spoken);
    main.choose(broken >= 0 ? broken : 0);
    return failing;
  }

  const drawn = new Map();
  const open = (place) => {
    if (drawn.has(place)) return;
    const number = Number(place.dataset.run), data = runs[number];
    if (!data.steps.length) { place.replaceChildren(); return; }
    drawn.set(place, present(place, data, `run-${number}`));
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

  for (const button of document.querySelectorAll("button.copy")) {
    button.addEventListener("click", async () => {
      const text = document.getElementById(button.dataset.copy);
      const said = button.firstChild.textContent;
      let copied = true;
      try {
        await navigator.clipboard.writeText(text.textContent);
      } catch {  // without permission: select it, and use the old way
        const range = document.createRange();
        range.selectNodeContents(text);
        getSelection().removeAllRanges();
        getSelection().addRange(range);
        copied = document.execCommand("copy");
      }
      button.firstChild.textContent = copied ? "Copied" : "Press Ctrl+C";
      setTimeout(() => { button.firstChild.textContent = said; }, 2000);
    });
  }
})();
