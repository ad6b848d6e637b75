// Setting it up: steps that tick themselves, what to paste where, a test, and who is in.

import { get, post, remove } from "./api.js";
import { connection, copy, h, targetName, toast, whole, words } from "./dom.js";

const EVERY = 3000;
const CHECK_EVERY = 30000;
const TRIES = 60;
const MARKS = { 正常: "✅", 提醒: "⚠️", 错误: "❌" };

export class Setup {
  constructor(me) {
    this.me = me;
    this.steps = h("section", { class: "card", hidden: true });
    this.checks = h("section", { class: "card", hidden: true, "aria-label": "检查" });
    this.tools = h("section", { class: "card" });
    this.test = h("section", { class: "card" });
    this.browsers = h("section", { class: "card" });
    this.element = h("section", { class: "setup", "aria-label": "设置" }, this.steps, this.checks, this.tools, this.test, this.browsers);
  }

  async show() {
    if (this.me.master) this.check(); // it asks QQ, which may take a while
    try {
      const setup = await get("setup");
      this.drawSteps(setup);
      this.drawTools(setup.tools);
      await Promise.all([this.drawTest(), this.drawBrowsers()]);
    } catch (error) {
      this.element.prepend(h("p", { class: "fault", role: "alert" }, error.message));
      return;
    }
    if (this.me.master && !this.stopped) this.timers = [
      setInterval(() => document.hidden || this.look(), EVERY),
      setInterval(() => document.hidden || this.check(), CHECK_EVERY),
    ];
  }

  stop() {
    this.timers?.forEach(clearInterval);
    this.stopped = true;
  }

  async look() {
    const setup = await get("setup").catch(() => null);
    if (this.stopped) return;
    connection(setup ? "" : "连不上机器人，正在重试……");
    if (setup && !this.steps.contains(document.activeElement)) this.drawSteps(setup);
  }

  drawSteps({ steps }) {
    if (!steps) return;
    const left = steps.filter((one) => !one.done).length;
    const next = steps.findIndex((one) => !one.done);
    if (this.left > left) this.check();
    this.left = left;
    this.steps.hidden = false;
    this.steps.replaceChildren(
      h("h2", {}, left ? `还差 ${left} 步` : "都设置好了"),
      h("ol", { class: "steps" }, steps.map((one, at) => h("li", { class: one.done ? "done" : at === next ? "next" : "" },
        h("p", {}, h("span", { role: "img", "aria-label": one.done ? "做好了" : "还没做" }, one.done ? "✅" : "⬜"), ` ${one.text}`),
        !one.done && words(one.advice, "p", { class: "note" }),
        !one.done && one.copy && copied(one.copy)))));
  }

  async check() {
    const found = await get("findings").catch(() => null);
    if (found && !this.checks.contains(document.activeElement)) this.drawChecks(found.findings);
  }

  // What the doctor says: what is to be mended first.
  drawChecks(findings) {
    const [bad, good] = [false, true].map((fine) => findings.filter((one) => (one.level === "正常") === fine));
    const list = (some) => h("ul", { class: "checks" }, some.map((one) => h("li", {},
      h("p", {}, h("span", { role: "img", "aria-label": one.level }, MARKS[one.level]), words(` ${one.text}`)),
      one.advice && words(`→ ${one.advice}`, "p", { class: "note" }))));
    const opened = this.checks.querySelector("details")?.open;
    this.checks.hidden = false;
    this.checks.className = `card ${bad.some((one) => one.level === "错误") ? "bad" : bad.length ? "warn" : "good"}`;
    this.checks.replaceChildren(...[
      h("h2", {}, bad.length ? `检查：有 ${bad.length} 处要看看` : "检查：没有发现问题"),
      bad.length > 0 && list(bad),
      good.length > 0 && h("details", { class: "numbers", open: opened }, h("summary", {}, `${good.length} 项没有问题`), list(good)),
    ].filter(Boolean));
  }

  drawTools(tools) {
    const place = h("div", { class: "fields" });
    const draw = (tool) => place.replaceChildren(
      words(tool.where, "p", { class: "note" }),
      ...tool.fields.flatMap(({ name, value, said }) => [name && h("p", { class: "name" }, name), said ? h("p", {}, value) : copied(value)].filter(Boolean)),
      ...(tool.note ? [words(tool.note, "p", { class: "note" })] : []));
    const choose = h("select", { onchange: () => draw(tools[choose.selectedIndex]) }, tools.map((one) => h("option", {}, one.label)));
    this.tools.replaceChildren(h("h2", {}, "工具里填什么"), h("label", {}, "哪个工具", choose), place);
    draw(tools[0]);
  }

  async drawTest() {
    const targets = this.me.master ? (await get("known")).targets : [];
    const whom = targets.length > 0 && h("select", { "aria-label": "发给谁" }, h("option", { value: "" }, "按规则发"), targets.map((one) => h("option", { value: one }, targetName(one))));
    const result = h("div", { role: "status" });
    const button = h("button", { type: "submit", class: "main" }, "发一条测试推送");
    this.test.replaceChildren(h("h2", {}, "试一试"),
      h("form", { class: "row", onsubmit: async (event) => {
        event.preventDefault();
        button.disabled = true;
        await this.follow(whom ? whom.value : "", result);
        button.disabled = false;
      } }, whom || null, button), result);
  }

  async follow(target, result) {
    try {
      result.textContent = "已收下，正在发……";
      const { id, deliveries } = await post("test", target ? { target } : {});
      if (!deliveries.length) { result.textContent = "收下了，但规则没有让它发给谁"; return; }
      for (let tries = 0; tries < TRIES && !this.stopped; tries++) {
        const one = await get(`reports/${id}`);
        result.replaceChildren(h("ul", {}, one.deliveries.map((each) => h("li", {}, `${each.state === "delivered" ? "✅" : each.state === "waiting" ? "⏳" : "🚫"} ${targetName(each.target)}`, words(`：${each.line}`)))));
        if (one.deliveries.every((each) => each.state !== "waiting")) return;
        await new Promise((done) => setTimeout(done, 1000));
      }
    } catch (error) {
      result.textContent = error.message;
    }
  }

  async drawBrowsers() {
    const { sessions } = await get("sessions");
    this.browsers.replaceChildren(h("h2", {}, "登录着的浏览器"), h("ul", { class: "browsers" }, sessions.map((one) =>
      h("li", {}, h("div", {}, h("p", {}, h("b", {}, one.who), one.this ? "（这一个）" : ""), words(browserName(one.agent), "p", { class: "note" }),
        h("p", { class: "note" }, `${whole(one.created_at)} 登录`)),
        h("button", { type: "button", "aria-label": `让它退出：${one.who} ${whole(one.created_at)}`, onclick: () => this.end(one) }, "退出")))));
  }

  async end(one) {
    try {
      await remove(`sessions/${one.id}`);
      if (one.this) dispatchEvent(new Event("left"));
      else await this.drawBrowsers();
    } catch (error) {
      toast(error.message);
    }
  }
}

// The few words of what a browser says of itself that its user knows.
function browserName(agent) {
  const found = [/Edg|OPR|Firefox|MQQBrowser|MicroMessenger|QQ(?=\/)|Chrome|Safari/, /Android|iPhone|iPad|Windows|Mac OS|Linux/].map((one) => agent.match(one)?.[0]);
  return found.filter(Boolean).join("，").replace("Edg", "Edge") || agent || "没有说自己是什么";
}

function copied(value) {
  return h("div", { class: "copied" }, h("code", {}, value), h("button", { type: "button", onclick: () => copy(value) }, "复制"));
}
