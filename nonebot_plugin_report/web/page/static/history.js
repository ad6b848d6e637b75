// The history: newest first, live, looked through by words and filters.

import { address, get } from "./api.js";
import { connection, dayKey, dayName, h, resultName, targetName, toast, words } from "./dom.js";
import { Live } from "./live.js";
import { redraw, reportElement } from "./report.js";

// Reports after which no earlier ones are looked for until somebody scrolls.
const ENOUGH = 20;
const FIELDS = ["words", "event", "result", "source", "target", "day"];
const ELSEWHERE = ["pointerdown", "focusin"];
const LABELS = { event: "事件", result: "结果", source: "令牌", target: "接收者", day: "日期" };

// The order of the history: by when they came, then by id.
function isNewer(one, other) {
  const by = one.dataset.at - other.dataset.at;
  return by > 0 || (by === 0 && one.dataset.id > other.dataset.id);
}

export class History {
  // `ahead`: the first part, if it was asked for already.
  constructor(me, ahead) {
    this.me = me;
    this.ahead = ahead;
    this.wanted = {};
    this.rest = "";
    this.turn = 0;
    this.reading = false;
    this.choices = null;
    this.feed = h("div", { class: "feed" });
    this.end = h("p", { class: "end", role: "status" });
    this.fresh = h("button", { class: "fresh", type: "button", hidden: true, onclick: () => this.toTop() });
    this.element = h("section", { class: "history", "aria-label": "历史" }, this.bar(), this.fresh, this.feed, this.end);
    this.watch = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && this.more(), { rootMargin: "800px" });
    this.live = new Live({
      report: (one) => this.take(one),
      gone: (id) => this.gone(id),
      muted: () => {},
      back: () => { connection(); this.refresh(); },
      lost: () => connection("连接断了，正在重连……"),
    });
    this.elsewhere = (event) => this.closeMenus(event.target);
    for (const kind of ELSEWHERE) document.addEventListener(kind, this.elsewhere);
  }

  async show(report) {
    if (report) return this.showOne(report);
    await this.look({});
  }

  stop() {
    for (const kind of ELSEWHERE) document.removeEventListener(kind, this.elsewhere);
    this.watch.disconnect();
    this.live.stop();
    this.turn++;
  }

  bar() {
    this.form = h("form", { class: "bar", role: "search", onsubmit: (event) => { event.preventDefault(); this.look(this.said()); } },
      h("input", { type: "search", name: "words", placeholder: "找找看", "aria-label": "在文字里找", maxlength: "64", enterkeyhint: "search" }),
      h("button", { type: "submit" }, "找"),
      h("button", { type: "button", class: "filters", "aria-expanded": "false", "aria-controls": "filters", onclick: () => this.openFilters() }, "筛选"));
    this.filters = h("div", { id: "filters", class: "panel", hidden: true });
    this.chosen = h("div", { class: "chosen", "aria-label": "正在按这些找" });
    this.form.elements.words.addEventListener("search", () => this.look(this.said()));
    return h("div", { class: "find" }, this.form, this.filters, this.chosen);
  }

  said() {
    const said = { words: this.form.elements.words.value.trim() };
    for (const field of this.filters.querySelectorAll("select, input")) said[field.name] = field.value;
    return { ...this.wanted, ...said };
  }

  async known() {
    this.choices ??= await get("known");
    return this.choices;
  }

  async openFilters() {
    const button = this.form.querySelector(".filters");
    this.filters.hidden = !this.filters.hidden;
    button.setAttribute("aria-expanded", String(!this.filters.hidden));
    if (this.filters.hidden) return;
    this.choices = null;
    try {
      this.drawFilters(await this.known());
    } catch (error) {
      toast(error.message);
    }
  }

  drawFilters(known) {
    const choose = (name, values, shown) => values.length > 0 && h("label", {}, LABELS[name],
      h("select", { name, "aria-label": LABELS[name], onchange: () => this.look(this.said()) },
        h("option", { value: "" }, "全部"),
        values.map((value) => h("option", { value, selected: this.wanted[name] === value }, shown(value)))));
    this.filters.replaceChildren(...[
      choose("event", known.events, (value) => value),
      choose("result", known.results, resultName),
      choose("source", known.sources, (value) => value),
      choose("target", known.targets, targetName),
      h("label", {}, LABELS.day, h("input", { type: "date", name: "day", value: this.wanted.day, onchange: () => this.look(this.said()) })),
      h("p", { class: "export" }, "导出找到的：",
        h("a", { class: "csv", download: "", href: address("reports.csv", this.wanted) }, "表格（CSV）"), " ",
        h("a", { class: "zip", download: "", href: address("reports.zip", this.wanted) }, "连图片（ZIP）")),
    ].filter(Boolean));
  }

  drawChosen() {
    const chips = FIELDS.filter((name) => this.wanted[name]).map((name) => {
      const value = this.wanted[name];
      const shown = { result: resultName, target: targetName }[name]?.(value) ?? value;
      const text = name === "words" ? `“${shown}”` : `${LABELS[name]}：${shown}`;
      return h("button", { class: "chip on", type: "button", title: "不再按它找", onclick: () => this.look({ ...this.wanted, [name]: "" }) }, words(text), " ✕");
    });
    this.chosen.replaceChildren(...chips);
    for (const [name, path] of [["csv", "reports.csv"], ["zip", "reports.zip"]]) {
      this.filters.querySelector(`.${name}`)?.setAttribute("href", address(path, this.wanted));
    }
    this.form.elements.words.value = this.wanted.words ?? "";
  }

  get filtered() {
    return FIELDS.some((name) => this.wanted[name]);
  }

  async look(wanted) {
    this.wanted = Object.fromEntries(FIELDS.map((name) => [name, wanted[name] ?? ""]));
    this.drawChosen();
    this.single = this.form.hidden = false;
    this.turn++;
    this.rest = "";
    this.feed.replaceChildren();
    this.watch.disconnect();
    this.reading = false;
    await this.read();
    const first = this.feed.querySelector("article");
    if (!this.live.source) this.live.start(first ? `${first.dataset.at}_${first.dataset.id}` : "");
    this.watch.observe(this.end);
  }

  more() {
    if (this.rest && !this.reading) this.read();
  }

  async read() {
    const turn = this.turn;
    this.reading = true;
    this.end.textContent = "正在找……";
    try {
      let shown = 0;
      do {
        const asked = this.ahead ?? get("reports", { ...this.wanted, before: this.rest });
        this.ahead = null;
        const part = await asked;
        if (turn !== this.turn) return;
        this.rest = part.rest;
        for (const report of part.reports) this.put(report);
        shown += part.reports.length;
        this.showProgress(part);
      } while (this.rest && shown < ENOUGH && !document.hidden);
    } catch (error) {
      if (turn !== this.turn) return;
      this.end.replaceChildren(error.message, " ", h("button", { type: "button", onclick: () => this.read() }, "再试一次"));
    } finally {
      if (turn === this.turn) this.reading = false;
    }
    // What is still in sight is not told again.
    this.watch.unobserve(this.end);
    if (turn === this.turn && this.rest) this.watch.observe(this.end);
  }

  showProgress(part) {
    if (part.rest) this.end.textContent = this.filtered ? `${dayName(part.back_to)}以来的找过了，再往前还有……` : "往前还有……";
    else if (this.feed.querySelector("article")) this.end.textContent = "没有更早的了";
    else this.end.textContent = this.filtered ? "没有找到" : "还没有推送。到「设置」里看看怎么开始。";
  }

  // Put a report where it belongs, or show what has changed of it.
  put(one) {
    const old = document.getElementById(`r-${one.id}`);
    if (old) {
      redraw(old, one, this);
      return;
    }
    const made = reportElement(one, this);
    const last = this.feed.lastElementChild?.lastElementChild;
    const later = !last || isNewer(last, made) ? undefined : [...this.feed.querySelectorAll("article")].find((each) => isNewer(made, each));
    const day = dayKey(one.at);
    let group = [...this.feed.children].find((each) => each.dataset.day === day);
    if (!group) {
      group = h("section", { class: "day", "data-day": day, "aria-label": dayName(one.at) }, h("h2", {}, dayName(one.at)));
      this.feed.insertBefore(group, later?.parentElement ?? null);
    }
    group.insertBefore(made, later?.parentElement === group ? later : null);
  }

  // A report that has just come, or has changed.
  take(one) {
    const there = document.getElementById(`r-${one.id}`);
    if (!there && (this.filtered || this.single)) return;
    const above = scrollY > 300;
    this.put(one);
    if (!there) {
      if (this.end.textContent.startsWith("还没有")) this.end.textContent = "";
      if (above) {
        this.fresh.hidden = false;
        this.fresh.textContent = "有新的推送 ↑";
      }
    }
  }

  async refresh() {
    if (this.filtered || this.single) return;
    try {
      const part = await get("reports");
      const oldest = part.reports.at(-1)?.at;
      const seam = Number(this.feed.querySelector("article")?.dataset.at);
      // Between what is shown and what has come there may be a gap.
      if (part.rest && seam && oldest > seam) return this.look({});
      for (const one of part.reports) this.put(one);
    } catch (error) {
      toast(error.message);
    }
  }

  async showOne(id) {
    this.single = true;
    this.form.hidden = true;
    try {
      const one = await get(`reports/${encodeURIComponent(id)}`);
      this.put({ ...one, more: Boolean(one.data) });
      this.end.replaceChildren(h("a", { href: "#history" }, "看全部推送"));
      this.live.start(`${one.at}_${id}`);
    } catch (error) {
      this.end.replaceChildren(error.message, " ", h("a", { href: "#history" }, "看全部推送"));
    }
  }

  gone(id) {
    const one = document.getElementById(`r-${id}`);
    const group = one?.parentElement;
    one?.remove();
    if (one && this.single) this.end.prepend("这条推送已经删除。");
    if (group && !group.querySelector("article")) group.remove();
  }

  toTop() {
    this.fresh.hidden = true;
    scrollTo({ top: 0 });
  }

  // A menu is open as long as one is in it.
  closeMenus(touched) {
    for (const one of this.element.querySelectorAll(".menu[open]")) if (!one.contains(touched)) one.open = false;
  }
}
