// One report, as it stands in the history.

import { address, get, HOME, post, remove } from "./api.js";
import { ask, clock, copy, h, resultName, targetName, toast, whole, words } from "./dom.js";

const MARKS = { waiting: "⏳", delivered: "✅", rejected: "🚫", expired: "⌛", unconfirmed: "❔" };
const STATES = { waiting: "等待", delivered: "送达", rejected: "被拒绝", expired: "放弃", unconfirmed: "未确认" };

export function reportElement(one, page) {
  const text = words(one.text, "div", { class: "text" });
  const title = words(one.title || one.label || "推送", "h3");
  const more = one.more && h("button", { class: "link", type: "button", onclick: () => open(one, article, more, title, text) }, "展开全文");
  const article = h("article", { id: `r-${one.id}`, class: "report", "data-id": one.id, "data-at": one.at, tabindex: "-1" },
    h("header", {},
      one.icon && words(one.icon, "span", { class: "icon", title: resultName(one.result) }),
      title,
      h("time", { datetime: new Date(one.at * 1000).toISOString(), title: whole(one.at) }, clock(one.at)),
      menu(one, page)),
    one.text && text,
    more,
    one.pictures > 0 && pictures(one),
    about(one, page));
  return article;
}

// What was said stays; what became of it changes.
export function redraw(article, one, page) {
  const footer = article.querySelector("footer");
  const made = about(one, page);
  const shown = [footer, made].map((each) => each.querySelector(".deliveries"));
  if (shown[0]?.open && shown[1]) shown[1].open = true;
  const focused = footer.contains(document.activeElement);
  footer.replaceWith(made);
  if (focused) article.focus({ preventScroll: true });
}

function pictures(one) {
  const row = h("div", { class: "pictures" });
  for (let number = 0; number < one.pictures; number++) {
    const name = `图片 ${number + 1}，共 ${one.pictures} 张`;
    const image = h("img", { src: address(`reports/${one.id}/pictures/${number}`, { small: "1" }), alt: name, loading: "lazy", decoding: "async" });
    const button = h("button", { class: "picture", type: "button", "aria-label": `放大：${name}` }, image);
    image.addEventListener("error", () => button.replaceChildren(h("span", { class: "gone" }, "图片看不了")));
    button.addEventListener("click", async () => {
      const { showPictures } = await import("./picture.js");
      showPictures(one, number, button);
    });
    row.append(button);
  }
  return row;
}

function about(one, page) {
  const facts = [
    one.event && one.label !== one.title && h("button", { class: "chip", type: "button", title: "只看这种事件", onclick: () => page.look({ event: one.event }) }, words(one.label)),
    page.me.master && !["", "master", "self"].includes(one.source) && h("button", { class: "chip", type: "button", title: "只看这个令牌的", onclick: () => page.look({ source: one.source }) }, words(`令牌 ${one.source}`)),
  ].filter(Boolean);
  return h("footer", {}, facts, one.deliveries.length ? deliveries(one) : words(`没有发出：${one.note || "没有接收者"}`, "p", { class: "note" }));
}

function deliveries(one) {
  const counts = new Map();
  for (const each of one.deliveries) counts.set(each.state, (counts.get(each.state) ?? 0) + 1);
  const short = [...counts].map(([state, count]) => `${MARKS[state]} ${STATES[state]}${count > 1 ? ` ${count}` : ""}`).join("　");
  const failed = one.deliveries.some((each) => !["delivered", "waiting"].includes(each.state));
  return h("details", { class: "deliveries", open: failed },
    h("summary", {}, short),
    h("ul", {}, one.deliveries.map((each) =>
      h("li", { class: each.state }, h("b", {}, targetName(each.target)), words(`：${each.line}`)))));
}

async function open(one, article, more, title, text) {
  try {
    const all = await get(`reports/${one.id}`);
    title.textContent = all.title || one.label;
    text.textContent = all.text;
    if (all.data) article.insertBefore(h("details", { class: "data" }, h("summary", {}, "附带的数据"), words(pretty(all.data), "pre")), more);
    if (all.remark) article.insertBefore(words(all.remark, "p", { class: "readings" }), more);
  if (all.readings.length) article.insertBefore(words(`读出：${all.readings.map((each) => each.words).join("；")}`, "p", { class: "readings" }), more);
    if (!text.isConnected) article.insertBefore(text, more);
    more.remove();
  } catch (error) {
    toast(error.message);
  }
}

function pretty(json) {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}

function menu(one, page) {
  const item = (text, act) => h("button", { type: "button", onclick: () => { details.open = false; details.firstChild.focus(); act(); } }, text);
  const details = h("details", { class: "menu" },
    h("summary", { "aria-label": "能对它做的" }, "⋯"),
    h("div", { class: "items" },
      one.deliveries.length > 0 && item("再发一次", () => again(one)),
      page.me.master && item("发给别人…", () => toOthers(one, page)),
      item("复制文字", () => copyText(one)),
      item("复制链接", () => copy(new URL(`#r=${one.id}`, HOME).href, "链接已复制；能看到它的人才打得开")),
      page.me.master && item("删除…", () => erase(one, page))));
  details.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { details.open = false; details.firstChild.focus(); }
  });
  return details;
}

async function copyText(one) {
  const all = one.more ? await get(`reports/${one.id}`).catch(() => one) : one;
  copy([all.title, all.text].filter(Boolean).join("\n"));
}

async function tried(act, said) {
  try {
    await act();
    toast(said);
  } catch (error) {
    toast(error.message);
  }
}

const again = (one) => tried(() => post(`reports/${one.id}/resend`), "已经再发一次");

async function toOthers(one, page) {
  const known = await page.known();
  const field = h("input", { name: "target", list: "targets", required: true, placeholder: "group:777、private:10001、channel:phone" });
  const body = h("label", {}, "发给谁", field, h("datalist", { id: "targets" }, known.targets.map((each) => h("option", { value: each }, targetName(each)))));
  if (await ask("发给别人", body, "发送") && field.value) {
    await tried(() => post(`reports/${one.id}/resend`, { targets: [field.value.trim()] }), `已发给 ${field.value}`);
  }
}

async function erase(one, page) {
  const body = h("p", {}, words(one.title || one.label), "：删掉就找不回来了；还没送出的也不再送。");
  if (await ask("删除这条推送？", body, "删除")) {
    await tried(async () => { await remove(`reports/${one.id}`); page.gone(one.id); }, "已删除");
  }
}
