/* Batch normalization, right or with a mistake, held to golden files: ./example KERNEL FOLDER GROUP...
   KERNEL is right, single-pass, short-dx or biased.  With ANSWERS=FILE in the environment it
   writes there what it answered. */
#include "judge.h"

static const char *kernel;
static int is(const char *name) { return !strcmp(kernel, name); }

static void put(Call *c, int k, size_t i, double value) {
  if (c->answers[k]) c->answers[k][i] = rounded(value, c->arrays[k].type);
}
static void statistics(const Call *c, size_t ch, size_t M, double *mean, double *var) {
#define AT(m) (((m) / c->inner * c->channels + ch) * c->inner + (m) % c->inner)
  const double *x = c->arrays[X].values;
  if (is("single-pass") && c->type.digits <= 24) { /* E[x^2] - mean^2, in float */
    float sum = 0, squares = 0;
    for (size_t m = 0; m < M; m++) sum += (float)x[AT(m)], squares += (float)x[AT(m)] * (float)x[AT(m)];
    *mean = sum / (float)M, *var = squares / (float)M - (float)*mean * (float)*mean;
    return;
  }
  *mean = *var = 0;
  for (size_t m = 0; m < M; m++) *mean += x[AT(m)] / (double)M;
  for (size_t m = 0; m < M; m++) *var += (x[AT(m)] - *mean) * (x[AT(m)] - *mean) / (double)M;
}
static void gradients(Call *c, size_t ch, size_t M, double mean, double inv_std) {
  const double *x = c->arrays[X].values, *dy = c->arrays[DY].values;
  double dbeta = 0, dgamma = 0, gamma = c->arrays[GAMMA].rank ? c->arrays[GAMMA].values[ch] : 1;
  for (size_t m = 0; m < M; m++)
    dbeta += dy[AT(m)], dgamma += dy[AT(m)] * ((x[AT(m)] - mean) * inv_std);
  for (size_t m = 0; m < M; m++) {
    double by_var = is("short-dx") ? 0 : (x[AT(m)] - mean) * inv_std * dgamma;
    double through = c->training ? (dbeta + by_var) / (double)M : 0;
    put(c, DX, AT(m), gamma * inv_std * (dy[AT(m)] - through));
  }
  put(c, DGAMMA, ch, dgamma), put(c, DBETA, ch, dbeta);
}
static int batch_norm(Call *c) {
  size_t M = c->outer * c->inner;
  const double *x = c->arrays[X].values, *old_mean = c->arrays[OLD_MEAN].values;
  const double *old_var = c->arrays[OLD_VAR].values;
  if (!M || !c->channels) return 0;
  for (int k = Y; k < ARRAYS; k++) answer(c, k);
  for (size_t ch = 0; ch < c->channels; ch++) {
    double mean, var, gamma = c->arrays[GAMMA].rank ? c->arrays[GAMMA].values[ch] : 1;
    double beta = c->arrays[BETA].rank ? c->arrays[BETA].values[ch] : 0;
    if (c->training) statistics(c, ch, M, &mean, &var);
    else mean = old_mean[ch], var = old_var[ch];
    double inv_std = 1 / sqrt(var + c->eps);
    for (size_t m = 0; m < M; m++) put(c, Y, AT(m), (x[AT(m)] - mean) * inv_std * gamma + beta);
    put(c, MEAN, ch, mean), put(c, VAR, ch, var), put(c, INV_STD, ch, inv_std);
    if (c->arrays[DY].rank) gradients(c, ch, M, mean, inv_std);
    if (!old_mean) continue;
    double weight = c->training ? c->momentum : 0; /* of the new batch */
    double unbiased = is("biased") || !c->training ? var : var * (double)M / ((double)M - 1);
    put(c, NEW_MEAN, ch, old_mean[ch] + weight * (mean - old_mean[ch]));
    put(c, NEW_VAR, ch, old_var[ch] + weight * (unbiased - old_var[ch]));
    put(c, NEW_VAR_BIASED, ch, old_var[ch] + weight * (var - old_var[ch]));
  }
  return 1;
}
static int told(Call *c) {
  FILE *file = getenv("ANSWERS") ? fopen(getenv("ANSWERS"), "a") : NULL;
  int taken = batch_norm(c);
  for (int k = Y; file && k < ARRAYS; k++)
    if (c->answers[k]) {
      fprintf(file, "%s %s", c->id, NAME[k]);
      for (size_t i = 0; i < c->arrays[k].count; i++) fprintf(file, " %.17g", c->answers[k][i]);
      fprintf(file, "\n");
    }
  if (file) fclose(file);
  return taken;
}
int main(int argc, char **argv) {
  need(argc > 3, "./example right|single-pass|short-dx|biased FOLDER GROUP...", "usage");
  kernel = argv[1];
  need(is("right") || is("single-pass") || is("short-dx") || is("biased"), "no such kernel", kernel);
  return judge(argv[2], argc - 3, argv + 3, told);
}
