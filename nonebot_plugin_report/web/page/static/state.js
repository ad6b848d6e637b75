// How it is going, at a glance.

import { get, post } from "./api.js";
import { days, runs } from "./charts.js";
import { connection, h, targetName, toast, words } from "./dom.js";
import { Live } from "./live.js";

const EVERY = 5000;
const SOON = 300;
const MUTES = [[1800, "30 分钟"], [7200, "2 小时"], [28800, "8 小时"], [43200, "12 小时"]];

export class State {
  constructor(me) {
    this.me = me;
    this.cards = h("div", { class: "cards" });
    this.plots = h("div", { class: "plots" });
    this.element = h("section", { class: "state", "aria-label": "概况" }, this.cards, this.plots);
    const soon = () => { clearTimeout(this.soon); this.soon = setTimeout(() => this.look(), SOON); };
    this.live = new Live({ report: soon, gone: soon, muted: soon, back: () => { connection(); soon(); }, lost: () => connection("连接断了，正在重连……") });
  }

  async show() {
    this.live.start();
    this.timer = setInterval(() => this.look(), EVERY);
    await Promise.all([this.draw(), this.drawPlots()]);
  }

  stop() {
    this.stopped = true;
    this.live.stop();
    clearInterval(this.timer);
    clearTimeout(this.soon);
  }

  // What somebody is about to choose stays as it is.
  look() {
    if (document.hidden || this.element.contains(document.activeElement)) return;
    this.draw();
  }

  async draw() {
    let state;
    try {
      state = await get("state");
      this.targets ??= (await get("known")).targets;
    } catch (error) {
      // What was seen stays: that the connection is lost is said above.
      if (error.status || !this.cards.firstChild) this.cards.replaceChildren(h("p", { class: "fault", role: "alert" }, error.message));
      return;
    }
    this.cards.replaceChildren(...[
      this.works(state), this.waiting(state), this.muted(state), this.failures(state), this.refusals(state), this.watches(state), this.disk(state),
    ].filter(Boolean));
  }

  works(state) {
    const bots = state.bots?.map((bot) => words(`${bot.online ? "🟢" : "🔴"} ${bot.id}（${bot.adapter}）${bot.online ? "" : "：连着，但不能发送"}`, "li"));
    const processes = (state.processes ?? []).map((one) => words(`${one.lapsed ? "🔴" : "🟢"} ${one.line}`, "li"));
    return card("机器人", state.fault ? "bad" : state.bots?.some((bot) => !bot.online) ? "warn" : "good",
      words(state.fault ? `❌ 收不下推送：${state.fault}` : "✅ 正常，能收下推送", "p"),
      bots && (bots.length ? h("ul", {}, bots) : h("p", {}, "还没有 QQ 机器人连上来；发给 QQ 的先存着")),
      processes.length > 0 && [h("p", {}, "共用数据库的"), h("ul", {}, processes)]);
  }

  waiting(state) {
    const lines = [
      ...(state.blocked ?? []).map((one) => line("⏸", one.target, one.bot ? `（由 ${one.bot} 发送）${one.line}` : one.line)),
      ...(state.retrying ?? []).map((one) => line("⏳", one.target, one.line)),
    ];
    const count = state.waiting === undefined ? "" : `${state.waiting} 条等着送出${state.oldest ? `，${state.oldest}` : ""}`;
    return card("等着的", lines.length ? "warn" : "", count && h("p", {}, state.waiting ? `⏳ ${count}` : "没有等着的"),
      lines.length ? h("ul", {}, lines) : !count && h("p", {}, "没有等着的"));
  }

