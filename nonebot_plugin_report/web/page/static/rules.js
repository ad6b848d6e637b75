// Tries rules out on what has come. Nothing is changed: what is good is copied into `.env`.

import { get, postWith } from "./api.js";
import { clock, copy, dayName, h, targetName, toast, words } from "./dom.js";

const DAYS = [[1, "最近一天"], [7, "最近一周"], [30, "最近一个月"]];
const EXAMPLE = '[\n  {"event": "*.error", "urgent": true, "to": "superusers"}\n]';

export class Rules {
  constructor() {
    this.text = h("textarea", { name: "rules", rows: "10", spellcheck: "false", autocapitalize: "off", "aria-describedby": "rules-help" });
    this.days = h("select", { name: "days" }, DAYS.map(([days, text]) => h("option", { value: days, selected: days === 7 }, text)));
    this.result = h("div", { class: "tried", role: "status" });
    this.element = h("section", { class: "rules", "aria-label": "规则" },
      h("form", { class: "card", onsubmit: (event) => { event.preventDefault(); this.attempt(); } },
        h("h2", {}, "试试规则"),
        h("p", { class: "note", id: "rules-help" }, "改这里的规则，看最近的推送（最多 500 条）会变成什么样。只是试，不会改设置；满意了就复制到 .env，再重新启动。推送自己写明的接收者没有存下来，这里当作没有写。"),
        h("label", {}, "规则（JSON）", this.text),
        h("div", { class: "row" }, h("label", {}, "哪些推送", this.days), h("button", { class: "main", type: "submit" }, "试一试"))),
      this.result);
  }

  async show() {
    try {
      const { rules } = await get("rules");
      this.text.value = rules.length ? `[\n${rules.map((one) => `  ${JSON.stringify(one)}`).join(",\n")}\n]` : EXAMPLE;
    } catch (error) {
      toast(error.message);
    }
  }

  async attempt() {
    this.result.textContent = "正在试……";
    try {
      const said = await postWith("rules", { days: this.days.value }, { rules: this.text.value });
      if (said.fault) this.result.replaceChildren(words(said.fault, "p", { class: "fault" }));
      else this.draw(said);
    } catch (error) {
      this.result.replaceChildren(words(error.message, "p", { class: "fault" }));
    }
  }

  // What would change comes first.
  draw({ results, rest, setting }) {
    const [other, same] = [true, false].map((is) => results.filter((one) => changed(one) === is));
    const count = results.length ? `${results.length} 条：${other.length} 条会变，${same.length} 条不变` : "这些天里没有推送";
    this.result.replaceChildren(
      h("p", { class: "row" }, rest ? `${count}；更早的没有试` : count,
        h("button", { type: "button", onclick: () => copy(setting, "已复制；粘贴到 .env 里，再重新启动") }, "复制到 .env")),
      ...[...other, ...same].map(tried));
  }
}

const names = (targets) => targets.map(targetName).sort().join("、") || "不发给谁";
const before = (one) => names([...new Set(one.report.deliveries.map((each) => each.target))]);
const after = (one) => names(one.targets.map((each) => each.target));
const changed = (one) => before(one) !== after(one);

function tried(one) {
  const why = one.rules.length ? `符合第 ${one.rules.join("、")} 条` : "没有符合的规则";
  return h("article", { class: `card ${changed(one) ? "changed" : ""}` },
    h("h3", {}, words(`${one.report.icon} ${one.report.title || one.report.label || one.report.text.slice(0, 40)}`), " ", h("time", {}, `${dayName(one.report.at)} ${clock(one.report.at)}`)),
    h("p", {}, h("b", {}, "当时："), before(one)),
    h("p", {}, h("b", {}, "现在："), after(one), `（${[why, one.reason].filter(Boolean).join("；")}）`),
    one.targets.length > 0 && h("details", {}, h("summary", {}, "发出的文字"), h("ul", {}, one.targets.map((each) =>
      h("li", {}, h("b", {}, targetName(each.target)), each.how.length ? `（${each.how.join("；")}）` : "", words(`：${each.words}`))))));
}
