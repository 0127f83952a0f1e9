"use strict";

// The session: its events, what the assigns were after each of them, and what an event changed.
// Nothing here touches the document.

const CHECKPOINT = 64;
const DEEPEST = 250;
const NONE = Symbol("no value");

const isList = Array.isArray;
const isExact = (value) => JSON.isRawJSON?.(value) ?? false;
const isRecord = (value) =>
  typeof value === "object" && value !== null && !isList(value) && !isExact(value);
const isBranch = (value) => isList(value) || isRecord(value);

/**
 * Reads JSON. A number that JavaScript would alter (1.0, integers beyond 2^53) keeps its text,
 * as `JSON.rawJSON`, where the browser can do that. What is nested deeper than the stack allows
 * to walk is left out, and said to be.
 */
function parse(text) {
  if (depthOf(text) > DEEPEST) {
    const data = JSON.parse(text);
    prune(data, DEEPEST);
    return data;
  }
  const unlike = /[:[,]-?(\d{16,}|\d+\.\d*0[,\]}]|[\d.]+[eE])/;
  if (!JSON.rawJSON || !unlike.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_key, value, context) =>
    typeof value === "number" && context && String(value) !== context.source
      ? JSON.rawJSON(context.source)
      : value,
  );
}

/** How many brackets of a JSON text are open at once, at most. */
function depthOf(text) {
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === "\\") at++;
    else if (char === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (char === "[" || char === "{") deepest = Math.max(deepest, ++depth);
    else if (char === "]" || char === "}") depth--;
  }
  return deepest;
}

function prune(value, depth) {
  for (const key of isBranch(value) ? Object.keys(value) : []) {
    if (depth > 0) prune(value[key], depth - 1);
    else if (isBranch(value[key])) value[key] = `nested deeper than ${DEEPEST} levels`;
  }
}

class Session {
  constructor(data) {
    this.data = isRecord(data) ? data : { session: data };
    let time = 0;
    const encoder = new TextEncoder();
    this.events = (isList(this.data.events) ? this.data.events : []).map((raw, index) => {
      const { offset, type, payload } = isRecord(raw) ? raw : { payload: raw };
      // Offsets never go back in what the host records; what is drawn and played relies on it.
      time = Math.max(time, Number(offset) || 0);
      const bytes = encoder.encode(JSON.stringify(payload) ?? "").length;
      return { index, offset, time, type: String(type ?? "unknown"), payload, bytes };
    });
    this.types = [...new Set(this.events.map((event) => event.type))].sort(byType);
    this.pages = this.events.filter((event) => event.type === "handle_params");
    this.duration = time;
    this.bytes = this.events.reduce((sum, event) => sum + event.bytes, 0);
    this.checkpoints = this.#checkpoints();
  }

  /** The assigns before every 64th event; their values are shared, not copied. */
  #checkpoints() {
    const checkpoints = [];
    const state = new Map();
    for (const event of this.events) {
      if (event.index % CHECKPOINT === 0) checkpoints.push(new Map(state));
      apply(event, state);
    }
    return checkpoints;
  }

  /** What the assigns were after the event with this index; before all events, nothing. */
  stateAt(index) {
    if (index < 0 || this.events.length === 0) return {};
    const from = Math.floor(index / CHECKPOINT);
    const state = new Map(this.checkpoints[from]);
    for (const event of this.events.slice(from * CHECKPOINT, index + 1)) apply(event, state);
    // Unlike an assignment, this takes `__proto__` for a key like any other.
    return Object.fromEntries(state);
  }

  /** How the assigns differ from before the event, or undefined. */
  changesAt(index) {
    const event = this.events[index];
    if (!event || !given(event)) return undefined;
    return difference(this.stateAt(index - 1), this.stateAt(index));
  }

  /** The names of the assigns that the event gives, each with whether that changed anything. */
  touchedAt(index) {
    const event = this.events[index];
    if (!event.touched) {
      const gives = given(event);
      const changes = this.changesAt(index)?.rows ?? [];
      const changed = new Set(changes.filter((row) => row.diff).map((row) => row.key));
      const names = gives ? new Set([...Object.keys(gives.assigns), ...changed]) : [];
      event.touched = [...names].map((name) => ({ name, changed: changed.has(name) }));
    }
    return event.touched;
  }

  /** The index of the last page that was opened by then, or -1. */
  pageAt(index) {
    return this.pages.findLastIndex((page) => page.index <= index);
  }
}

