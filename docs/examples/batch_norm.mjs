// Batch normalization as a program, see ../protocol.md:  node batch_norm.mjs INPUT OUTPUT
import { existsSync, readFileSync, writeFileSync } from "node:fs";

const [input, output] = process.argv.slice(-2);
const call = Object.fromEntries(
  readFileSync(`${input}/call.txt`, "utf8").trim().split("\n").map((line) => line.split(" ")),
);
const { channels: C, outer, inner, eps, momentum } = Object.fromEntries(
  Object.entries(call).map(([name, value]) => [name, Number(value)]),
);
const Type = { float32: Float32Array, float64: Float64Array }[call.dtype];
if (!Type || call.parameter_dtype !== call.dtype || outer * inner < 2) {
  console.error("float32 or float64 alone, and two values per channel");
  process.exit(77);
}
const get = (name) =>
  existsSync(`${input}/${name}`) ? new Type(new Uint8Array(readFileSync(`${input}/${name}`)).buffer) : null;
const put = (name, values) => writeFileSync(`${output}/${name}`, new Uint8Array(values.buffer));

const [x, dy, gamma, beta] = ["x", "dy", "gamma", "beta"].map(get);
const [running_mean, running_var] = ["running_mean", "running_var"].map(get);
const [y, dx, dgamma, dbeta] = [x.length, x.length, C, C].map((size) => new Type(size));
const M = outer * inner, training = call.training === "1";
for (let c = 0; c < C; c++) {
  const at = Array.from({ length: M }, (_, m) => (Math.floor(m / inner) * C + c) * inner + (m % inner));
  const sum = (term) => at.reduce((total, k) => total + term(k), 0);
  const mean = training ? sum((k) => x[k]) / M : running_mean[c];
  const variance = training ? sum((k) => (x[k] - mean) ** 2) / M : running_var[c];
  const inv_std = 1 / Math.sqrt(variance + eps), scale = (gamma?.[c] ?? 1) * inv_std;
  const [db, dg] = dy ? [sum((k) => dy[k]), sum((k) => dy[k] * (x[k] - mean) * inv_std)] : [0, 0];
  for (const k of at) {
    y[k] = (x[k] - mean) * scale + (beta?.[c] ?? 0);
    if (dy) dx[k] = scale * (dy[k] - (training ? (db + (x[k] - mean) * inv_std * dg) / M : 0));
  }
  [dbeta[c], dgamma[c]] = [db, dg];
  if (training && running_mean) {
    running_mean[c] += momentum * (mean - running_mean[c]);
    running_var[c] += momentum * ((variance * M) / (M - 1) - running_var[c]);
  }
}
const outputs = { y, ...(dy && { dx, dgamma, dbeta }), ...(running_mean && { running_mean, running_var }) };
for (const [name, values] of Object.entries(outputs)) put(name, values);
