// The list of events: only rows that can be seen are in the document.

const ROW = 26;
const SPARE = 8;

class EventList {
  constructor(element, session, pick) {
    this.element = element;
    this.session = session;
    this.index = 0;
    this.rows = el("div", { className: "rows", role: "presentation" });
    // Columns as wide as the last number and the last time.
    const { style } = element.parentElement;
    style.setProperty("--number", widthOf(String(session.events.length), 2));
    style.setProperty("--clock", widthOf(clockText(session.duration), 4));
    this.rows.style.height = `${session.events.length * ROW}px`;
    element.append(
      session.events.length
        ? this.rows
        : el("p", { className: "note" }, "No events were recorded."),
    );
    element.addEventListener("scroll", () => this.draw(), { passive: true });
    element.addEventListener("click", ({ target }) => {
      const row = target.closest("[role=option]");
      if (row) pick(Number(row.dataset.index));
    });
    new ResizeObserver(() => this.draw()).observe(element);
  }

  move(index) {
    this.index = index;
    const { element } = this;
    const [top, bottom] = [index * ROW, (index + 1) * ROW];
    if (top < element.scrollTop + ROW) element.scrollTop = top - ROW;
    else if (bottom > element.scrollTop + element.clientHeight - ROW) {
      element.scrollTop = bottom + ROW - element.clientHeight;
    }
    this.draw();
  }

  draw() {
    const { scrollTop, clientHeight } = this.element;
    const from = Math.floor(scrollTop / ROW) - SPARE;
    this.show(from, from + Math.ceil(clientHeight / ROW) + 2 * SPARE);
  }

  /** Puts the rows from one index up to another into the document. */
  show(from, to) {
    from = Math.max(0, from);
    this.rows.replaceChildren(
      ...this.session.events.slice(from, to).map((event) => this.#row(event)),
    );
    const active = this.index >= from && this.index < to && this.session.events.length > 0;
    if (active) this.element.setAttribute("aria-activedescendant", `event-${this.index}`);
    else this.element.removeAttribute("aria-activedescendant");
  }

  #row(event) {
    const { index, type, offset, bytes } = event;
    const row = el(
      "div",
      {
        id: `event-${index}`,
        role: "option",
        className: isByUser(type) ? "by-user" : "",
        ariaSelected: String(index === this.index),
        ariaSetSize: this.session.events.length,
        ariaPosInSet: index + 1,
      },
      el("span", { className: "number" }, String(index + 1)),
      el("span", { className: "time" }, Number.isFinite(offset) ? clockText(event.time) : "–"),
      el("span", { className: "type" }, ...nodes(cut(type, 40))),
      el("span", { className: "what" }, ...what(this.session, event)),
      el("span", { className: "bytes" }, grouped(bytes)),
    );
    row.dataset.index = index;
    row.style.top = `${index * ROW}px`;
    return row;
  }
}

/** The room that so many digits need, whichever font it is. */
function widthOf(text, least) {
  return `${Math.max(least, text.replace(/\D/g, "").length) * 0.66 + 0.8}rem`;
}

/** What an event was about: its name, its page, or the assigns that it gives. */
function what(session, event) {
  const touched = session.touchedAt(event.index);
  if (touched.length) {
    return touched
      .slice(0, 12)
      .map(({ name, changed }) =>
        el(
          "span",
          {
            className: changed ? "assign" : "assign equal",
            title: changed ? "" : "given, but equal",
          },
          ...nodes(cut(name, 60)),
        ),
      );
  }
  const text = title(session, event);
  return text ? [el("bdi", {}, ...nodes(cut(text, 300)))] : [];
}

/** The name of an event or the path of a page; of other events, their payload in short. */
function title(session, { type, payload }) {
  if (type === "handle_params" && isRecord(payload)) return pagePath(session, payload.url);
  if (isRecord(payload) && typeof payload.name === "string") return payload.name;
  if (isRecord(payload) && Object.keys(payload).length === 0) return "";
  return payload === undefined ? "" : preview(payload, 80);
}

/** The address without the part that all pages share. */
function pagePath(session, url) {
  if (typeof url !== "string") return preview(url);
  const { url: host } = session.data;
  return typeof host === "string" && host && url.startsWith(`${host}/`)
    ? url.slice(host.length)
    : url;
}
