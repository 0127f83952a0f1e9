// Trees of values: branches open and close, and are built only once they are open.

const ITEMS = 100;
const LETTERS = 300;
const SMALL = 8;
const SIGNS = { added: "+", removed: "−", changed: "•" };

class Tree {
  constructor(element) {
    this.element = element;
    // What somebody opened or closed stays so, whichever event is shown.
    this.chosen = new Map();
    this.needle = "";
  }

  /** Shows rows of `{ key, value, diff }`; with a needle, only those in which it occurs. */
  show(rows, needle = "") {
    const focused = document.activeElement?.dataset?.path;
    this.needle = needle;
    this.element.replaceChildren(this.#list(rows, [], false));
    if (focused) this.#summary(focused)?.focus({ preventScroll: true });
  }

  #summary(path) {
    return [...this.element.querySelectorAll("summary")].find(
      ({ dataset }) => dataset.path === path,
    );
  }

  #list(rows, path, inList) {
    const list = el("ul");
    const shown = this.needle ? rows.filter((row) => this.#isHit(row, inList)) : rows;
    const more = (from) => {
      list.append(...shown.slice(from, from + ITEMS).map((row) => this.#item(row, path)));
      const left = shown.length - from - ITEMS;
      if (left <= 0) return;
      const button = el("button", { type: "button", className: "more" }, `${grouped(left)} more`);
      button.onclick = () => {
        button.parentElement.remove();
        more(from + ITEMS);
      };
      list.append(el("li", {}, button));
    };
    more(0);
    return list;
  }

  #item({ key, value, diff }, above) {
    const head = el("span", { className: "key" }, ...nodes(String(key), this.needle));
    const sign = diff ? [signOf(diff.kind)] : [];
    const was = diff?.kind === "changed" && !diff.rows ? [wasText(diff.before)] : [];
    const line = [...sign, head, ...was];
    const branch = isBranch(value) && (diff?.rows ?? Object.keys(value)).length > 0;
    return el(
      "li",
      { className: diff?.kind ?? "" },
      branch
        ? this.#branch([...above, key], value, diff, line)
        : el("div", { className: "line" }, ...line, this.#leaf(value)),
    );
  }

  #branch(path, value, diff, line) {
    const rows = diff?.rows ?? plainRows(value);
    const name = JSON.stringify(path);
    const inside = this.needle !== "" && rows.some((row) => this.#isHit(row, isList(value)));
    const summary = el("summary", {}, ...line, ...shapeOf(value));
    summary.dataset.path = name;
    const details = el("details", {}, summary);
    details.open = this.needle ? inside : this.#isOpen(name, path, value, diff);
    const fill = () => {
      if (!details.open || details.children.length > 1) return;
      // Where only its own name is what was looked for, all that is in it is of interest.
      const needle = this.needle;
      if (!inside) this.needle = "";
      details.append(this.#list(rows, path, isList(value)));
      this.needle = needle;
    };
    fill();
    details.ontoggle = fill;
    summary.onclick = () => this.chosen.set(name, !details.open);
    return details;
  }

  #isHit({ key, value }, inList) {
    return occurs(this.needle, inList ? "" : key, value);
  }

  #isOpen(name, path, value, diff) {
    if (this.chosen.has(name)) return this.chosen.get(name);
    if (diff?.rows) return true;
    return path.length === 1 && Object.keys(value).length <= SMALL && !calendar(value);
  }

  #leaf(value) {
    if (typeof value !== "string") {
      const text = isBranch(value) ? preview(value) : plain(value);
      return el("span", { className: wordOrNumber(value) }, ...nodes(text, this.needle));
    }
    const quoted = (text) => ['"', ...nodes(text, this.needle), '"'];
    const span = el("span", { className: "string" }, ...quoted(start(value, LETTERS)));
    if (value.length > LETTERS) {
      const text = `all ${grouped(value.length)} characters`;
      const button = el("button", { type: "button", className: "more" }, text);
      button.onclick = () => span.replaceChildren(...quoted(value));
      span.append("… ", button);
    }
    return span;
  }
}

const wordOrNumber = (value) => (value === null || typeof value === "boolean" ? "word" : "number");

/** What a branch is, for its line: a preview, and how many there are. */
function shapeOf(value) {
  const count = Object.keys(value).length;
  return [
    el("span", { className: "preview" }, preview(value)),
    el(
      "span",
      { className: "count" },
      isList(value) ? `${grouped(count)} ${count === 1 ? "item" : "items"}` : "",
    ),
  ];
}

function signOf(kind) {
  return el("span", { className: "sign", role: "img", ariaLabel: kind, title: kind }, SIGNS[kind]);
}

function wasText(value) {
  return el(
    "span",
    { className: "was" },
    el("del", {}, preview(value)),
    el("span", { ariaHidden: "true" }, " → "),
  );
}

/** A list of differences by their paths, each with what was and what is. */
function changeList(diff, limit = 50) {
  const all = [...leaves(diff)];
  const items = all
    .slice(0, limit)
    .map(([path, { kind, before, after }]) =>
      el(
        "li",
        { className: kind },
        signOf(kind),
        el("span", { className: "key" }, ...nodes(pathText(path))),
        ...(kind === "changed" ? [wasText(before)] : []),
        kind === "removed"
          ? el("del", {}, preview(before, 120))
          : el("span", { className: "now" }, preview(after, 120)),
      ),
    );
  const more = `and ${grouped(all.length - limit)} more, marked below`;
  if (all.length > limit) items.push(el("li", { className: "note" }, more));
  return el("ul", { className: "changes" }, ...items);
}
