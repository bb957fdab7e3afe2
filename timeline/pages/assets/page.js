// The date, the state on it, and the keys. Without it everything is there too, for the day that the page was made for.
(() => {
  const { data, MARKS, isDay, civil, iso, fromIso, inWords, moved, joined, state } = timeline;
  const { $, say } = frame;
  let day = data.day;

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
    ...block.groups.flatMap(shownGroup));
  const shownGroup = (group) => [
    ...(group.heading ? [el("h4", {}, el("span", { class: `swatch c${group.colour}` }),
      named(group.heading, "", group.path), " ", el("span", { class: "faint" }, `${group.tally}`))] : []),
    el("ul", {}, ...group.items.map(shownItem))];

  // -- choosing a day ------------------------------------------------------------------------------------------------

  const changes = [...new Set([
    ...data.rows.flatMap(({ b }) => [b[0], b[1], b[2] + 1, b[3] + 1]),
    ...data.events.flatMap(({ b }) => b),
  ])].filter(isDay).sort((a, b) => a - b);

  let waiting = 0, resting;
  function choose(wanted) {
    if (!Number.isFinite(wanted)) return;
    day = Math.min(Math.max(wanted, data.first), data.last);
    waiting ||= requestAnimationFrame(() => { waiting = 0; show(); });
  }
  function show() {
    if (lanes) { lanes.choose(day); lanes.reveal(); reach(current); tip.hidden = true; }
    tellState();
    const shown = $("day").lastElementChild;
    shown.textContent = inWords(day);
    shown.setAttribute("datetime", iso(day));
    if (document.activeElement !== $("asked")) fillField();
    remember();
    document.title = document.title.replace(/ · [^·]*$/, ` · ${inWords(day)}`);
  }

  // -- the state, which of many rows takes longer to draw than a frame -----------------------------------------------

  const REST = 120, SLICE = 6; // milliseconds: until the line has come to rest, and of drawing in one frame
  const isLong = data.rows.length + data.events.length > 1500;
  let telling = 0;
  function tellState() {
    clearTimeout(resting);
    cancelAnimationFrame(telling);
    if (!isLong) $("state").replaceChildren(...state(day).map(shownBlock));
    else resting = setTimeout(tellSlowly, REST);
  }
  // What is in sight comes first; the rest follows in the next frames, unless another day is chosen.
  function tellSlowly() {
    const parts = slices(state(day));
    let isFirst = true;
    const go = () => {
      const until = performance.now() + SLICE, made = document.createDocumentFragment();
      let next;
      while (performance.now() < until && !(next = parts.next()).done) next.value(made);
      if (isFirst) $("state").replaceChildren(made);
      else $("state").append(made);
      isFirst = false;
      if (!next.done) telling = requestAnimationFrame(go);
    };
    telling = requestAnimationFrame(go);
  }
  // Steps that each draw a little, at the end of what the steps before have drawn.
  function* slices(blocks) {
    for (const block of blocks) {
      let section;
      yield (made) => made.append(section = shownBlock({ ...block, groups: [] }));
      for (const group of block.groups) {
        yield () => section.append(...shownGroup({ ...group, items: [] }));
        for (let n = 0; n < group.items.length; n += 10) {
          yield () => section.lastElementChild.append(...group.items.slice(n, n + 10).map(shownItem));
        }
      }
    }
  }
  // What the server left as text, when there is time for it.
  function makeLater(left) {
    let part;
    while (left.timeRemaining() > 8 && (part = document.querySelector(".state noscript"))) {
      const made = frame.fromText(part), [list] = made.children;
      if (list?.matches("ul, ol")) { // the end of a list that was cut
        part.previousElementSibling.append(...list.children);
        list.remove();
      }
      part.replaceWith(made);
    }
    if (part) lanes.idle(makeLater);
  }

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

  function filter() {
    const words = lanes.plain($("filter").value).split(/\s+/).filter(Boolean), found = lanes.filter(words);
    say(words.length ? `${found} ${found === 1 ? "row" : "rows"}` : "");
  }

  // -- what a bar says -----------------------------------------------------------------------------------------------

  const tip = $("tip");
  function toldOf(n) {
    const [lane, label] = data.bars[n], all = lanes.rowsOf(n), mark = lanes.markOf(n);
    const said = { "": "not on", later: "not by" }[mark] ?? `${mark} on`;
    return {
      lane, label, when: all[0].w ?? all[0].t[0][0], sources: joined(all),
      about: `${said} ${inWords(day)}${all.some((r) => r.x) ? ", disputed" : ""}`,
    };
  }
  function sentence(n) {
    const { lane, label, when, about, sources } = toldOf(n);
    return `${lane}: ${label}. ${when}. ${about}. Sources: ${sources.join(", ")}.`;
  }
  function tellAt(n, x, y) {
    const { lane, label, when, about, sources } = toldOf(n);
    tip.replaceChildren(
      el("b", {}, el("bdi", {}, `${lane}: ${label}`)), el("p", {}, when), el("p", { class: "faint" }, about),
      el("p", { class: "faint" }, ...sources.flatMap((s) => {
        const source = $(`source-${s}`);
        return source ? [`[${s}] `, el("bdi", {}, source.firstElementChild.textContent), el("br", {})] : [];
      })));
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(8, Math.min(x + 14, innerWidth - box.width - 8))}px`;
    tip.style.top = `${y + 18 + box.height > innerHeight ? Math.max(8, y - box.height - 12) : y + 18}px`;
  }

  // -- keys and pointers: one listener for all bars ------------------------------------------------------------------

  let current = 0;
  // One bar at a time can be reached by Tab; from there the arrows go on.
  function reach(n) {
    const bar = lanes.bar(n);
    if (!bar) return null;
    if (n !== current) for (const key of ["tabindex", "role", "aria-label"]) lanes.bar(current)?.removeAttribute(key);
    current = n;
    for (const [key, value] of [["tabindex", 0], ["role", "img"], ["aria-label", sentence(n)]]) bar.setAttribute(key, value);
    return bar;
  }
  function step(key) {
    const ahead = key === "ArrowRight" || key === "ArrowDown" ? 1 : -1, isDown = key === "ArrowUp" || key === "ArrowDown";
    let n = current + ahead;
    while (n in lanes.rowOf && ((isDown && lanes.rowOf[n] === lanes.rowOf[current]) || !lanes.bar(n))) n += ahead;
    const bar = reach(n);
    bar?.focus();
    bar?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  Object.assign(frame.keys, {
    n: next, p: previous, "+": () => look(1.5), "=": () => look(1.5), "-": () => look(1 / 1.5), Escape: () => { tip.hidden = true; },
  });
  frame.own.key = (event) => {
    const { key, target } = event, months = event.shiftKey ? 12 : 1;
    if (target.matches(".bar")) {
      if (key.startsWith("Arrow")) return () => step(key);
      if (key === "Enter" && service) return () => open(target);
    }
    const keys = { ArrowLeft: () => choose(moved(day, -months)), ArrowRight: () => choose(moved(day, months)) };
    if (lanes && target === lanes.handle) {
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
    const n = lanes.numbers.get(bar), [row] = lanes.rowsOf(n);
    const words = (row.t || []).find(([, , path]) => path);
    const to = words ? address(words[2]) : lanes.nameOf(n).querySelector("a")?.getAttribute("href");
    if (to) location.assign(to);
  }

  // Follows a pointer until it is let go.
  function follow(event, on, moved) {
    event.preventDefault();
    const stop = new AbortController(), { signal } = stop;
    on.setPointerCapture(event.pointerId);
    on.addEventListener("pointermove", moved, { signal });
    for (const kind of ["pointerup", "pointercancel"]) on.addEventListener(kind, () => stop.abort(), { signal });
  }
  function drag(event) {
    if (event.button) return;
    lanes.handle.focus({ preventScroll: true });
    const to = ({ clientX }) => choose(Math.floor(lanes.dayAt(clientX)));
    if (!event.target.closest(".handle")) to(event);
    follow(event, lanes.axis, to);
  }

  // Whoever looks closer moves along the lanes by dragging them, and looks closer by turning the wheel over the axis.
  let wanted = null, isDragged = false;
  function view(...asked) {
    if (!wanted) requestAnimationFrame(() => { lanes.show(...wanted); wanted = null; pressed(); });
    wanted = asked;
  }
  function pan(event) {
    isDragged = false;
    if (event.button || event.pointerType === "touch" || lanes.shown >= lanes.whole) return;
    const about = lanes.dayAt(event.clientX), { left } = lanes.plot.getBoundingClientRect(), begun = event.clientX;
    const to = ({ clientX }) => {
      isDragged ||= Math.abs(clientX - begun) > 3;
      if (isDragged) view(lanes.shown, about, (clientX - left) / lanes.wide);
    };
    const bar = event.target.closest(".bar");
    follow(event, lanes.plot, to);
    lanes.plot.addEventListener("pointerup", () => { if (service && bar && !isDragged) open(bar); }, { once: true });
  }
  function wheel(event) {
    event.preventDefault();
    const { deltaX, deltaY, shiftKey, clientX } = event;
    const where = (clientX - lanes.plot.getBoundingClientRect().left) / lanes.wide, about = lanes.dayAt(clientX);
    const along = shiftKey ? deltaY || deltaX : Math.abs(deltaX) > Math.abs(deltaY) ? deltaX : 0;
    if (along) view(lanes.shown, about, where - along / lanes.wide);
    else view(lanes.shown * Math.exp(Math.min(Math.max(deltaY, -100), 100) / 400), about, where);
  }
  function look(times) {
    if (lanes) view(lanes.shown / times);
  }
  const daysOf = ({ dataset }) => Math.min(lanes.whole, Math.round(365.25 * dataset.years) || lanes.whole);
  function pressed() {
    for (const button of $("zooms").children) button.setAttribute("aria-pressed", daysOf(button) === lanes.shown);
  }
  function zoom({ target }) {
    const button = target.closest("button");
    if (button) view(daysOf(button));
  }

  function listen() {
    $("asked").addEventListener("change", typed);
    $("asked").addEventListener("blur", fillField);
    $("previous").addEventListener("click", previous);
    $("next").addEventListener("click", next);
    $("tables").addEventListener("toggle", openTables, { once: true });
    addEventListener("hashchange", fromAddress);
    if (service) for (const kind of ["pointerover", "focusin", "click"]) document.addEventListener(kind, refresh, true);
    if (!lanes) return;
    const { plot, axis, numbers } = lanes;
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
    axis.addEventListener("wheel", wheel, { passive: false });
    plot.addEventListener("pointerdown", pan);
    const at = (event) => numbers.get(event.target.closest?.(".bar"));
    plot.addEventListener("pointermove", (event) => {
      const n = at(event);
      if (n === undefined || wanted) tip.hidden = true;
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
    addEventListener("beforeprint", () => makeLater({ timeRemaining: () => Infinity }));
  }
  function openTables() {
    const text = $("tables").querySelector("noscript");
    text.replaceWith(frame.fromText(text));
  }

  $("tools").hidden = false;
  $("asked").min = inField(data.first);
  $("asked").max = inField(data.last);
  if (lanes) {
    for (const [key, value] of Object.entries({
      role: "slider", tabindex: 0, "aria-label": "Date", "aria-valuemin": data.first, "aria-valuemax": data.last,
    })) lanes.handle.setAttribute(key, value);
    lanes.plot.setAttribute("role", "group");
    document.body.classList.add("draggable");
    lanes.measure();
    lanes.reveal();
    reach(0);
    lanes.idle(makeLater);
  }
  listen();
  fromAddress();
})();
