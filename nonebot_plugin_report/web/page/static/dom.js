// Elements, made of plain values: text is never read as HTML.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((one) => one !== null && one !== undefined && one !== false));
  return element;
}

export function h(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

export function svg(tag, properties = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

// Words from outside: their direction ends where they end.
export function words(text, tag = "span", properties = {}) {
  return h(tag, { dir: "auto", ...properties, class: `words ${properties.class ?? ""}`.trim() }, text);
}

export function toast(text) {
  const one = h("p", { class: "toast" }, text);
  document.getElementById("toasts").append(one);
  setTimeout(() => one.remove(), 6000);
}

// How the connection does, where everybody sees it.
export function connection(text = "") {
  document.getElementById("connection").textContent = text;
}

export async function copy(text, what = "已复制") {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Only on HTTPS and on this machine may a page use the clipboard in that way.
    const area = h("textarea", { class: "away", readonly: true, "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (!done) return toast("复制不了，请手动选中");
  }
  toast(what);
}

// Ask in a dialog: whether one wants to. What Enter does in a field is the first button that submits.
export function ask(title, body, action) {
  const dialog = h("dialog", { class: "ask", "aria-label": title });
  const form = h("form", { method: "dialog" },
    h("h2", {}, title), body,
    h("p", { class: "buttons" },
      h("button", { type: "button", onclick: () => dialog.close() }, "取消"),
      h("button", { value: "yes", class: "main", type: "submit" }, action)));
  dialog.append(form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}

const CLOCK = new Intl.DateTimeFormat("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });
const DAY = new Intl.DateTimeFormat("zh-CN", { month: "long", day: "numeric", weekday: "short" });
const WHOLE = new Intl.DateTimeFormat("zh-CN", { dateStyle: "medium", timeStyle: "medium", hour12: false });

export const clock = (at) => CLOCK.format(at * 1000);
export const whole = (at) => WHOLE.format(at * 1000);
export const dayKey = (at) => new Date(at * 1000).toDateString();

export function dayName(at) {
  const key = dayKey(at);
  const now = Date.now() / 1000;
  if (key === dayKey(now)) return "今天";
  if (key === dayKey(now - 86400)) return "昨天";
  return DAY.format(at * 1000);
}

const KINDS = { private: "QQ", group: "群", channel: "渠道" };

export function targetName(target) {
  const [kind, ...rest] = target.split(":");
  return `${KINDS[kind] ?? kind} ${rest.join(":")}`;
}

export function lasting(seconds) {
  const minutes = Math.round(seconds / 60);
  if (minutes < 1) return `${Math.round(seconds)} 秒`;
  if (minutes < 60) return `${minutes} 分`;
  return `${Math.floor(minutes / 60)} 小时${minutes % 60 ? ` ${minutes % 60} 分` : ""}`;
}

export const RESULTS = { 0: "✅ 成功", 1: "❌ 失败", 2: "⚠️ 部分成功", "": "没有结果" };
export const resultName = (result) => RESULTS[result] ?? result;
