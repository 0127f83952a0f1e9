// The page: one event is chosen, and every part of the page shows it.

const session = new Session(parse(document.getElementById("session").textContent));
const byId = (id) => document.getElementById(id);
const last = session.events.length - 1;
let current = 0;

const timeline = new Timeline(byId("timeline"), session, (index) => (pause(), go(index)));
const list = new EventList(byId("list"), session, (index) => (pause(), go(index)));
const eventTree = new Tree(byId("event"));
const assignsTree = new Tree(byId("assigns"));

function go(index) {
  current = Math.max(0, Math.min(last, index));
  timeline.move(current);
  list.move(current);
  showPosition();
  showPage();
  showEvent();
  showAssigns();
}

// Header

const FLAGS = {
  active: "still going on",
  recovered: "cut off by a crash, recovered",
  truncated: "cut off at its largest size",
  incomplete: "incomplete",
};

function showHeader() {
  const { id, view, url, connected_at: started, subject } = session.data;
  const asText = (value) => (typeof value === "string" ? value : preview(value));
  const name = asText(view ?? "Recorded session");
  byId("view").replaceChildren(...nodes(name));
  document.title = `${seen(name)} · recorded session`;

  const flags = Object.keys(FLAGS).filter((key) => session.data[key] === true);
  byId("badges").append(...flags.map((key) => el("li", {}, FLAGS[key])));

  const facts = {
    Subject: subject,
    Started: started === undefined ? undefined : momentText(started),
    Lasted: durationText(session.duration),
    Events: grouped(session.events.length),
    Payloads: sizeText(session.bytes),
    Host: url,
    ID: id,
  };
  for (const [term, value] of Object.entries(facts)) {
    if (value === undefined || value === null) continue;
    const fact = el("dd", {}, el("bdi", {}, ...nodes(asText(value))));
    byId("facts").append(el("div", {}, el("dt", {}, term), fact));
  }

  // Whatever has no place of its own above.
  const above = ["id", "view", "url", "connected_at", "subject", ...flags];
  if (isList(session.data.events)) above.push("events");
  const others = plainRows(session.data).filter(({ key }) => !above.includes(key));
  byId("rest").parentElement.hidden = others.length === 0;
  new Tree(byId("rest")).show(others);
  byId("timeline").hidden = session.events.length === 0;
}

// Pages

const MAX_PAGES = 200;

function showPages() {
  const nav = byId("pages");
  nav.hidden = session.pages.length === 0;
  const items = session.pages.slice(0, MAX_PAGES).map((page) => {
    const url = isRecord(page.payload) ? page.payload.url : undefined;
    const path = nodes(cut(pagePath(session, url), 80));
    const time = el("time", {}, durationText(page.time));
    const button = el("button", { type: "button" }, time, el("bdi", {}, ...path));
    button.onclick = () => (pause(), go(page.index));
    return el("li", {}, button);
  });
  nav.replaceChildren(el("ol", {}, ...items));
  if (session.pages.length > MAX_PAGES) {
    const more = `and ${grouped(session.pages.length - MAX_PAGES)} more`;
    nav.append(el("span", { className: "note" }, more));
  }
}

function showPage() {
  const at = session.pageAt(current);
  byId("pages").querySelector("[aria-current]")?.removeAttribute("aria-current");
  const button = byId("pages").querySelectorAll("button")[at];
  if (!button) return;
  button.setAttribute("aria-current", "page");
  const strip = byId("pages");
  strip.scrollLeft = button.offsetLeft - strip.offsetLeft - strip.clientWidth / 3;
}

// Event and assigns

function showPosition() {
  const event = session.events[current];
  byId("position").textContent = event
    ? `${grouped(current + 1)} of ${grouped(last + 1)} · ${clockText(event.time)}`
    : "no events";
  for (const id of ["first", "previous"]) byId(id).disabled = current <= 0;
  for (const id of ["next", "last"]) byId(id).disabled = current >= last;
  byId("play").disabled = last < 1;
}

function showEvent() {
  const event = session.events[current];
  if (!event) {
    byId("event").replaceChildren(note("There is none."));
    return;
  }
  const since = current > 0 ? event.time - session.events[current - 1].time : 0;
  const later = since ? `, ${durationText(since)} after the one before` : "";
  byId("event-title").replaceChildren(
    el("span", { className: "type" }, ...nodes(cut(event.type, 60))),
    el("span", { className: "note" }, ` ${sizeText(event.bytes)}${later}`),
  );

  const diff = session.changesAt(current);
  const gives = given(event)?.assigns;
  const equal = session.touchedAt(current).filter(({ changed }) => !changed);
  const payload = isRecord(event.payload) ? event.payload : { payload: event.payload };
  const others = plainRows(payload).filter(({ value }) => value !== gives && value !== undefined);

  eventTree.show(others);
  if (equal.length) {
    const names = equal.map(({ name }) => name).join(", ");
    eventTree.element.prepend(note("Given, but equal: ", ...nodes(cut(names, 400))));
  }
  if (diff) eventTree.element.prepend(changeList(diff));
  if (!others.length && !diff && !equal.length) {
    eventTree.element.replaceChildren(note("It carries nothing."));
  }
}

