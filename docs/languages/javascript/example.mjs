// Batch normalization, right or with a mistake, held to golden files:
//   node example.mjs KERNEL FOLDER GROUP...   with KERNEL right, single-pass, short-dx or biased
// With ANSWERS=FILE in the environment it writes there what it answered.
import { appendFileSync } from "node:fs";
import { judge, rounded } from "./judge.mjs";

const [kernel, folder, ...groups] = process.argv.slice(2);
if (!["right", "single-pass", "short-dx", "biased"].includes(kernel) || !groups.length) {
  console.error("node example.mjs right|single-pass|short-dx|biased FOLDER GROUP...");
  process.exit(2);
}

/** E[x^2] - mean^2, in the type of x. */
function singlePass(values, type) {
  let sum = 0, squares = 0;
  for (const v of values) {
    sum = rounded(sum + v, type);
    squares = rounded(squares + rounded(v * v, type), type);
  }
  const mean = rounded(sum / values.length, type);
  return [mean, rounded(rounded(squares / values.length, type) - rounded(mean * mean, type), type)];
}

function twoPasses(values) {
  const mean = values.reduce((sum, v) => sum + v / values.length, 0);
  return [mean, values.reduce((sum, v) => sum + (v - mean) ** 2 / values.length, 0)];
}

function batchNorm(call) {
  const C = call.channels, M = call.outer * call.inner;
  if (!M || !C) return undefined;
  const found = {};
  const put = (name, i, value) => {
    const like_x = name === "y" || name === "dx";
    const type = like_x ? call.type : call.parameterType;
    found[name] ??= new (type.digits === 53 ? Float64Array : Float32Array)(like_x ? M * C : C);
    found[name][i] = value;
  };
  for (let c = 0; c < C; c++) {
    const places = Array.from({ length: M }, (_, m) =>
      (Math.floor(m / call.inner) * C + c) * call.inner + (m % call.inner));
    const x = places.map((at) => call.x[at]);
    const [mean, var_] = !call.training ? [call.running_mean[c], call.running_var[c]]
      : kernel === "single-pass" ? singlePass(x, call.type) : twoPasses(x);
    const inv_std = 1 / Math.sqrt(var_ + call.eps), gamma = call.gamma?.[c] ?? 1;
    const xhat = x.map((v) => (v - mean) * inv_std);
    places.forEach((at, m) => put("y", at, xhat[m] * gamma + (call.beta?.[c] ?? 0)));
    put("inv_std", c, inv_std);
    if (call.training) { put("mean", c, mean); put("var", c, var_); }
    if (call.dy) {
      const dy = places.map((at) => call.dy[at]);
      const dbeta = dy.reduce((sum, v) => sum + v, 0);
      const dgamma = dy.reduce((sum, v, m) => sum + v * xhat[m], 0);
      places.forEach((at, m) => {
        const byVar = kernel === "short-dx" ? 0 : xhat[m] * dgamma;
        put("dx", at, gamma * inv_std * (dy[m] - (call.training ? (dbeta + byVar) / M : 0)));
      });
      put("dgamma", c, dgamma);
      put("dbeta", c, dbeta);
    }
    if (!call.running_mean) continue;
    const weight = call.training ? call.momentum : 0; // of the new batch
    const unbiased = kernel === "biased" || !call.training ? var_ : (var_ * M) / (M - 1);
    const [oldMean, oldVar] = [call.running_mean[c], call.running_var[c]];
    put("running_mean", c, oldMean + weight * (mean - oldMean));
    put("running_var", c, oldVar + weight * (unbiased - oldVar));
    put("running_var_biased", c, oldVar + weight * (var_ - oldVar));
  }
  return found;
}

function told(call) {
  const answers = batchNorm(call);
  if (process.env.ANSWERS)
    for (const [name, values] of Object.entries(answers ?? {}))
      appendFileSync(process.env.ANSWERS, `${call.id} ${name} ${Array.from(values, String).join(" ")}\n`);
  return answers;
}

try {
  process.exitCode = judge(folder, groups, told) ? 0 : 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 2;
}
