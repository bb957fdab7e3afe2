"use strict";
// The lanes, in sheets of some rows each. A sheet that comes near is made from the text that stands for it and brought
// up to date; the others wait. So a change costs as much as what is in view, however many rows there are.
const lanes = (() => {
  const { data, MONTHS, civil, number, inWords, onDay } = timeline;
  const { $, fromText } = frame;
  const plot = $("plot"), axis = $("axis"), pane = $("lanes");
  if (!plot) return null;
  const LETTER = 6.1, HANDLE = 84, NEAR = 600; // pixels: a letter of a label, the date at the head of its line, how near
  const SHORTEST = 28, FRAME = 8; // days that a plot shows, at least; milliseconds for a part of the work

  const whole = data.last + 1 - data.first;
  let day = data.day, from = data.first, shown = whole, wide = 800;
  let looks = 0, filters = 0; // how often the view and the filter changed, so that a sheet knows whether it did its part

  function svg(tag, attributes, text = "") {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    return made;
  }
  // Only what changed is written: each write makes the browser lay out the sheet again.
  const put = (part, key, value) => { if (part.getAttribute(key) !== `${value}`) part.setAttribute(key, value); };

  // -- rows and sheets: bars stand in the order of data.bars ---------------------------------------------------------

  const bars = [], marks = [], numbers = new Map(); // bars that are made, what they are outlined as, their numbers
  const rowOf = [], rows = [];
  const sheets = data.sheets.map((parts) => {
    const sheet = { first: rows.length, bar: rowOf.length, day: data.day, look: -1, filter: 0, later: null, high: 0 };
    for (const [high, many] of parts) {
      const row = { high, first: rowOf.length, is: true, isHeading: many === undefined };
      for (let n = 0; n < many; n++) rowOf.push(rows.length);
      row.last = rowOf.length;
      rows.push(row);
      sheet.high += high;
    }
    sheet.last = rows.length;
    sheet.lastBar = rowOf.length;
    return sheet;
  });
  const sheetOf = (row) => sheets.findLast((sheet) => sheet.first <= row);
  const sides = { names: $("names"), plot };
  for (const side in sides) {
    [...sides[side].querySelectorAll(":scope > .sheet, :scope > noscript")].forEach((part, n) => {
      if (part.matches("noscript")) {
        (sheets[n].later ||= {})[side] = part;
        const empty = svg("svg", { class: "sheet", width: "100%", height: sheets[n].high });
        part.replaceWith(empty);
        part = empty;
      }
      sheets[n][side] = part;
    });
  }
  for (const sheet of sheets) if (!sheet.later) adopt(sheet);

  function adopt(sheet) {
    sheet.stage = sheet.plot.firstElementChild;
    sheet.parts = ["names", "plot"].map((side) => [...sheet[side].querySelectorAll(".lane, .section")]);
    sheet.plot.querySelectorAll(".bar").forEach((bar, n) => {
      bars[sheet.bar + n] = bar;
      marks[sheet.bar + n] = bar.getAttribute("class").slice(4);
      numbers.set(bar, sheet.bar + n);
    });
  }
  function make(sheet) {
    if (!sheet.later) return;
    for (const side in sides) {
      const made = fromText(sheet.later[side]).firstElementChild;
      for (const key of ["height", "display"]) if (sheet[side].hasAttribute(key)) put(made, key, sheet[side].getAttribute(key));
      sheet[side].replaceWith(made);
      sheet[side] = made;
    }
    sheet.later = null;
    adopt(sheet);
  }
  // Those that nobody came near are made while the browser has nothing else to do, to be found and read like the others.
  const idle = (work) => window.requestIdleCallback?.(work) ?? setTimeout(() => work({ timeRemaining: () => 9 }), 60);
  function makeOthers(left) {
    let sheet = true;
    while (left.timeRemaining() > 8 && (sheet = sheets.find(({ later }) => later))) make(sheet);
    if (sheet) idle(makeOthers);
  }

  // Those in view, then those that are near.
  function near() {
    const begin = pane.scrollTop, end = begin + pane.clientHeight, found = [[], []];
    let top = 0;
    for (const sheet of sheets) {
      const away = Math.max(begin - top - sheet.high, top - end);
      if (sheet.high && away < NEAR) found[+(away > 0)].push(sheet);
      top += sheet.high;
    }
    return found.flat();
  }
  function fresh(sheet) {
    make(sheet);
    if (sheet.day !== day) outline(sheet);
    if (sheet.look !== looks) fit(sheet);
    if (sheet.filter !== filters) place(sheet);
  }
  // As many as there is time for in a frame, the others in the next ones.
  let waiting = 0;
  const refreshSoon = () => { waiting ||= requestAnimationFrame(() => { waiting = 0; refresh(); }); };
  function refresh() {
    const until = performance.now() + FRAME;
    for (const sheet of near()) {
      if (!sheet.later && sheet.day === day && sheet.look === looks && sheet.filter === filters) continue;
      if (performance.now() > until) return refreshSoon();
      fresh(sheet);
    }
  }

  // -- the day -------------------------------------------------------------------------------------------------------

  const rowsOf = (bar) => data.bars[bar].slice(2).map((n) => data.rows[n] || data.events[n - data.rows.length]);
  function markOf(bar) {
    const n = data.bars[bar][2], row = data.rows[n] || data.events[n - data.rows.length];
    if (row.k && row.k !== "deal") return onDay(row, day);
    return row.b[1] <= day ? "certain" : row.b[0] <= day ? "possible" : "later";
  }
  function outline(sheet) {
    sheet.day = day;
    for (let n = sheet.bar; n < sheet.lastBar; n++) {
      const mark = markOf(n);
      if (mark !== marks[n]) bars[n].setAttribute("class", `bar ${(marks[n] = mark)}`);
    }
  }

  const share = (at) => (100 * (at - data.first)) / whole + "%";
  const handle = axis.querySelector(".handle");
  const over = plot.querySelector(".over");
  // The line becomes a layer of its own, as wide as the line: it moves, and nothing below is drawn anew.
  over.setAttribute("width", 3);
  for (const key of ["x1", "x2"]) over.firstElementChild.setAttribute(key, 1.5);
  function line() {
    const x = ((Math.min(Math.max(day, data.first), data.last + 1) - from) / shown) * wide;
    over.style.transform = `translateX(${x - 1.5}px)`;
    put(handle, "x", share(Math.min(Math.max(day, data.first), data.last + 1)));
    const kept = Math.min(Math.max(x, HANDLE / 2), wide - HANDLE / 2);
    put(handle.firstElementChild, "transform", `translate(${kept - x},0)`);
    handle.querySelector("text").textContent = inWords(day);
    handle.setAttribute("aria-valuenow", day);
    handle.setAttribute("aria-valuetext", inWords(day));
    return x;
  }
  function choose(chosen) {
    day = chosen;
    if (day < from || day >= from + shown) {
      from = day - Math.floor(shown / 2);
      look();
    } else {
      line();
      refresh();
    }
  }
  // A narrow screen scrolls the lanes sideways: the chosen day comes into view.
  function reveal() {
    if (pane.scrollWidth <= pane.clientWidth) return;
    const seen = pane.getBoundingClientRect(), at = over.getBoundingClientRect().left;
    const left = sides.names.getBoundingClientRect().right;
    if (at > seen.right - HANDLE / 2 - 8) pane.scrollLeft += at - seen.right + HANDLE;
    else if (at < left) pane.scrollLeft += at - left - HANDLE;
  }

  // -- which days are shown: places are per cents of a stage, which is made wider than the plot and shifted ----------

  function look() {
    from = Math.min(Math.max(from, data.first), data.last + 1 - shown);
    looks++;
    stage(axis.querySelector(".stage"));
    stage(plot.querySelector(".under > .stage"));
    plot.classList.toggle("wider", shown < whole);
    ticks();
    line();
    refresh();
  }
  function stage(part) {
    put(part, "width", (100 * whole) / shown + "%");
    put(part, "x", (-100 * (from - data.first)) / shown + "%");
  }
  function show(days, about = day, where = 0.5) {
    shown = Math.min(whole, Math.max(Math.round(days) || whole, SHORTEST));
    from = Math.round(about - shown * where);
    look();
  }
  const dayAt = (x) => from + ((x - plot.getBoundingClientRect().left) / wide) * shown;
  function measure() {
    wide = plot.getBoundingClientRect().width || 800;
    look();
  }
  function ticks() {
    const ofYear = (wide * 366) / shown;
    const every = [1, 3].find((n) => (ofYear * n) / 12 >= 34) || 12;
    let years = 1;
    for (let n = 0; ofYear * years < 44; n++) years = [1, 2, 5][(n + 1) % 3] * 10 ** Math.floor((n + 1) / 3);
    const labels = [], lines = [];
    const first = civil(from)[0], last = civil(from + shown)[0];
    for (let year = Math.floor(first / years) * years; year <= last; year += years) {
      for (let month = 0; month < 12; month += every) {
        const at = number(year, month, 1);
        if (at < from || ((at - from) / shown) * wide > wide - 28) continue;
        const x = share(at);
        labels.push(svg("text", { class: month ? "tick" : "tick year", x, y: 34, dx: 3 }, month ? MONTHS[month] : `${year}`));
        lines.push(svg("line", { class: month ? "grid month" : "grid", x1: x, x2: x, y1: 0, y2: "100%" }));
      }
    }
    axis.querySelector(".ticks").replaceChildren(...labels);
    plot.querySelector(".lines").replaceChildren(...lines);
  }

  // Labels are cut for the room that their part of the bar has now, and begin where the plot does.
  const cut = (label, fit) => {
    const letters = [...label]; // of which some take two places in a string
    if (letters.length <= fit) return label;
    return fit > 3 ? letters.slice(0, fit - 1).join("").replace(/[ ·,]+$/, "") + "…" : "";
  };
  function fit(sheet) {
    sheet.look = looks;
    stage(sheet.stage);
    const pixels = (wide * whole) / shown, left = ((from - data.first) / whole) * pixels;
    for (let n = sheet.bar; n < sheet.lastBar; n++) {
      const ground = bars[n].querySelector(".label");
      if (!ground) continue;
      const text = ground.firstElementChild;
      const hidden = Math.max(0, left - (parseFloat(ground.getAttribute("x")) / 100) * pixels);
      const room = (parseFloat(ground.getAttribute("width")) / 100) * pixels - 8 - hidden;
      if (text.getAttribute("x") !== "100%") put(text, "x", 5 + hidden);
      const label = cut(data.bars[n][1], Math.floor(room / LETTER));
      if (label !== text.textContent) text.textContent = label;
    }
  }

  // -- filtering rows ------------------------------------------------------------------------------------------------

  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const textOf = (row) =>
    row.text ??= plain(data.bars.slice(row.first, row.last).flatMap((bar) => bar.slice(0, 2)).join(" "));
  // How many rows hold every word.
  function filter(words) {
    let found = 0, heading = null;
    filters++;
    for (const row of rows) {
      row.is = !row.isHeading && words.every((word) => textOf(row).includes(word));
      if (row.isHeading) heading = row;
      else if (row.is) {
        found++;
        if (heading) heading.is = true;
        heading = null;
      }
    }
    for (const sheet of sheets) {
      sheet.high = 0;
      for (let n = sheet.first; n < sheet.last; n++) if (rows[n].is) sheet.high += rows[n].high;
      for (const side in sides) {
        put(sheet[side], "height", sheet.high);
        put(sheet[side], "display", sheet.high ? "block" : "none");
      }
      if (!sheet.later) place(sheet);
    }
    refresh();
    return found;
  }
  function place(sheet) {
    sheet.filter = filters;
    let top = 0;
    for (let n = sheet.first; n < sheet.last; n++) {
      for (const side of sheet.parts) {
        const part = side[n - sheet.first];
        put(part, "display", rows[n].is ? "inline" : "none");
        if (rows[n].is) put(part, "transform", `translate(0,${top})`);
      }
      if (rows[n].is) top += rows[n].high;
    }
    put(sheet.stage, "height", sheet.high);
  }

  // -- bars ----------------------------------------------------------------------------------------------------------

  // The bar of a number, made if need be; null where there is none to see.
  function bar(n) {
    if (!(n in rowOf) || !rows[rowOf[n]].is) return null;
    fresh(sheetOf(rowOf[n]));
    return bars[n].firstChild ? bars[n] : null;
  }
  const nameOf = (n) => {
    const sheet = sheetOf(rowOf[n]);
    return sheet.parts[0][rowOf[n] - sheet.first];
  };

  pane.addEventListener("scroll", refreshSoon, { passive: true });
  addEventListener("resize", measure);
  addEventListener("beforeprint", () => sheets.forEach(fresh));
  idle(makeOthers);
  return {
    plot, axis, handle, whole, numbers, many: rowOf.length, rowOf,
    idle, plain, choose, reveal, measure, show, dayAt, filter, bar, nameOf, rowsOf, markOf,
    get from() { return from; }, get shown() { return shown; }, get wide() { return wide; },
  };
})();
