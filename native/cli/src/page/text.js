// Text: what was recorded becomes text nodes and nothing else.

/** An element with properties or attributes, and children that are nodes or text. */
function el(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in element) element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

// Controls, line breaks, halves of surrogate pairs, and what reorders or hides text: all but the
// joiners (U+200C, U+200D) that scripts and emoji are written with.
const UNSEEN = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const SHORT = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
const escape = (char) => SHORT[char] ?? `\\u{${char.codePointAt(0).toString(16)}}`;

/** The text with each character that can't be seen written as an escape. */
const seen = (text) => text.replace(UNSEEN, escape);

/** The same as nodes, in which escapes and what is looked for stand out. */
function nodes(text, needle = "") {
  const out = [];
  let from = 0;
  for (const match of text.matchAll(UNSEEN)) {
    out.push(...marked(text.slice(from, match.index), needle));
    out.push(el("span", { className: "escape" }, escape(match[0])));
    from = match.index + match[0].length;
  }
  return [...out, ...marked(text.slice(from), needle)];
}

function marked(text, needle) {
  const lower = text.toLowerCase();
  // Where lower case is of another length, positions in it say nothing about the text.
  if (!needle || lower.length !== text.length) return [text];
  const out = [];
  let from = 0;
  for (let at; (at = lower.indexOf(needle, from)) >= 0; from = at + needle.length) {
    out.push(text.slice(from, at), el("mark", {}, text.slice(at, at + needle.length)));
  }
  return [...out, text.slice(from)];
}

/** The beginning of a text, without half of a character at its end. */
const start = (text, length) => text.slice(0, length).replace(/[\ud800-\udbff]$/, "");
const cut = (text, length) => (text.length > length ? `${start(text, length)}…` : text);

/** A value in one line of about `room` characters. */
function preview(value, room = 60) {
  if (typeof value === "string") return `"${seen(cut(value, room))}"`;
  if (!isBranch(value)) return plain(value);
  const name = structName(value);
  const moment = name && calendar(value);
  if (moment) return moment;
  const [open, close] = isList(value) ? ["[", "]"] : [name ? `%${seen(cut(name, 60))}{` : "{", "}"];
  const keys = Object.keys(value).filter((key) => !name || key !== "__struct__");
  const parts = [];
  for (const key of keys) {
    if (room < 4) {
      parts.push("…");
      break;
    }
    // Less and less, however deep it goes.
    const inner = preview(value[key], Math.min(room - 2, 24));
    const part = isList(value) ? inner : `${seen(cut(key, 40))}: ${inner}`;
    room -= part.length;
    parts.push(part);
  }
  return open + parts.join(", ") + close;
}

function structName(value) {
  const name = isRecord(value) && Object.hasOwn(value, "__struct__") && value.__struct__;
  return typeof name === "string" ? name : "";
}

/** The dates and times of Elixir's calendar, as ISO 8601. */
function calendar({ year, month, day, hour, minute, second, zone_abbr: zone }) {
  const numbers = (...list) => list.every(Number.isInteger);
  const pad = (number) => String(number).padStart(2, "0");
  const date = numbers(year, month, day) ? `${year}-${pad(month)}-${pad(day)}` : "";
  const time = numbers(hour, minute, second) ? `${pad(hour)}:${pad(minute)}:${pad(second)}` : "";
  return [date, time, date && time && typeof zone === "string" ? seen(zone) : ""]
    .filter(Boolean)
    .join(" ");
}

/** `form.params["a b"][0]` */
function pathText(path) {
  return path
    .map((key, depth) => {
      if (typeof key === "number") return `[${key}]`;
      if (!/^[\p{L}_][\p{L}\p{N}_?!]*$/u.test(key)) return `[${preview(key)}]`;
      return depth === 0 ? key : `.${key}`;
    })
    .join("");
}

const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, "\u202f");

function sizeText(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1000).toFixed(bytes < 1e4 ? 1 : 0)} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Milliseconds in the largest units that say something, two of them at most. */
function durationText(ms, units = 2) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${+(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  const pair = (big, unit, small, name) => {
    const rest = Math.floor((ms % big) / small);
    if (units === 1) return `${+(ms / big).toFixed(ms < 10 * big ? 1 : 0)} ${unit}`;
    return `${Math.floor(ms / big)} ${unit}${rest ? ` ${rest} ${name}` : ""}`;
  };
  if (ms < 3_600_000) return pair(60_000, "min", 1000, "s");
  if (ms < 86_400_000) return pair(3_600_000, "h", 60_000, "min");
  return pair(86_400_000, "d", 3_600_000, "h");
}

/** Since the start, as a clock: `0:01.458`, `1:02:03.004`. */
function clockText(ms) {
  const pad = (number, width = 2) => String(number).padStart(width, "0");
  const [hours, minutes] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60];
  const seconds = `${pad(Math.floor(ms / 1000) % 60)}.${pad(Math.floor(ms) % 1000, 3)}`;
  return hours ? `${hours}:${pad(minutes)}:${seconds}` : `${minutes}:${seconds}`;
}

/** Unix milliseconds as a UTC date and time, or what is there instead as it is. */
function momentText(ms) {
  const date = new Date(typeof ms === "number" ? ms : NaN);
  if (Number.isNaN(date.getTime())) return preview(ms);
  return `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
