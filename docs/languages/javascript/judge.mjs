// Reads golden files and the bounds beside them, and judges by them what a kernel answers.
// ../README.md tells how:  npm install && node example.mjs right FOLDER GROUP...
import { existsSync } from "node:fs";
import h5wasm from "h5wasm/node";

await h5wasm.ready;
const OUTPUTS = ["y", "dx", "dgamma", "dbeta", "mean", "var", "inv_std", "running_mean",
  "running_var", "running_var_biased"];
const PARAMETERS = ["gamma", "beta", "running_mean", "running_var"];
/** Bits of the significand and largest exponent of 2, by size in bytes. */
const TYPES = { 8: { digits: 53, bias: 1023 }, 4: { digits: 24, bias: 127 } };

/** To a value of the type, nearest even. */
export const rounded = (v, type) => (type.digits === 53 ? v : Math.fround(v));

/** An array { values, shape, type }; undefined where there is none. */
function array(group, name) {
  const folder = name.includes("/") ? name.split("/")[0] : name;
  if (!group.keys().includes(folder)) return undefined;
  const set = group.get(name);
  if (!set?.metadata) return undefined;
  const { size } = set.metadata;
  // The reader takes no half types: it cannot even tell float16 from bfloat16.
  return size === 2 ? { half: true } : { values: set.value, shape: set.shape, type: TYPES[size] };
}

/**
 * A call: value i of channel c in sample o of x is number (o * channels + c) * inner + i.  x and
 * what else is given are Float32Array or Float64Array, by the type of the case.
 */
function read(group, id) {
  const said = (name) => group.attrs[name].value;
  const given = {};
  for (const name of ["x", "dy", ...PARAMETERS, "history", "mask"]) given[name] = array(group, name);
  const { x } = given;
  const parameter = PARAMETERS.map((name) => given[name]).find((found) => found) ?? x;
  if (given.history || given.mask || x.half || parameter.half) return undefined;
  const axis = Array.from(said("axis"), Number);
  const first = axis[0] < 0 ? axis[0] + x.shape.length : axis[0];
  const product = (from, to) => x.shape.slice(from, to).reduce((a, b) => a * b, 1);
  const call = {
    id, training: said("mode") === "train", eps: said("eps"), momentum: said("momentum"),
    outer: product(0, first), channels: product(first, first + axis.length),
    inner: product(first + axis.length), type: x.type, parameterType: parameter.type,
  };
  for (const [name, found] of Object.entries(given)) call[name] = found?.values;
  return call;
}

function error(a, exact, unit, limit, type) { // in units
  const largest = (2 - 2 ** (1 - type.digits)) * 2 ** type.bias;
  if (a === exact || (Number.isNaN(a) && !Number.isFinite(exact))) return 0;
  const overflow = largest * (1 + 2 ** (-type.digits - 1));
  const reaches = Math.abs(exact) + limit * unit >= overflow;
  if (Math.abs(a) === Infinity && a * exact > 0 && reaches) return 0;
  const bounded = Number.isFinite(a - exact) && Number.isFinite(unit);
  return bounded && rounded(a, type) === a ? Math.abs(a - exact) / unit : Infinity;
}

/** Judges one output, prints it, and returns its grade: A, B, edge or wrong. */
function judgeOutput(call, name, a, due, bounds) {
  const unit = array(bounds, `unit/${name}`), loss = array(bounds, `loss/${name}`);
  const limit = bounds.attrs.limit.value, size = due.values.length;
  if (a.length !== size || unit.values.length !== size) throw new Error(`size of ${call.id} ${name}`);
  if (!size) return "A";
  const type = name === "y" || name === "dx" ? call.type : call.parameterType;
  let worst = 0, at = 0, out = 0, lost = 0;
  for (let i = 0; i < size; i++) {
    const units = error(a[i], due.values[i], unit.values[i], limit, type);
    if (units > limit) out++;
    if (units > limit + (loss ? loss.values[i] : 0)) lost++;
    if (units > worst) [worst, at] = [units, i];
  }
  const beyond = bounds.attrs.edges.value.replaceAll("\0", "") ? "edge" : "wrong";
  const grade = !out ? "A" : !lost ? "B" : beyond;
  let left = size;
  const index = due.shape.map((n) => { left /= n; return Math.floor(at / left) % n; });
  console.log(`${grade.padEnd(5)} ${worst.toPrecision(3).padStart(9)} units  ${call.id} ${name} at `
    + `[${index.join(", ")}]: ${a[at]}, expected ${due.values[at]}, `
    + `bound ${(limit * unit.values[at]).toPrecision(3)}, ${out} of ${size} out`);
  return grade;
}

/** Judges groups of a folder of golden files, whose bounds are in bounds/ there; true if right. */
export function judge(folder, groups, kernel) {
  const count = { cases: 0, unread: 0, refused: 0, absent: 0, wrong: 0, edge: 0, B: 0, A: 0 };
  for (const group of groups) {
    const places = [`${folder}/${group}.h5`, `${folder}/bounds/${group}.h5`];
    for (const place of places) if (!existsSync(place)) throw new Error(`${place} is not there`);
    const [file, bounds] = places.map((place) => new h5wasm.File(place, "r"));
    for (const name of file.keys()) {
      const held = file.get(name), of = bounds.get(name), id = `${group}/${name}`;
      if (held.attrs.sha256.value !== of?.attrs.sha256.value) throw new Error(`no bounds of ${id}`);
      const call = read(held, id), answers = call && kernel(call);
      const word = answers ? "cases" : call ? "refused" : "unread";
      count[word]++;
      if (!answers) console.log(word, id);
      for (const output of answers ? OUTPUTS : []) {
        const due = array(held, `expected/${output}`), found = answers[output];
        if (due) count[found ? judgeOutput(call, output, found, due, of) : "absent"]++;
      }
    }
    file.close();
    bounds.close();
  }
  const right = count.A + count.B > 0 && !count.wrong;
  const told = Object.entries(count).map(([word, n]) => `${n} ${word}`);
  console.log(`${right ? "RIGHT" : "WRONG"}: ${told.join(", ")}`);
  return right;
}
