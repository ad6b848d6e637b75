// Lets one in, and shows what the address says.

import { get, post, remove } from "./api.js";
import { connection, h, toast } from "./dom.js";
import { History } from "./history.js";

const KEY = /^#[\w-]{32}$/;
const TABS = [
  ["history", "历史", async (me) => new History(me, taken())],
  ["state", "概况", async (me) => new (await import("./state.js")).State(me)],
  ["setup", "设置", async (me) => new (await import("./setup.js")).Setup(me)],
  ["rules", "规则", async (me) => new (await import("./rules.js")).Rules(me), "master"],
];

const main = document.getElementById("main");
const tabs = document.getElementById("tabs");
let me = null;
let shown = null;
let turn = 0;
// What to send for a link: the bot says so to those who are not let in.
let command = "/推送 网页";

// What is shown first is asked for together with who asks.
let ahead = location.hash && location.hash !== "#history" ? null : get("reports");
ahead?.catch(() => {});

async function start() {
  const fault = KEY.test(location.hash) ? await enter({ key: location.hash.slice(1) }) : "";
  try {
    me = await get("me");
  } catch (error) {
    return login(fault || (error.status === 401 ? "" : error.message));
  }
  tabs.hidden = false;
  tabs.replaceChildren(
    ...TABS.filter((one) => !one[3] || me.master).map(([name, text]) => h("a", { href: `#${name}` }, text)),
    h("button", { type: "button", class: "leave", onclick: leave }, "退出"));
  await show();
}

// Why it does not let one in; empty: it does.
async function enter(body) {
  // A link is good once: it must not stay in the address, nor in the history.
  if (location.hash) history.replaceState(null, "", location.pathname);
  try {
    await post("session", body);
    return "";
  } catch (error) {
    return error.message;
  }
}

function login(fault = "") {
  stop();
  me = ahead = null;
  tabs.hidden = true;
  const token = h("input", { name: "token", type: "password", required: true, autocomplete: "current-password" });
  const form = h("form", {
    class: "login",
    onsubmit: async (event) => {
      event.preventDefault();
      const refused = await enter({ token: token.value });
      if (refused) login(refused);
      else await start();
    },
  },
  h("h2", {}, "看看收到的推送"),
  fault && h("p", { class: "fault", role: "alert" }, fault),
  h("p", {}, `在 QQ 里私聊机器人，发「${command}」，打开它给的链接；或者在这里填令牌：`),
  h("label", {}, "令牌", token),
  h("button", { class: "main", type: "submit" }, "进入"));
  main.replaceChildren(form);
}

function taken() {
  const found = ahead;
  ahead = null;
  return found;
}

async function leave() {
  try {
    await remove("session");
  } catch (error) {
    if (error.status !== 401) return toast(error.message);
  }
  me = null;
  await start();
}

function stop() {
  shown?.stop?.();
  shown = null;
  turn++;
  connection();
}

async function show() {
  stop();
  const mine = turn;
  const one = location.hash.match(/^#r=([0-9a-z]+)$/);
  const found = TABS.find(([name, , , who]) => location.hash === `#${name}` && (!who || me.master)) ?? TABS[0];
  for (const link of tabs.querySelectorAll("a")) {
    if (link.hash === `#${found[0]}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  let view;
  try {
    view = await found[2](me);
  } catch {
    return toast("连不上机器人，这一页打不开");
  }
  if (mine !== turn) return;
  shown = view;
  main.replaceChildren(view.element);
  document.title = `${found[1]} · 推送`;
  scrollTo({ top: 0 });
  await view.show(one?.[1]);
}

addEventListener("hashchange", () => {
  if (KEY.test(location.hash)) start();
  else if (me) show();
});
addEventListener("left", (event) => {
  command = event.detail ?? command;
  if (me) login("登录过期了，或者在别处被退出了");
});
start();
