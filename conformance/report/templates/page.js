"use strict";
const all = (query, root = document) => [...root.querySelectorAll(query)];
const form = document.querySelector("form");
const fold = document.getElementById("filter");
fold.hidden = false;
fold.open = matchMedia("(min-width: 60rem)").matches;

function reveal() {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (!target) return;
  for (let node = target; node; node = node.parentElement) {
    if (node.tagName === "DETAILS") node.open = true;
  }
  target.scrollIntoView();
}

function filter() {
  const path = form.path.value.trim().toLowerCase();
  const words = form.case.value.trim().toLowerCase();
  const redOnly = form.red.checked;
  const hidden = new Set();
  for (const head of all("thead th[data-column]")) {
    const off = !head.dataset.name.includes(path) || (redOnly && !("red" in head.dataset));
    if (off) hidden.add(head.dataset.column);
  }
  for (const node of all("[data-column]")) node.hidden = hidden.has(node.dataset.column);
  for (const row of all("tr[data-row]")) row.hidden = redOnly && !("red" in row.dataset);
  const wanted = new Set(all("input[name=status]:checked", form).map((box) => box.value));
  for (const item of all(".case")) {
    const status = item.dataset.status.split(" ").some((one) => wanted.has(one));
    item.hidden = !status || !item.textContent.toLowerCase().includes(words);
  }
  for (const kind of all(".kind")) kind.hidden = !kind.querySelector(".case:not([hidden])");
  for (const path of all(".path")) {
    path.hidden ||= !path.querySelector(".case:not([hidden]), .left");
  }
}

function copy(event) {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  const code = button.parentElement.querySelector("code");
  const done = () => {
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  };
  if (navigator.clipboard) {
    navigator.clipboard.writeText(code.textContent).then(done, () => select(code));
  } else {
    select(code);
  }
}

function select(node) {
  getSelection().selectAllChildren(node);
}

for (const line of all(".repro")) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.copy = "";
  button.textContent = "Copy";
  line.append(button);
}
form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("click", copy);
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-words]");
  if (!link) return;
  form.case.value = link.dataset.words;
  filter();
});
addEventListener("hashchange", reveal);
filter();
reveal();
