// The timeline: a lane for each type, a mark for each event, idle time cut short.

const LANE = 17;
const LABELS = 98;
const AXIS = 20;
const EDGE = 20;
const LANES = 8;
const IDLE_MS = 5000;
const IDLE_PX = 56;

class Timeline {
  constructor(element, session, pick) {
    this.element = element;
    this.session = session;
    this.pick = pick;
    this.index = 0;
    // However many types there are, the last lane takes those that have none of their own.
    this.lanes = session.types.slice(0, LANES);
    this.laneOf = new Map(session.types.map((type, at) => [type, Math.min(at, LANES - 1)]));
    if (session.types.length > LANES) this.lanes[LANES - 1] = "others";
    new ResizeObserver(() => this.draw()).observe(element);
    element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      element.setPointerCapture(event.pointerId);
      this.#pickAt(event);
    });
    element.addEventListener("pointermove", (event) => {
      if (element.hasPointerCapture(event.pointerId)) this.#pickAt(event);
    });
  }

  draw() {
    const { session } = this;
    const width = Math.max(200, this.element.clientWidth);
    const height = this.lanes.length * LANE + AXIS;
    this.gaps = idle(session, width - LABELS - EDGE);
    this.scale = scale(this.gaps, session.duration, LABELS, width - EDGE);
    this.bottom = this.lanes.length * LANE;

    const root = svg("svg", { width, height, "aria-hidden": "true" });
    root.append(...this.#ticks());
    this.lanes.forEach((name, lane) => root.append(...this.#lane(name, lane, width)));
    root.append(...this.#gapMarks());
    this.lanes.forEach((name, lane) => root.append(this.#marks(name, lane)));
    this.head = svg("g", { class: "head" });
    this.head.append(svg("path", { d: `M0 0V${this.bottom + 3}` }), svg("circle", { r: 0 }));
    root.append(this.head);
    this.element.replaceChildren(root);
    this.move(this.index);
  }

  move(index) {
    this.index = index;
    const event = this.session.events[index];
    const { element, head } = this;
    element.ariaValueMax = Math.max(1, this.session.events.length);
    element.ariaValueNow = event ? index + 1 : 0;
    element.ariaValueText = event
      ? `${index + 1} of ${this.session.events.length}: ${seen(event.type)} at ${durationText(event.time)}`
      : "no events";
    head.style.display = event ? "" : "none";
    if (!event) return;
    head.setAttribute("transform", `translate(${this.scale(event.time).toFixed(1)} 0)`);
    const circle = head.lastChild;
    circle.setAttribute("cy", (this.laneOf.get(event.type) + 0.5) * LANE);
    circle.setAttribute("r", Math.max(3, this.#radius(event.bytes)));
  }

  /** An area that grows with the payload. */
  #radius(bytes) {
    this.largest ??= this.session.events.reduce((most, event) => Math.max(most, event.bytes), 1);
    return +(1.5 + 4.8 * Math.sqrt(bytes / this.largest)).toFixed(2);
  }

  #lane(name, lane, width) {
    const y = (lane + 0.5) * LANE;
    const line = svg("path", { class: "lane", d: `M${LABELS - 8} ${y}H${width}` });
    return [line, label("label", 0, y + 4, cut(seen(name), 13))];
  }

  #marks(name, lane) {
    const y = (lane + 0.5) * LANE;
    // Of those in the same column of pixels, the largest covers all others.
    const columns = new Map();
    for (const event of this.session.events) {
      if (this.laneOf.get(event.type) !== lane) continue;
      const x = Math.round(this.scale(event.time) * 2) / 2;
      columns.set(x, Math.max(columns.get(x) ?? 0, event.bytes));
    }
    const circles = [...columns].map(([x, bytes]) => {
      const r = this.#radius(bytes);
      return `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`;
    });
    return svg("path", { class: isByUser(name) ? "marks by-user" : "marks", d: circles.join("") });
  }

  #gapMarks() {
    return this.gaps.flatMap(({ from, to }) => {
      const [left, right] = [this.scale(from) + 6, this.scale(to) - 6];
      const middle = (left + right) / 2;
      const band = svg("rect", {
        class: "gap",
        x: left,
        width: right - left,
        y: 0,
        height: this.bottom,
      });
      const title = svg("title");
      title.append(`nothing for ${durationText(to - from)}`);
      band.append(title);
      return [
        band,
        label("gap", middle, this.bottom / 2 - 2, "idle"),
        label("gap", middle, this.bottom / 2 + 11, durationText(to - from, 1)),
      ];
    });
  }

  #ticks() {
    const { scale } = this;
    const busy = this.gaps.map(({ from, to }) => [scale(from) - 18, scale(to) + 18]);
    const step = STEPS.find((ms) => ms * scale.perMs >= 64) ?? Infinity;
    const out = [];
    let free = LABELS;
    for (const time of tickTimes(this.gaps, this.session.duration, step)) {
      const x = scale(time);
      if (x < free || busy.some(([left, right]) => x > left && x < right)) continue;
      free = x + 50;
      out.push(svg("path", { class: "tick", d: `M${x.toFixed(1)} 0V${this.bottom + 3}` }));
      out.push(label("tick", x, this.bottom + 15, tickText(time, step)));
    }
    return out;
  }

  #pickAt(pointer) {
    const { events } = this.session;
    if (events.length === 0) return;
    const x = pointer.clientX - this.element.getBoundingClientRect().left - this.element.clientLeft;
    const far = (index) => Math.abs(this.scale(events[index].time) - x);
    let low = lowest(0, events.length - 1, (index) => this.scale(events[index].time) >= x);
    if (low > 0 && far(low - 1) < far(low)) low--;
    this.pick(low);
  }
}

/** The first index from low to high for which a condition holds that stays true; else high. */
function lowest(low, high, holds) {
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The longest gaps between events, as far as cutting them short makes room for the rest. */
function idle({ events, duration }, width) {
  const gaps = [];
  let last = 0;
  for (const { time } of events) {
    if (time - last >= Math.max(IDLE_MS, duration * 0.02)) gaps.push({ from: last, to: time });
    last = time;
  }
  const longest = gaps
    .sort((a, b) => b.to - b.from - (a.to - a.from))
    .slice(0, Math.floor((width * 0.45) / IDLE_PX));
  return longest
    .filter(({ from, to }) => ((to - from) / duration) * width > IDLE_PX)
    .sort((a, b) => a.from - b.from);
}

/** From milliseconds to pixels: even but for the gaps, each of which is as wide as any other. */
function scale(gaps, duration, left, right) {
  const cutShort = gaps.reduce((sum, { from, to }) => sum + to - from, 0);
  const perMs = (right - left - gaps.length * IDLE_PX) / Math.max(1, duration - cutShort);
  const place = (time) => {
    let x = left;
    let last = 0;
    for (const { from, to } of gaps) {
      if (time <= from) break;
      x += (from - last) * perMs + (IDLE_PX * (Math.min(time, to) - from)) / (to - from);
      last = Math.min(time, to);
    }
    return x + (time - last) * perMs;
  };
  place.perMs = perMs;
  return place;
}

// Round to whoever reads a clock.
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500].concat(
  [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 14_400, 86_400].map((s) => s * 1000),
);

/** Every step from 0 on, but none in a gap. */
function* tickTimes(gaps, duration, step) {
  let time = 0;
  for (const { from, to } of [...gaps, { from: duration, to: Infinity }]) {
    for (; time <= from; time += step) yield time;
    time = Math.ceil(to / step) * step;
  }
}

function tickText(ms, step) {
  if (ms === 0) return "0";
  if (step < 1000) return ms < 1000 ? `${ms} ms` : `${ms / 1000} s`;
  return clockText(ms).replace(/\.\d+$/, "");
}

function label(name, x, y, text) {
  const element = svg("text", { class: name, x, y });
  element.append(text);
  return element;
}

function svg(name, attributes = {}) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
