"use strict";
const all = (query, root = document) => [...root.querySelectorAll(query)];
const dark = matchMedia("(prefers-color-scheme: dark)");
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// A page that nobody makes anew says so by itself.
function age() {
  const hours = (Date.now() / 1000 - Number(document.body.dataset.newest)) / 3600;
  if (hours <= Number(document.body.dataset.hours)) return;
  const told = document.getElementById("stale");
  const days = Math.floor(hours / 24);
  told.textContent = `Missing night: the newest run began ${days > 1 ? `${days} days` : `${Math.floor(hours)} hours`} ago; one every ${document.body.dataset.hours} hours was wanted.`;
  told.hidden = false;
}

// The matrix: what is chosen stands in the address, so that a view can be sent to someone.
function matrix() {
  const form = document.getElementById("filter");
  if (!form) return;
  const names = ["framework", "type", "mode", "rank", "status"];
  const read = () => {
    const asked = new URLSearchParams(location.hash.slice(1));
    for (const name of names) {
      const known = [...form[name].options].some((option) => option.value === asked.get(name));
      form[name].value = known ? asked.get(name) : "";
    }
    show();
  };
  const write = () => {
    const asked = new URLSearchParams(names.filter((n) => form[n].value).map((n) => [n, form[n].value]));
    history.replaceState(null, "", `#${asked}`);
    show();
  };
  const show = () => {
    const wanted = Object.fromEntries(names.map((name) => [name, form[name].value]));
    const rows = all("#matrix tbody tr");
    const whole = !wanted.type && !wanted.mode && !wanted.rank;
    const columns = new Set();
    for (const head of all("#matrix thead th[data-column]")) {
      if (!wanted.framework || head.dataset.framework === wanted.framework) columns.add(head.dataset.column);
    }
    const hits = new Set();
    for (const row of rows) {
      const fits = "total" in row.dataset ? whole
        : ["type", "mode", "rank"].every((name) => !wanted[name] || row.dataset[name] === wanted[name]);
      let any = false;
      for (const cell of all("td", row)) {
        const hit = !wanted.status || cell.dataset.status.split(" ").includes(wanted.status);
        cell.classList.toggle("faded", !hit);
        if (fits && hit && columns.has(cell.dataset.column)) {
          any = true;
          hits.add(cell.dataset.column);
        }
      }
      row.hidden = !any;
    }
    for (const node of all("#matrix [data-column]")) node.hidden = !hits.has(node.dataset.column);
    const kinds = rows.filter((row) => !row.hidden && !("total" in row.dataset)).length;
    document.getElementById("shown").textContent = `${kinds} kinds of cases, ${hits.size} paths`;
    document.getElementById("nothing").hidden = hits.size > 0;
  };
  form.addEventListener("input", write);
  form.addEventListener("reset", () => setTimeout(write));
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", read);
  read();
}

// Tables: sorting, searching and pages by the library; "#kind=..." starts with that search.
function tables() {
  document.documentElement.classList.toggle("dark", dark.matches);
  for (const node of all("table.data")) {
    const rows = node.tBodies[0].rows.length;
    const asked = node.dataset.filter && new URLSearchParams(location.hash.slice(1)).get(node.dataset.filter);
    const target = location.hash.length > 1 && !asked && document.getElementById(location.hash.slice(1));
    const place = target && node.contains(target) ? target.rowIndex - 1 : -1;
    const table = new DataTable(node, {
      order: [], pageLength: 25, paging: rows > 25, searching: rows > 10, info: rows > 25, autoWidth: false,
    });
    if (asked) table.search(asked).draw();
    if (place >= 0) {
      table.page(Math.floor(place / 25)).draw("page");
      target.scrollIntoView({ block: "center" });
    }
  }
}

const HUES = ["#1f77b4", "#e07b00", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf"];

function marks(list) {
  return {
    hooks: {
      draw: (plot) => {
        const { ctx } = plot;
        ctx.save();
        ctx.strokeStyle = color("--soft");
        ctx.fillStyle = color("--soft");
        ctx.font = `${11 * devicePixelRatio}px sans-serif`;
        ctx.textAlign = "left";
        ctx.lineWidth = devicePixelRatio;
        ctx.setLineDash([4, 4]);
        for (const mark of list) {
          const x = plot.valToPos(mark.x, "x", true);
          if (x < plot.bbox.left || x > plot.bbox.left + plot.bbox.width) continue;
          ctx.beginPath();
          ctx.moveTo(x, plot.bbox.top);
          ctx.lineTo(x, plot.bbox.top + plot.bbox.height);
          ctx.stroke();
          ctx.fillText(mark.label, x + 4, plot.bbox.top + 12 * devicePixelRatio);
        }
        ctx.restore();
      },
    },
  };
}

function draw(node) {
  const data = JSON.parse(node.parentElement.querySelector("script").textContent);
  const versions = node.dataset.kind === "versions";
  const counts = node.dataset.kind === "counts";
  const few = data.x.length < 40;
  const axis = { stroke: color("--text"), grid: { stroke: color("--line"), width: 1 }, ticks: { stroke: color("--line") } };
  const options = {
    width: Math.max(280, node.clientWidth),
    height: Math.min(360, Math.max(240, node.clientWidth * 0.5)),
    scales: { x: { time: !versions, range: data.x.length > 1 ? undefined : (_p, a) => [a - (versions ? 1 : 86400), a + (versions ? 1 : 86400)] }, y: counts ? { range: (_p, _low, high) => [0, Math.max(high, 1) * 1.05] } : { distr: 3 } },
    axes: [
      versions ? { ...axis, splits: () => data.x, values: (_plot, at) => at.map((i) => data.names[i] ?? "") } : axis,
      counts ? { ...axis, size: 60 } : { ...axis, size: 60, values: (_plot, at) => at.map((v) => (v === null || Math.log10(v) % 1 ? "" : v >= 1e4 || v < 1e-2 ? v.toExponential(0) : String(v))) },
    ],
    series: [
      versions ? { label: "version", value: (_plot, i) => data.names[i] ?? "–" } : { label: "run" },
      ...data.series.map((each, i) => ({
        label: each.label,
        stroke: HUES[i % HUES.length],
        width: 2,
        dash: i < HUES.length ? undefined : i < 2 * HUES.length ? [8, 4] : [2, 3],
        points: { show: few },
        paths: versions ? undefined : uPlot.paths.stepped({ align: 1 }),
        value: (_plot, v) => (v === null || v === undefined ? "–" : Number(v).toPrecision(3)),
      })),
    ],
    plugins: [marks(data.marks)],
  };
  node.replaceChildren();
  const plot = new uPlot(options, [data.x, ...data.series.map((each) => each.values)], node);
  for (const entry of all(".u-series", plot.root)) {
    const label = entry.querySelector("th");
    if (!label || entry === entry.parentElement.firstElementChild) continue;
    label.tabIndex = 0;
    label.setAttribute("role", "button");
    label.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      label.click();
    });
  }
}

function charts() {
  for (const node of all(".plot")) draw(node);
}

let width = innerWidth;
addEventListener("resize", () => {
  if (innerWidth === width) return;
  width = innerWidth;
  charts();
});
dark.addEventListener("change", () => {
  document.documentElement.classList.toggle("dark", dark.matches);
  charts();
});
age();
matrix();
tables();
charts();
const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
if (target && target.tagName === "DETAILS") {
  target.open = true;
  target.scrollIntoView();
}
