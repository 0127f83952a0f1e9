"use strict";

// Runs behind the page's own script, uses the page as a person would, and writes down what it
// showed as JSON into an element that is read by the test.

const pass = (ms = 0) => new Promise((resolve) => setTimeout(resolve, ms));
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const position = () => Number(byId("timeline").ariaValueNow);

/** The text of an element, with its escapes resolved where it has any. */
function raw(element) {
  const short = { "\\n": "\n", "\\r": "\r", "\\t": "\t" };
  const long = (text) => String.fromCodePoint(parseInt(text.slice(3, -1), 16));
  return [...element.childNodes]
    .map((node) =>
      node.className === "escape"
        ? (short[node.textContent] ?? long(node.textContent))
        : node.textContent,
    )
    .join("");
}

async function openAll(within) {
  for (;;) {
    const closed = all("details:not([open])", within);
    const cut = all("button.more", within);
    if (closed.length + cut.length === 0) return;
    for (const details of closed) details.open = true;
    for (const button of cut) button.click();
    await pass();
  }
}

/** The value that a tree shows, as JSON. */
function shown(list, isList) {
  const items = [...list.children].filter((item) => item.className !== "removed");
  const parts = items.map((item) => {
    const [line] = item.children;
    const value = line.matches("details") ? branch(line) : leaf(line.lastElementChild);
    return isList ? value : `${JSON.stringify(raw(all(".key", line)[0]))}:${value}`;
  });
  return isList ? `[${parts}]` : `{${parts}}`;
}

function branch(details) {
  const [summary, list] = details.children;
  return shown(list, all(".count", summary)[0].textContent !== "");
}

function leaf(element) {
  if (element.className === "string") return JSON.stringify(raw(element).slice(1, -1));
  return element.textContent === "nil" ? "null" : element.textContent;
}

async function stateShown(index) {
  go(index);
  const list = byId("assigns").querySelector("ul");
  if (!list) return "{}";
  await openAll(list);
  return shown(list, false);
}

function press(key) {
  document.activeElement.dispatchEvent(
    new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }),
  );
}

async function keys() {
  const out = {};
  const moves = [
    "ArrowRight",
    "PageDown",
    "ArrowLeft",
    "End",
    "ArrowRight at the end",
    "PageUp",
    "Home",
  ];
  go(0);
  for (const name of moves) {
    press(name.split(" ")[0]);
    out[name] = position();
  }
  press("/");
  out["/"] = document.activeElement.id;
  press("Escape");
  out.Escape = document.activeElement.id;
  press("?");
  out["?"] = byId("keys").open;
  byId("keys").close();
  document.activeElement.blur();
  const playing = () => byId("play").ariaPressed === "true";
  press(" ");
  out.Space = playing();
  press(" ");
  out["Space again"] = playing();
  press(" ");
  await pass(session.duration + 1000);
  out["played to the end"] = [position(), playing()];
  return out;
}

function find() {
  const type = (text) => {
    byId("search").value = text;
    byId("search").dispatchEvent(new Event("input"));
  };
  const names = () => all("#assigns > ul > li").map((item) => raw(all(".key", item)[0]));
  go(last);
  type("item 3");
  const out = { shown: names(), marked: all("#assigns mark").map((mark) => mark.textContent) };
  go(0);
  byId("search").focus();
  press("Enter");
  out.next = position();
  type("not there");
  out.nowhere = names();
  press("Escape");
  return out;
}

async function probe() {
  await pass(100);
  const count = Number(all("[role=option]")[0]?.ariaSetSize ?? 0);
  const states = [];
  const marks = [];
  const asked = JSON.parse(byId("asked").textContent);
  for (const index of asked.at) {
    states.push(await stateShown(index));
    marks.push(all(".changes li").map((item) => `${item.className} ${raw(all(".key", item)[0])}`));
  }
  const rows = all("[role=option]").length;
  const known = [
    "html head meta title style body header h1 bdi ul li div button svg path circle dl dt",
    "dd nav ol time section g rect text span label select option input main h2 search kbd",
    "details summary p dialog form noscript script mark del code",
  ].flatMap((names) => names.split(" "));
  const report = { count, states: 0, marks, rows };
  if (asked.tour === "find") report.found = find();
  if (asked.tour === "keys") report.keys = await keys();
  for (const details of all("details:not([open])")) details.open = true;
  await pass();
  const text = document.body.innerText;
  report.text = text;
  report.hacked = "hacked" in window;
  report.foreign = all("*")
    .map((element) => element.localName)
    .filter((name) => !known.includes(name));
  report.unseen =
    (text + document.title).match(
      /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    ) ?? [];
  const plainText = (json) =>
    json.replace(
      /[<>&\u00a0]/g,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
  const answer = document.createElement("pre");
  answer.id = "answer";
  // The states are JSON already, and their numbers have to stay as they are.
  answer.textContent = plainText(
    JSON.stringify(report).replace('"states":0', () => `"states":[${states}]`),
  );
  document.body.append(answer);
}

probe();
