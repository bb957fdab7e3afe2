"use strict";
// What is so on a day, worked out from the rows of the page by the rules of projections/certainty.py and
// timeline/view.py. The server wrote the same for one day; a test compares the two. Days are day numbers: 1 is the
// first of January of the year 1. Of a row: b are its four bounds, u says that nobody reported an end, k is its kind,
// p a person, o an organization, a the one above it, h a post, r a role, s the start as written, t words with their
// looks and where they lead, w when it was in words, n the numbers of its sources, x that it is disputed, m that it is rumoured.
const timeline = (() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const MARKS = { certain: "●", possible: "◐", unconfirmed: "○" };
  const ORDER = { certain: 0, possible: 1, unconfirmed: 2, "": 3 };
  const DAYS_OF_NEWS = 365;

  // -- days ----------------------------------------------------------------------------------------------------------

  const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
  const { floor } = Math;
  // Dates of JavaScript end with the year 275760, and ledgers know none. Years are counted from March, so that the
  // leap day comes last (Howard Hinnant, chrono-compatible low-level date algorithms).
  const civil = (day) => {
    const days = day + 305, era = floor(days / 146097), inEra = days - era * 146097;
    const year = floor((inEra - floor(inEra / 1460) + floor(inEra / 36524) - floor(inEra / 146096)) / 365);
    const inYear = inEra - (365 * year + floor(year / 4) - floor(year / 100));
    const month = floor((5 * inYear + 2) / 153);
    const isNext = month > 9; // January and February
    return [year + era * 400 + isNext, month + (isNext ? -10 : 2), inYear - floor((153 * month + 2) / 5) + 1];
  };
  const number = (year, month, day) => {
    const y = year + floor(month / 12), m = month - 12 * floor(month / 12);
    const from = m < 2 ? y - 1 : y, era = floor(from / 400), inEra = from - era * 400;
    const inYear = floor((153 * (m < 2 ? m + 10 : m - 2) + 2) / 5) + day - 1;
    return era * 146097 + inEra * 365 + floor(inEra / 4) - floor(inEra / 100) + inYear - 305;
  };
  const isDay = (day) => Math.abs(day) < 1e98; // what nothing bounds is written as a number beyond all days
  const padded = (n, digits) => `${Math.abs(n)}`.padStart(digits, "0");
  const iso = (day) => {
    const [y, m, d] = civil(day);
    return `${y < 0 ? "-" : y > 9999 ? "+" : ""}${padded(y, 4)}-${padded(m + 1, 2)}-${padded(d, 2)}`;
  };
  const fromIso = (text) => {
    const parts = /^([+-]?\d{4,})-(\d\d)-(\d\d)$/.exec(text);
    return parts ? number(+parts[1], parts[2] - 1, +parts[3]) : null;
  };
  const inWords = (day) => { const [y, m, d] = civil(day); return `${d} ${MONTHS[m]} ${y}`; };
  const moved = (day, months) => {
    const [y, m, d] = civil(day);
    const last = civil(number(y, m + months + 1, 0))[2];
    return number(y, m + months, Math.min(d, last)); // 31 January and a month is the last of February
  };

  // -- the rules -----------------------------------------------------------------------------------------------------

  const onDay = (row, day) => {
    const [startMin, startMax, endMin, endMax] = row.b;
    if (startMax <= day && day <= endMin) return "certain";
    if (day < startMin || day > endMax) return "";
    return row.u && day >= startMax ? "unconfirmed" : "possible";
  };
  const of = (kind) => data.rows.filter((row) => row.k === kind);
  const [members, posts, orgs, parents, products, deals] =
    ["member", "post", "organization", "parent", "product", "deal"].map(of);
  const pathOf = (sort, id) => `/${sort}/${encodeURIComponent(id)}`; // as paths.py has it
  const byText = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  const byKeys = (keys) => (x, y) => {
    const a = keys(x), b = keys(y);
    for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return byText(a[i], b[i]);
    return 0;
  };
  const grouped = (rows, key) => {
    const found = new Map();
    for (const row of rows) found.has(key(row)) ? found.get(key(row)).push(row) : found.set(key(row), [row]);
    return found;
  };
  const joined = (rows) => [...new Set(rows.flatMap((row) => row.n))].sort((a, b) => a - b);

  // -- the state on a day: blocks of groups of items, as panel.py makes them -----------------------------------------

  const flat = (items) => (items.length ? [{ items }] : []);
  const item = (row, mark, pieces = row.t) =>
    ({ mark, disputed: row.x, pieces: pieces.filter(([text]) => text), sources: row.n, below: [] });

  function state(day) {
    const now = (rows) => rows.filter((row) => onDay(row, day));
    const bore = new Map(data.bore.filter((n) => onDay(n, day) === "certain").map((n) => [n.o, n.name]));
    const name = (id) => bore.get(id) || data.names[id];
    const [units, order] = tree(day, now, name);
    const people = membersOn(day, now, order, name);
    const events = data.events.filter((e) =>
      isDay(e.b[0]) && e.b[0] <= day && e.b[1] >= day - DAYS_OF_NEWS && !e.d);
    return [
      { title: "Organizations", groups: flat(units) },
      { title: "People", note: tally(people), groups: peopleGroups(people, name) },
      { title: "Models and products", groups: flat(now(products).sort(byKeys((p) => [p.i, p.b[0], p.b[1]]))
        .map((p) => item(p, onDay(p, day)))) },
      { title: "Deals", groups: flat(now(deals).sort(byKeys((d) => [d.b[1], d.b[0], d.i])).reverse()
        .map((d) => item(d, onDay(d, day)))) },
      { title: "Latest events", groups: flat(events.map((e) => item(e, e.b[1] <= day ? "certain" : "possible"))) },
    ].filter((block) => block.groups.length);
  }

  // The tree of the day, and for each organization its place in the order of all trees.
  function tree(day, now, name) {
    const surest = byKeys((row) => [ORDER[onDay(row, day)]]);
    const exists = new Map();
    for (const row of now(orgs).sort(surest)) if (!exists.has(row.o)) exists.set(row.o, row);
    const above = now(parents).filter((p) => p.a);
    const below = grouped(above, (p) => p.a);
    const heads = grouped(now(posts).filter((p) => p.h === "head"), (p) => p.o);
    const known = new Set([...exists.keys(), ...below.keys(), ...heads.keys(), ...above.map((p) => p.o)]);
    const roots = topmost(known, below);
    const unit = (id, row, way, ids) => {
      ids.push(id);
      const span = row || exists.get(id);
      const led = (heads.get(id) || []).sort(byKeys((h) => [ORDER[onDay(h, day)], data.names[h.p]]));
      const sure = led.filter((h) => onDay(h, day) === "certain");
      const shown = sure.length ? sure : led;
      const said = shown.flatMap((h, n) => [
        [n ? "·" : "", "faint"], [sure.length ? "" : MARKS[onDay(h, day)], "faint"],
        [data.names[h.p], "faint", pathOf("people", h.p)],
      ]).filter(([text]) => text);
      const lower = (below.get(id) || []).filter((p) => !way.includes(p.o) && p.o !== id)
        .sort(byKeys((p) => [p.b[0], data.names[p.o]]));
      return {
        mark: span ? onDay(span, day) : "",
        disputed: (span && span.x) || shown.some((h) => h.x),
        pieces: [[name(id), "strong", pathOf("orgs", id)], ...(said.length ? [["head", "faint"], ...said] : [])],
        sources: joined(span ? [span, ...shown] : shown),
        below: lower.map((p) => unit(p.o, p, [...way, id], ids)),
      };
    };
    const trees = roots.map((id) => { const ids = []; return [unit(id, null, [], ids), ids]; });
    return [trees.map(([top]) => top), trees.map(([, ids]) => ids)];
  }

  // Those under nobody; where days leave open which of two was above the other, one of them has to begin.
  function topmost(known, below) {
    const order = (id) => [-(below.get(id) || []).length, data.names[id]];
    const beneath = (ids) => {
      const found = new Set(ids);
      for (const id of found) for (const row of below.get(id) || []) found.add(row.o); // a set grows while it is read
      return found;
    };
    const lower = new Set([...below.values()].flat().map((row) => row.o));
    const roots = [...known].filter((id) => !lower.has(id)).sort(byKeys(order));
    const left = new Set(known);
    const reached = (ids) => { for (const id of beneath(ids)) left.delete(id); };
    reached(roots);
    while (left.size) {
      const [first] = [...left].sort(byKeys((id) => [-beneath([id]).size, ...order(id)]));
      roots.push(first);
      reached([first]);
    }
    return roots;
  }

  // A line a membership with the posts held there, and a line a post where no membership is known.
  function membersOn(day, now, trees, name) {
    const held = grouped(now(posts), (p) => `${p.p} ${p.o}`);
    const lines = [];
    const line = (rows) => lines.push({
      row: rows[0], rows,
      mark: rows.map((r) => onDay(r, day)).sort((a, b) => ORDER[a] - ORDER[b])[0],
      posts: [...new Set(rows.filter((r) => r.h).map((r) => r.h))].join(", "),
    });
    for (const row of now(members)) {
      const key = `${row.p} ${row.o}`;
      line([row, ...(held.get(key) || [])]);
      held.delete(key);
    }
    for (const rows of held.values()) for (const row of rows) line([row]);
    const inside = new Set(trees.flat());
    const count = grouped(lines, (l) => l.row.o);
    const alone = [...count.keys()].filter((id) => !inside.has(id)).sort(byKeys((id) => [data.names[id]]));
    const size = (ids) => ids.reduce((sum, id) => sum + (count.get(id) || []).length, 0);
    const ordered = [...trees, ...alone.map((id) => [id])].sort((a, b) => size(b) - size(a));
    const place = new Map([...new Set(ordered.flat())].map((id, n) => [id, n]));
    return lines.sort(byKeys((l) =>
      [place.get(l.row.o), name(l.row.o), ORDER[l.mark], data.names[l.row.p], l.row.s]));
  }

  function peopleGroups(lines, name) {
    return [...grouped(lines, (l) => l.row.o)].map(([id, group]) => ({
      heading: name(id), path: pathOf("orgs", id), colour: data.colours[id] ?? 8, tally: new Set(group.map((l) => l.row.p)).size,
      items: group.map((l) => ({
        ...item(l.row, l.mark, [
          [data.names[l.row.p], "", pathOf("people", l.row.p)],
          [[...new Set([l.posts, l.row.r])].filter(Boolean).join(" · "), "faint"],
          [l.row.m ? "(rumoured)" : "", "faint"],
        ]),
        sources: joined(l.rows), disputed: l.rows.some((r) => r.x),
      })),
    }));
  }

  function tally(lines) {
    const best = new Map();
    for (const { row, mark } of lines) best.set(row.p, Math.min(ORDER[mark], best.get(row.p) ?? 3));
    return Object.keys(MARKS).map((mark) => [[...best.values()].filter((n) => n === ORDER[mark]).length, mark])
      .filter(([n]) => n).map(([n, mark]) => `${n} ${mark}`).join(" · ");
  }

  return { data, MARKS, MONTHS, isDay, civil, number, iso, fromIso, inWords, moved, onDay, joined, state };
})();
