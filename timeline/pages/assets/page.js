// The lanes, the date and the keys. Without it everything is there too, for the day that the page was made for.
(() => {
  const { data, MARKS, MONTHS, isDay, civil, number, iso, fromIso, inWords, moved, onDay, joined, state } = timeline;
  const { $, say } = frame;
  const LETTER = 6.1, HANDLE = 84; // pixels: a letter of a label, the date at the head of the line

  // -- elements, as marks.html has them: text is only ever set as text -----------------------------------------------

  function el(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) if (value !== "") made.setAttribute(key, value);
    made.append(...children);
    return made;
  }
  const markOf = (mark, sign = MARKS[mark]) => mark
    ? el("span", { class: `mark ${mark}`, role: "img", "aria-label": mark }, sign) : el("span", { class: "mark" });
  // In a service names lead to their pages, and links carry the day and the clocks.
  const { service } = data;
  const query = (...parts) => { const given = parts.filter(Boolean).join("&"); return given ? `?${given}` : ""; };
  const address = (path) => service.base + path + query(`as_of=${iso(day)}`, service.keep);
  const named = (text, look, path) => service && path
    ? el("a", { href: address(path), class: look }, el("bdi", {}, text)) : el("bdi", { class: look }, text);
  const cited = (sources) => el("span", { class: "cited" },
    ...sources.map((n) => el("a", { href: `#source-${n}`, "aria-label": `source ${n}` }, `${n}`)));
  const shownItem = (it) => el("li", {},
    el("span", { class: "line" }, markOf(it.mark),
      el("span", { class: "said" }, ...(it.disputed ? [markOf("disputed", "⚑"), " "] : []),
        ...it.pieces.flatMap(([text, look, path]) => [named(text, look, path), " "])),
      ...(it.sources.length ? [cited(it.sources)] : [])),
    ...(it.below.length ? [el("ul", {}, ...it.below.map(shownItem))] : []));
  const shownBlock = (block) => el("section", {},
    el("h3", {}, block.title, ...(block.note ? [" ", el("span", { class: "faint" }, block.note)] : [])),
    ...block.groups.flatMap((group) => [
      ...(group.heading ? [el("h4", {}, el("span", { class: `swatch c${group.colour}` }),
        named(group.heading, "", group.path), " ", el("span", { class: "faint" }, `${group.tally}`))] : []),
      el("ul", {}, ...group.items.map(shownItem))]));

  // -- the lanes: bars stand in the picture in the order of data.bars ------------------------------------------------

  const plot = $("plot"), axis = $("axis");
  const drawn = plot !== null;
  const stages = drawn ? [axis.querySelector(".stage"), plot.querySelector(".stage")] : [];
  const bars = drawn ? [...plot.querySelectorAll(".bar")] : [];
  const rowsOf = (bar) => data.bars[bar].slice(2).map((n) => data.rows[n] || data.events[n - data.rows.length]);
  const handle = drawn && axis.querySelector(".handle");
  const line = drawn && plot.querySelector("line.asof");
  const whole = data.last + 1 - data.first;
  let day = data.day, from = data.first, shown = whole;
  const share = (at) => (100 * (at - data.first)) / whole + "%";
  const wide = () => plot.getBoundingClientRect().width || 800;

  function markOfBar(bar) {
    const [row] = rowsOf(bar);
    if (row.k && row.k !== "deal") return onDay(row, day);
    return row.b[1] <= day ? "certain" : row.b[0] <= day ? "possible" : "later";
  }
  const marks = bars.map((bar) => bar.getAttribute("class").slice(4));
  function paint() {
    for (let n = 0; n < bars.length; n++) {
      const mark = markOfBar(n);
      if (mark !== marks[n]) bars[n].setAttribute("class", `bar ${(marks[n] = mark)}`);
    }
    const place = share(Math.min(Math.max(day, data.first), data.last + 1));
    line.setAttribute("x1", place);
    line.setAttribute("x2", place);
    handle.setAttribute("x", place);
    const x = ((day - from) / shown) * wide();
    const kept = Math.min(Math.max(x, HANDLE / 2), wide() - HANDLE / 2);
    handle.firstElementChild.setAttribute("transform", `translate(${kept - x},0)`);
    handle.querySelector("text").textContent = inWords(day);
    handle.setAttribute("aria-valuenow", day);
    handle.setAttribute("aria-valuetext", inWords(day));
  }

  // A layer of its own for the line: it moves, and nothing below is drawn anew.
  function over() {
    const layer = svg("svg", { class: "over", width: "100%", height: "100%", "aria-hidden": "true" });
    const stage = svg("svg", { class: "stage", width: "100%", height: "100%" });
    stage.append(line);
    layer.append(stage);
    plot.after(layer);
    stages.push(stage);
  }

  // Only what changed is written: each write makes the browser lay out the picture again.
  const put = (part, key, value) => { if (part.getAttribute(key) !== `${value}`) part.setAttribute(key, value); };

  // Places are per cents of the stage, so zooming makes the stage wider than the plot and shifts it.
  function look() {
    from = Math.min(Math.max(from, data.first), data.last + 1 - shown);
    for (const stage of stages) {
      put(stage, "width", (100 * whole) / shown + "%");
      put(stage, "x", (-100 * (from - data.first)) / shown + "%");
    }
    ticks();
    fit();
    paint();
  }

  // A narrow screen scrolls the lanes sideways: the chosen day comes into view.
  function reveal() {
    const pane = $("lanes"), seen = pane.getBoundingClientRect(), at = line.getBoundingClientRect().left;
    const left = plot.previousElementSibling.getBoundingClientRect().right;
    if (at > seen.right - HANDLE / 2 - 8) pane.scrollLeft += at - seen.right + HANDLE;
    else if (at < left) pane.scrollLeft += at - left - HANDLE;
  }

  function ticks() {
    const pixels = wide(), ofYear = (pixels * 366) / shown;
    const every = [1, 3].find((n) => (ofYear * n) / 12 >= 34) || 12;
    let years = 1;
    for (let n = 0; ofYear * years < 44; n++) years = [1, 2, 5][(n + 1) % 3] * 10 ** Math.floor((n + 1) / 3);
    const labels = [], lines = [];
    const first = civil(from)[0], last = civil(from + shown)[0];
    for (let year = Math.floor(first / years) * years; year <= last; year += years) {
      for (let month = 0; month < 12; month += every) {
        const at = number(year, month, 1);
        if (at < from || ((at - from) / shown) * pixels > pixels - 28) continue;
        const x = share(at);
        const label = month ? MONTHS[month] : `${year}`;
        labels.push(svg("text", { class: month ? "tick" : "tick year", x, y: 34, dx: 3 }, label));
        lines.push(svg("line", { class: month ? "grid month" : "grid", x1: x, x2: x, y1: 0, y2: "100%" }));
      }
    }
    axis.querySelector(".ticks").replaceChildren(...labels);
    plot.querySelector(".lines").replaceChildren(...lines);
  }
  function svg(tag, attributes, text = "") {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    return made;
  }

  // Labels are cut for the room that their part of the bar has now, and begin where the plot does.
  const grounds = bars.map((bar) => bar.querySelector(".label"));
  const labels = bars.map((bar, n) => [...data.bars[n][1]]); // letters, of which some take two places in a string
  const cut = (letters, fit) => {
    if (letters.length <= fit) return letters.join("");
    return fit > 3 ? letters.slice(0, fit - 1).join("").replace(/[ ·,]+$/, "") + "…" : "";
  };
  function fit() {
    const pixels = (wide() * whole) / shown, left = ((from - data.first) / whole) * pixels;
    for (let n = 0; n < bars.length; n++) {
      const ground = grounds[n];
      if (!ground) continue;
      const text = ground.firstElementChild;
      const begin = (parseFloat(ground.getAttribute("x")) / 100) * pixels;
      const hidden = Math.max(0, left - begin);
      const room = (parseFloat(ground.getAttribute("width")) / 100) * pixels - 8 - hidden;
      if (text.getAttribute("x") !== "100%") put(text, "x", 5 + hidden);
      const label = cut(labels[n], Math.floor(room / LETTER));
      if (label !== text.textContent) text.textContent = label;
    }
  }

  // -- choosing a day ------------------------------------------------------------------------------------------------

  const changes = [...new Set([
    ...data.rows.flatMap(({ b }) => [b[0], b[1], b[2] + 1, b[3] + 1]),
    ...data.events.flatMap(({ b }) => b),
  ])].filter(isDay).sort((a, b) => a - b);

  // The panel of many rows takes longer to draw than a frame, so it follows when the line has come to rest.
  const restful = data.rows.length + data.events.length > 1500 ? 120 : 0;
  let waiting = 0, resting;
  function choose(wanted) {
    if (!Number.isFinite(wanted)) return;
    day = Math.min(Math.max(wanted, data.first), data.last);
    if (drawn && (day < from || day >= from + shown)) {
      from = day - Math.floor(shown / 2);
      look();
    }
    waiting ||= requestAnimationFrame(() => { waiting = 0; show(); });
  }
  function show() {
    if (drawn) { paint(); reveal(); reach(current); tip.hidden = true; }
    clearTimeout(resting);
    if (restful) resting = setTimeout(tellState, restful);
    else tellState();
    $("day").lastElementChild.textContent = inWords(day);
    $("day").lastElementChild.setAttribute("datetime", iso(day));
    if (document.activeElement !== $("asked")) fillField();
    remember();
    document.title = document.title.replace(/ · [^·]*$/, ` · ${inWords(day)}`);
  }
  const tellState = () => $("state").replaceChildren(...state(day).map(shownBlock));
  const inField = (at) => { const [year] = civil(at); return year > 0 && year < 10000 ? iso(at) : ""; };
  const fillField = () => { $("asked").value = inField(day); };
  // While a year is typed its first digits are years, too: only a day within the lanes is taken.
  function typed() {
    const wanted = fromIso($("asked").value);
    if (wanted !== null && data.first <= wanted && wanted <= data.last) choose(wanted);
  }
  const next = () => choose(changes.find((d) => d > day) ?? day);
  const previous = () => choose(changes.findLast((d) => d < day) ?? day);

  // The address of a service's page says which day is shown; browsers let it change only so often.
  let told;
  function remember() {
    clearTimeout(told);
    if (service) told = setTimeout(() => history.replaceState(null, "", pageOf(day, service.keep)), 300);
  }
  const pageOf = (at, clocks) => `${service.base}/as-of/${iso(at)}${query(service.only, clocks)}`;
  function refresh(event) {
    const link = event.target.closest?.('a[href^="/"]');
    if (!link) return;
    const to = new URL(link.getAttribute("href"), location);
    const path = to.pathname.replace(/\/as-of\/(\d{4}-\d\d-\d\d|today)/, `/as-of/${iso(day)}`);
    if (path !== to.pathname) to.pathname = path;
    else if (!to.pathname.includes("/as-of/")) to.searchParams.set("as_of", iso(day));
    link.setAttribute("href", to.pathname + to.search + to.hash);
  }

  function fromAddress() {
    const pinned = /(?:^#|&)as-of=([^&]*)/.exec(location.hash);
    if (pinned) choose(fromIso(pinned[1]) ?? day);
  }
  frame.own.link = () => {
    if (service) return new URL(pageOf(day, service.pin), location).href;
    history.replaceState(null, "", `#as-of=${iso(day)}`);
    return location.href;
  };

  // -- filtering rows ------------------------------------------------------------------------------------------------

  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const rows = drawn ? [...plot.querySelectorAll(".lane, .section")] : [];
  const names = drawn ? [...$("names").querySelectorAll(".lane, .section")] : [];
  const tops = rows.map((row) => +/,([\d.]+)/.exec(row.getAttribute("transform"))[1]);
  const heightOf = (n) => (tops[n + 1] ?? +plot.getAttribute("height") - 8) - tops[n];
  const heights = rows.map((_, n) => heightOf(n));
  let counted = 0;
  const texts = rows.map((row) => {
    const here = [...row.querySelectorAll(".bar")].map(() => data.bars[counted++]);
    return plain(here.flatMap((bar) => bar.slice(0, 2)).join(" "));
  });
  function filter() {
    const wanted = plain($("filter").value).split(/\s+/).filter(Boolean);
    let top = 0, found = 0, heading = -1;
    const place = (n, is) => {
      for (const part of [rows[n], names[n]]) {
        put(part, "display", is ? "inline" : "none");
        if (is) put(part, "transform", `translate(0,${top})`);
      }
      if (is) top += heights[n];
    };
    for (let n = 0; n < rows.length; n++) {
      if (rows[n].classList.contains("section")) {
        place(n, false);
        heading = n;
      } else if (wanted.every((word) => texts[n].includes(word))) {
        if (heading >= 0) place(heading, true);
        heading = -1;
        place(n, true);
        found++;
      } else place(n, false);
    }
    for (const part of [plot, $("names"), stages[1]]) part.setAttribute("height", Math.max(top + 8, 40));
    say(wanted.length ? `${found} ${found === 1 ? "row" : "rows"}` : "");
  }

  // -- what a bar says -----------------------------------------------------------------------------------------------

  const tip = $("tip");
  // Fills the tip, and says the same in a sentence.
  function tell(n) {
    const [lane, label] = data.bars[n], all = rowsOf(n), mark = markOfBar(n);
    const when = all[0].w ?? all[0].t[0][0];
    const said = { "": "not on", later: "not by" }[mark] ?? `${mark} on`;
    const sources = joined(all);
    const about = `${said} ${inWords(day)}${all.some((r) => r.x) ? ", disputed" : ""}`;
    tip.replaceChildren(
      el("b", {}, el("bdi", {}, `${lane}: ${label}`)), el("p", {}, when), el("p", { class: "faint" }, about),
      el("p", { class: "faint" }, ...sources.flatMap((s) => {
        const source = $(`source-${s}`);
        return source ? [`[${s}] `, el("bdi", {}, source.firstElementChild.textContent), el("br", {})] : [];
      })));
    return `${lane}: ${label}. ${when}. ${about}. Sources: ${sources.join(", ")}.`;
  }
  function tellAt(n, x, y) {
    tell(n);
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(8, Math.min(x + 14, innerWidth - box.width - 8))}px`;
    tip.style.top = `${y + 18 + box.height > innerHeight ? Math.max(8, y - box.height - 12) : y + 18}px`;
  }

  // -- keys and pointers: one listener for all bars ------------------------------------------------------------------

  let current = 0;
  // One bar at a time can be reached by Tab; from there the arrows go on.
  function reach(n) {
    if (!bars[n]) return;
    for (const key of ["tabindex", "role", "aria-label"]) if (n !== current) bars[current].removeAttribute(key);
    current = n;
    bars[n].setAttribute("tabindex", "0");
    bars[n].setAttribute("role", "img");
    bars[n].setAttribute("aria-label", tell(n));
  }
  function focusBar(n) {
    if (!bars[n]) return;
    reach(n);
    bars[n].focus();
    bars[n].scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  function step(key) {
    const visible = (n) => bars[n] && bars[n].firstChild && bars[n].closest(".lane").getAttribute("display") !== "none";
    const lane = bars[current].closest(".lane"), ahead = key === "ArrowRight" || key === "ArrowDown" ? 1 : -1;
    const down = key === "ArrowUp" || key === "ArrowDown";
    let n = current + ahead;
    while (bars[n] && (!visible(n) || (down && bars[n].closest(".lane") === lane))) n += ahead;
    focusBar(n);
  }

  Object.assign(frame.keys, {
    n: next, p: previous, Escape: () => { tip.hidden = true; },
  });
  frame.own.key = (event) => {
    const { key, target } = event, months = event.shiftKey ? 12 : 1;
    if (target.matches(".bar")) {
      if (key.startsWith("Arrow")) return () => step(key);
      if (key === "Enter" && service) return () => open(target);
    }
    const keys = { ArrowLeft: () => choose(moved(day, -months)), ArrowRight: () => choose(moved(day, months)) };
    if (target === handle) {
      Object.assign(keys, {
        ArrowUp: keys.ArrowRight, ArrowDown: keys.ArrowLeft,
        Home: () => choose(data.first), End: () => choose(data.last),
        PageUp: () => choose(moved(day, 12)), PageDown: () => choose(moved(day, -12)),
      });
    }
    return keys[key];
  };
  // A marker leads to its event, a bar to whoever its row is named after.
  function open(bar) {
    const [row] = rowsOf(bars.indexOf(bar));
    const words = (row.t || []).find(([, , path]) => path);
    const lane = rows.indexOf(bar.closest(".lane"));
    const to = words ? address(words[2]) : names[lane].querySelector("a")?.getAttribute("href");
    if (to) location.assign(to);
  }

  function drag(event) {
    const at = (x) => from + ((x - plot.getBoundingClientRect().left) / wide()) * shown;
    const isHandle = event.target.closest(".handle");
    if (event.button || !(isHandle || event.target.closest("#axis"))) return;
    event.preventDefault();
    handle.focus({ preventScroll: true });
    if (!isHandle) choose(Math.floor(at(event.clientX)));
    const follow = (moving) => choose(Math.floor(at(moving.clientX)));
    axis.setPointerCapture(event.pointerId);
    axis.addEventListener("pointermove", follow);
    const stop = () => axis.removeEventListener("pointermove", follow);
    axis.addEventListener("pointerup", stop, { once: true });
    axis.addEventListener("pointercancel", stop, { once: true });
  }

  function zoom(event) {
    const button = event.target.closest("button");
    if (!button) return;
    for (const other of $("zooms").children) other.setAttribute("aria-pressed", other === button);
    shown = Math.min(whole, Math.round(365.25 * button.dataset.years) || whole);
    from = day - Math.floor(shown / 2);
    look();
  }

  function listen() {
    $("asked").addEventListener("change", typed);
    $("asked").addEventListener("blur", fillField);
    $("previous").addEventListener("click", previous);
    $("next").addEventListener("click", next);
    addEventListener("hashchange", fromAddress);
    if (service) for (const kind of ["pointerover", "focusin", "click"]) document.addEventListener(kind, refresh, true);
    if (!drawn) return;
    $("filter").addEventListener("input", filter);
    $("filter").addEventListener("keydown", ({ key, target }) => {
      if (key === "Escape") { target.value = ""; filter(); target.blur(); }
    });
    if (service) plot.addEventListener("click", ({ target }) => {
      const bar = target.closest(".bar");
      if (bar) open(bar);
    });
    $("zooms").addEventListener("click", zoom);
    axis.addEventListener("pointerdown", drag);
    addEventListener("resize", look);
    const numbers = new Map(bars.map((bar, n) => [bar, n]));
    const at = (event) => numbers.get(event.target.closest?.(".bar"));
    plot.addEventListener("pointermove", (event) => {
      const n = at(event);
      if (n === undefined) tip.hidden = true;
      else tellAt(n, event.clientX, event.clientY);
    });
    plot.addEventListener("pointerleave", () => { tip.hidden = true; });
    plot.addEventListener("focusin", (event) => {
      const n = at(event);
      if (n === undefined) return;
      const box = event.target.getBoundingClientRect();
      tellAt(n, Math.max(box.left, plot.getBoundingClientRect().left), box.bottom - 12);
    });
    plot.addEventListener("focusout", () => { tip.hidden = true; });
  }

  $("tools").hidden = false;
  $("asked").min = inField(data.first);
  $("asked").max = inField(data.last);
  if (drawn) {
    over();
    for (const [key, value] of Object.entries({
      role: "slider", tabindex: 0, "aria-label": "Date", "aria-valuemin": data.first, "aria-valuemax": data.last,
    })) handle.setAttribute(key, value);
    plot.setAttribute("role", "group");
    reach(0);
    document.body.classList.add("draggable");
    look();
    reveal();
  }
  listen();
  fromAddress();
})();