const note = (...content) => el("p", { className: "note" }, ...content);

function showAssigns() {
  const needle = byId("search").value.toLowerCase();
  const state = session.stateAt(current);
  const rows = session.changesAt(current)?.rows ?? plainRows(state);
  const hits = needle ? rows.filter(({ key, value }) => occurs(needle, key, value)).length : 0;
  byId("found").textContent = !needle ? "" : hits ? `in ${hits} of ${rows.length}` : "nowhere here";
  assignsTree.show(rows, needle);
  if (rows.length === 0) {
    byId("assigns").replaceChildren(note("There are none yet."));
  }
}

/** The next event in a direction that carries the text that is looked for. */
function findEvent(direction) {
  const needle = byId("search").value.toLowerCase();
  if (!needle) return;
  for (let index = current + direction; index >= 0 && index <= last; index += direction) {
    const { type, payload } = session.events[index];
    if (!occurs(needle, type, payload ?? null)) continue;
    go(index);
    return;
  }
  byId("found").textContent = direction > 0 ? "in no later event" : "in no earlier event";
}

// Playing

const PAUSE_MS = 1000;
let timer;

function play() {
  if (current >= last) go(0);
  byId("play").ariaPressed = "true";
  // Nobody wants each of them read out.
  byId("position").ariaLive = "off";
  step();
}

function pause() {
  clearTimeout(timer);
  timer = undefined;
  byId("play").ariaPressed = "false";
  byId("position").ariaLive = "polite";
}

/**
 * Waits for what comes next, and goes to the last event that is due by then. What was shown last
 * was due at `since`, however long it took to show it.
 */
function step(since = performance.now()) {
  if (current >= last) {
    pause();
    return;
  }
  const speed = Number(byId("speed").value);
  const next = session.events[current + 1].time;
  const wait = (next - session.events[current].time) / speed;
  const due = since + (byId("skip").checked ? Math.min(wait, PAUSE_MS) : wait);
  const arrive = () => {
    const late = performance.now() - due;
    if (late < 0) {
      // A timer takes no more than 2^31 ms.
      timer = setTimeout(arrive, Math.min(-late, 1e9));
      return;
    }
    const isLater = (index) => index > last || session.events[index].time > next + late * speed;
    go(lowest(current + 2, last + 1, isLater) - 1);
    step(due + (session.events[current].time - next) / speed);
  };
  timer = setTimeout(arrive, 0);
}

const toggle = () => (timer === undefined ? last > 0 && play() : pause());

// Keyboard and buttons

const KEYS = {
  ArrowLeft: () => go(current - 1),
  ArrowRight: () => go(current + 1),
  PageUp: () => go(current - 10),
  PageDown: () => go(current + 10),
  Home: () => go(0),
  End: () => go(last),
};

document.addEventListener("keydown", (event) => {
  const { key, target, ctrlKey, metaKey, altKey } = event;
  if (ctrlKey || metaKey || altKey || byId("keys").open) return;
  if (target.matches("input:not([type=checkbox]), select")) return;
  const inList = target === byId("list") || target === byId("timeline");
  if (key in KEYS) {
    pause();
    KEYS[key]();
  } else if (inList && (key === "ArrowUp" || key === "ArrowDown")) {
    pause();
    go(current + (key === "ArrowUp" ? -1 : 1));
  } else if (key === " " && !target.matches("button, summary, input")) toggle();
  else if (key === "/") byId("search").focus();
  else if (key === "?") byId("keys").showModal();
  else return;
  event.preventDefault();
});

byId("search").addEventListener("input", showAssigns);
byId("search").addEventListener("keydown", (event) => {
  if (event.key === "Enter") findEvent(event.shiftKey ? -1 : 1);
  if (event.key !== "Escape") return;
  event.target.value = "";
  event.target.blur();
  showAssigns();
});

const CLICKS = {
  first: KEYS.Home,
  previous: KEYS.ArrowLeft,
  next: KEYS.ArrowRight,
  last: KEYS.End,
};
for (const [id, act] of Object.entries(CLICKS)) byId(id).onclick = () => (pause(), act());
byId("play").onclick = toggle;
byId("help").onclick = () => byId("keys").showModal();
byId("theme").onclick = () => {
  const { dataset } = document.documentElement;
  const dark = dataset.theme
    ? dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  dataset.theme = dark ? "light" : "dark";
};

// On paper there is no scrolling: the list has all rows then, up to a number that can be read.

const PRINTED = 2000;
addEventListener("beforeprint", () => list.show(0, PRINTED));
addEventListener("afterprint", () => list.draw());

const fromAddress = () => go(Number(/^#(\d+)$/.exec(location.hash)?.[1] ?? 1) - 1);
addEventListener("hashchange", fromAddress);

showHeader();
showPages();
timeline.draw();
fromAddress();
