// Batch normalization, right or with a mistake: right, single-pass, short-dx or biased.
#pragma once
#include "judge.hpp"

template <class T>  // the type of its sums
std::optional<golden::Answers> batch_norm(const golden::Call &call, const std::string &kernel) {
  size_t C = call.channels, M = call.outer * call.inner;
  const double *x = call.get("x"), *dy = call.get("dy"), *gamma = call.get("gamma"), *beta = call.get("beta");
  const double *old_mean = call.get("running_mean"), *old_var = call.get("running_var");
  if (!M || !C) return {};
  golden::Answers found;
  auto put = [&](const char *name, size_t i, double value) {
    bool like_x = std::string(name) == "y" || std::string(name) == "dx";
    auto &values = found[name];
    values.resize(like_x ? M * C : C);
    values[i] = golden::rounded(value, like_x ? call.type : call.parameter_type);
  };
  for (size_t c = 0; c < C; c++) {
    auto at = [&](size_t m) { return (m / call.inner * C + c) * call.inner + m % call.inner; };
    double mean = 0, var = 0, g = gamma ? gamma[c] : 1, b = beta ? beta[c] : 0;
    if (!call.training) {
      mean = old_mean[c], var = old_var[c];
    } else if (kernel == "single-pass") {  // E[x^2] - mean^2 in the type of x, or float
      T sum = 0, squares = 0;
      for (size_t m = 0; m < M; m++) sum += T(x[at(m)]), squares += T(x[at(m)]) * T(x[at(m)]);
      mean = sum / T(M), var = squares / T(M) - T(mean) * T(mean);
    } else {
      for (size_t m = 0; m < M; m++) mean += x[at(m)] / double(M);
      for (size_t m = 0; m < M; m++) var += (x[at(m)] - mean) * (x[at(m)] - mean) / double(M);
    }
    double inv_std = 1 / std::sqrt(var + call.eps), dbeta = 0, dgamma = 0;
    auto xhat = [&](size_t m) { return (x[at(m)] - mean) * inv_std; };
    for (size_t m = 0; m < M; m++) put("y", at(m), xhat(m) * g + b);
    put("inv_std", c, inv_std);
    if (call.training) put("mean", c, mean), put("var", c, var);
    for (size_t m = 0; dy && m < M; m++) dbeta += dy[at(m)], dgamma += dy[at(m)] * xhat(m);
    for (size_t m = 0; dy && m < M; m++) {
      double by_var = kernel == "short-dx" ? 0 : xhat(m) * dgamma;
      put("dx", at(m), g * inv_std * (dy[at(m)] - (call.training ? (dbeta + by_var) / double(M) : 0)));
    }
    if (dy) put("dgamma", c, dgamma), put("dbeta", c, dbeta);
    if (!old_mean) continue;
    double weight = call.training ? call.momentum : 0;  // of the new batch
    double unbiased = kernel == "biased" || !call.training ? var : var * double(M) / (double(M) - 1);
    put("running_mean", c, old_mean[c] + weight * (mean - old_mean[c]));
    put("running_var", c, old_var[c] + weight * (unbiased - old_var[c]));
    put("running_var_biased", c, old_var[c] + weight * (var - old_var[c]));
  }
  return found;
}
inline auto kernel(const std::string &name) {
  return [name](const golden::Call &call) {
    return call.type.digits > 24 ? batch_norm<double>(call, name) : batch_norm<float>(call, name); };
}