const TYPES = ["mount", "handle_params", "event", "info", "assigns"];
const rank = (type) => (TYPES.includes(type) ? TYPES.indexOf(type) : TYPES.length);
const isByUser = (type) => type === "event";
const byType = (a, b) => rank(a) - rank(b) || (a < b ? -1 : 1);

/** The assigns that an event carries, and whether they replace all others, as in the host. */
function given({ type, payload }) {
  if (!isRecord(payload)) return undefined;
  const { assigns, snapshot, delta } = payload;
  if (type === "mount" && isRecord(assigns)) return { assigns, all: true };
  if (type === "assigns" && isRecord(snapshot)) return { assigns: snapshot, all: true };
  if (type === "assigns" && isRecord(delta)) return { assigns: delta, all: false };
  return undefined;
}

function apply(event, state) {
  const gives = given(event);
  if (!gives) return;
  if (gives.all) state.clear();
  for (const [name, value] of Object.entries(gives.assigns)) state.set(name, value);
}

function same(a, b) {
  if (a === b) return true;
  if (isExact(a) && isExact(b)) return a.rawJSON === b.rawJSON;
  if (isList(a) && isList(b)) {
    return a.length === b.length && a.every((item, index) => same(item, b[index]));
  }
  if (!isRecord(a) || !isRecord(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]))
  );
}

/**
 * What is between two values: undefined if nothing, else `{ kind, before, after, rows }`, where
 * the kind is "added", "removed" or "changed", and two records or two lists have the rows of both.
 */
function difference(before, after) {
  if (before === NONE) return { kind: "added", before, after };
  if (after === NONE) return { kind: "removed", before, after };
  if (same(before, after)) return undefined;
  const rows =
    isRecord(before) && isRecord(after)
      ? recordRows(before, after)
      : isList(before) && isList(after)
        ? listRows(before, after)
        : undefined;
  return { kind: "changed", before, after, rows };
}

const row = (key, before, after) => {
  const diff = difference(before, after);
  return { key, value: after === NONE ? before : after, diff };
};

function recordRows(before, after) {
  const own = (record, key) => (Object.hasOwn(record, key) ? record[key] : NONE);
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return keys.map((key) => row(key, own(before, key), own(after, key)));
}

/** Items that both lists begin or end with are the same ones; those between are paired in order. */
function listRows(before, after) {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && same(before[head], after[head])) head++;
  let tail = 0;
  while (tail < shorter - head && same(before.at(-1 - tail), after.at(-1 - tail))) tail++;

  const rows = after.slice(0, head).map((value, index) => ({ key: index, value }));
  const end = Math.max(before.length, after.length) - tail;
  for (let index = head; index < end; index++) {
    const item = (list) => (index < list.length - tail ? list[index] : NONE);
    rows.push(row(index, item(before), item(after)));
  }
  for (let index = after.length - tail; index < after.length; index++) {
    rows.push({ key: index, value: after[index] });
  }
  return rows;
}

/** The rows of a value without any difference. */
function plainRows(value) {
  const keys = isList(value) ? [...value.keys()] : Object.keys(value).sort();
  return keys.map((key) => ({ key, value: value[key] }));
}

/** The innermost differences: `[path, diff]` each, the path being a list of keys. */
function* leaves(diff, path = []) {
  if (!diff.rows) {
    yield [path, diff];
    return;
  }
  for (const { key, diff: inner } of diff.rows) if (inner) yield* leaves(inner, [...path, key]);
}

/** Whether a text, in lower case, occurs in a key or a value, however deep. */
function occurs(needle, key, value) {
  if (String(key).toLowerCase().includes(needle)) return true;
  if (!isBranch(value)) return plain(value).toLowerCase().includes(needle);
  return Object.keys(value).some((inner) =>
    occurs(needle, isList(value) ? "" : inner, value[inner]),
  );
}

/** A value that has no others inside, as text. */
function plain(value) {
  if (value === null) return "nil";
  return isExact(value) ? value.rawJSON : String(value);
}
