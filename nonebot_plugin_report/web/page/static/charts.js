// Two plots, as SVG. What colours tell, patterns or words tell too.

import { h, lasting, resultName, svg, words } from "./dom.js";

const WIDEST = 640, HEIGHT = 200, LEFT = 40, BOTTOM = 22;
const KINDS = { 0: "success", 2: "partial", 1: "fail" };
const ORDER = ["0", "", "2", "1"];

const kind = (result) => KINDS[result] ?? "other";
const rank = (result) => (ORDER.includes(result) ? ORDER.indexOf(result) : 1.5);

export function days(charts) {
  // As wide as it will be shown: its numbers stay as large as other words.
  const width = Math.min(WIDEST, Math.max(240, innerWidth - 64));
  const results = [...charts.results].sort((a, b) => rank(a.result) - rank(b.result));
  const totals = charts.days.map((_, day) => results.reduce((sum, one) => sum + one.counts[day], 0));
  const most = Math.max(1, ...totals);
  const step = (width - LEFT) / charts.days.length;
  const every = Math.max(7, Math.ceil(56 / step));
  const height = (count) => (count / most) * (HEIGHT - BOTTOM - 10);
  const bars = charts.days.map((day, at) => {
    let y = HEIGHT - BOTTOM;
    const parts = results.filter((one) => one.counts[at]).map((one) => {
      y -= height(one.counts[at]);
      return svg("rect", { class: `bar ${kind(one.result)}`, x: LEFT + at * step + 1, y, width: Math.max(1, step - 2), height: height(one.counts[at]) });
    });
    const told = `${day}：${totals[at]} 条` + results.filter((one) => one.counts[at]).map((one) => `，${resultName(one.result)} ${one.counts[at]}`).join("");
    return svg("g", {}, svg("title", {}, told), svg("rect", { class: "hit", x: LEFT + at * step, y: 0, width: step, height: HEIGHT - BOTTOM }), parts);
  });
  const labels = charts.days.map((day, at) => (charts.days.length - 1 - at) % every === 0 &&
    svg("text", at === charts.days.length - 1 ? { x: width, y: HEIGHT - 6, "text-anchor": "end" } : { x: LEFT + (at + 0.5) * step, y: HEIGHT - 6, "text-anchor": "middle" }, day.slice(5).replace("-", "/")));
  const lines = [0.5, 1].map((part) => svg("g", { class: "grid" },
    svg("line", { x1: LEFT, x2: width, y1: HEIGHT - BOTTOM - height(most * part), y2: HEIGHT - BOTTOM - height(most * part) }),
    (part === 1 || most > 1) && svg("text", { x: LEFT - 4, y: HEIGHT - BOTTOM - height(most * part) + 4, "text-anchor": "end" }, String(Math.round(most * part)))));
  const all = totals.reduce((sum, one) => sum + one, 0);
  return figure("一个月里的推送", `三十天里共 ${all} 条`,
    svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": `每天的推送，三十天里共 ${all} 条` }, patterns(), lines, bars, labels.filter(Boolean)),
    h("p", { class: "legend" }, results.map((one) => h("span", {}, svg("svg", { viewBox: "0 0 12 12", "aria-hidden": "true" }, svg("rect", { class: `bar ${kind(one.result)}`, width: 12, height: 12 })), words(`${resultName(one.result)} ${one.counts.reduce((sum, each) => sum + each, 0)}`)))),
    table(["日期", ...results.map((one) => resultName(one.result))], charts.days.map((day, at) => [day, ...results.map((one) => one.counts[at])]).filter((row) => row.slice(1).some(Boolean))),
    charts.rest && h("p", { class: "note" }, "更早的还在数……"));
}

function patterns() {
  return svg("defs", {},
    svg("pattern", { id: "stripes", width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, svg("rect", { class: "fail-ground", width: 5, height: 5 }), svg("rect", { class: "fail-line", width: 2, height: 5 })),
    svg("pattern", { id: "dots", width: 5, height: 5, patternUnits: "userSpaceOnUse" }, svg("rect", { class: "partial-ground", width: 5, height: 5 }), svg("circle", { class: "partial-dot", cx: 2.5, cy: 2.5, r: 1.2 })));
}

export function runs(tasks) {
  return figure("每种任务的用时", "每种最近二十次",
    h("div", { class: "tasks" }, tasks.map(task)),
    table(["任务", "最近", "中位数", "最长"], tasks.map((one) => {
      const seconds = one.runs.map((run) => run.seconds);
      return [one.label, lasting(seconds.at(-1)), lasting(middle(seconds)), lasting(Math.max(...seconds))];
    })));
}

const middle = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

function task(one) {
  const [width, height] = [220, 44];
  const seconds = one.runs.map((run) => run.seconds);
  const most = Math.max(...seconds, 1);
  const x = (at) => 6 + (seconds.length === 1 ? (width - 12) / 2 : (at / (seconds.length - 1)) * (width - 12));
  const y = (value) => height - 5 - (value / most) * (height - 12);
  const half = middle(seconds);
  return h("div", { class: "task" },
    words(one.label, "b"),
    svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${one.label} 最近 ${seconds.length} 次，中位数 ${lasting(half)}` },
      svg("line", { class: "half", x1: 0, x2: width, y1: y(half), y2: y(half) }),
      svg("polyline", { class: "line", points: seconds.map((value, at) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(" ") }),
      seconds.map((value, at) => svg("circle", { class: value > 2 * half ? "long" : "dot", cx: x(at), cy: y(value), r: 3 },
        svg("title", {}, `${new Date(one.runs[at].at * 1000).toLocaleString("zh-CN")}：${lasting(value)}`)))),
    h("span", {}, `最近 ${lasting(seconds.at(-1))}，中位数 ${lasting(half)}`));
}

function figure(title, said, ...content) {
  return h("figure", { class: "card" }, h("figcaption", {}, h("h2", {}, title), h("p", { class: "note" }, said)), ...content.filter(Boolean));
}

function table(heads, rows) {
  return h("details", { class: "numbers" }, h("summary", {}, "看数字"),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "数字" }, h("table", {},
      h("thead", {}, h("tr", {}, heads.map((one) => words(one, "th", { scope: "col" })))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map((one) => words(String(one), "td"))))))));
}