  muted(state) {
    const targets = this.me.master ? this.targets : [this.me.own].filter(Boolean);
    if (!targets.length && !state.muted.length) return null;
    const rows = state.muted.map((one) => h("li", {}, `🔕 ${targetName(one.target)} ${one.line} `,
      h("button", { type: "button", onclick: () => this.mute(one.target, 0) }, "取消静音")));
    const quiet = (state.quiet ?? []).map((one) => words(`🌙 ${one.whose.includes(":") ? targetName(one.whose) : { "*": "所有接收者", superusers: "超级用户" }[one.whose] ?? one.whose} 每天 ${one.window}`, "li"));
    const whom = h("select", { name: "target", "aria-label": "静音谁" }, targets.map((one) => h("option", { value: one }, targetName(one))));
    const long = h("select", { name: "seconds", "aria-label": "静音多久" },
      MUTES.filter(([seconds]) => seconds < this.me.longest_mute).map(([seconds, text]) => h("option", { value: seconds }, text)));
    const form = h("form", { class: "row", onsubmit: (event) => { event.preventDefault(); this.mute(whom.value, Number(long.value)); } },
      whom, long, h("button", { type: "submit" }, "静音"));
    return card("静音", "", rows.length || quiet.length ? h("ul", {}, rows, quiet) : h("p", {}, "没有静音的"), targets.length > 0 && form);
  }

  async mute(target, seconds) {
    try {
      await post("mute", { target, seconds });
      toast(seconds ? "已静音；期间的推送到时合成摘要，紧急的照发" : "不再静音");
    } catch (error) {
      toast(error.message);
    }
    await this.draw();
  }

  failures(state) {
    const lines = (state.failures ?? []).flatMap((one) => one.deliveries
      .filter((each) => ["rejected", "expired", "unconfirmed"].includes(each.state))
      .map((each) => h("li", {}, h("a", { href: `#r=${one.id}` }, words(one.title || one.label || "推送")), "　", targetName(each.target), words(`：${each.line}`))));
    return card("一天之内没送到的", lines.length ? "warn" : "", lines.length ? h("ul", {}, lines) : h("p", {}, "都送到了"));
  }

  refusals(state) {
    if (!state.refusals?.length) return null;
    return card("最近没收下的推送", "warn", h("ul", {}, state.refusals.map((one) => words(`📪 ${one.line}`, "li"))));
  }

  watches(state) {
    if (!state.watches?.length) return null;
    return card("看门狗", state.watches.some((one) => one.overdue) ? "warn" : "", h("ul", {}, state.watches.map((one) =>
      words(`👀 ${one.line}：${one.overdue ? "过了时间，还没来" : one.due ? `在等，到 ${one.due}` : "现在不用等"}`, "li"))));
  }

  disk(state) {
    if (!state.disk) return null;
    const [used, free] = [size(state.disk.used), size(state.disk.free)];
    return card("磁盘", state.disk.free < 500 * 2 ** 20 ? "warn" : "", h("p", {}, `用了 ${used}，还剩 ${free}`));
  }

  // What was counted so far is shown at once.
  async drawPlots() {
    try {
      const charts = await get("charts");
      this.showPlots(charts);
      while (charts.rest && !this.stopped) {
        const part = await get("charts", { before: charts.rest });
        add(charts, part);
        this.showPlots(charts);
      }
    } catch (error) {
      this.plots.replaceChildren(h("p", { class: "fault" }, error.message));
    }
  }

  showPlots(charts) {
    this.plots.replaceChildren(days(charts), ...[charts.tasks.length > 0 && runs(charts.tasks)].filter(Boolean));
  }
}

// Add the counts of an earlier part.
function add(charts, part) {
  charts.rest = part.rest;
  for (const { result, counts } of part.results) {
    const same = charts.results.find((each) => each.result === result);
    if (same) same.counts = same.counts.map((count, day) => count + counts[day]);
    else charts.results.push({ result, counts });
  }
}

function card(title, kind, ...content) {
  return h("section", { class: `card ${kind}` }, h("h2", {}, title), ...content);
}

function line(mark, target, text) {
  return h("li", {}, `${mark} ${targetName(target)}`, words(`：${text}`));
}

function size(bytes) {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let unit = 0;
  for (; bytes >= 1024 && unit < units.length - 1; unit++) bytes /= 1024;
  return `${bytes.toFixed(bytes < 10 && unit > 0 ? 1 : 0)} ${units[unit]}`;
}
