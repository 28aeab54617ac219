/* Batch normalization as a program, see ../protocol.md:  cc -O2 -o batch_norm batch_norm.c -lm */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static float *get(const char *name, long size) { /* NULL where there is none */
  FILE *f = fopen(name, "rb");
  float *values = malloc(size * sizeof *values + 1);
  return f && fread(values, sizeof *values, size, f) == (size_t)size ? values : NULL;
}
static int put(const char *name, const float *values, long size) {
  FILE *f = fopen(name, "wb");
  return fwrite(values, sizeof *values, size, f) != (size_t)size || fclose(f);
}
int main(int argc, char **argv) {
  char type[32], parameter_type[32];
  long outer, C, inner, training; double eps, momentum;
  FILE *call = chdir(argv[argc - 2]) ? NULL : fopen("call.txt", "r");
  if (!call || fscanf(call, "dtype %31s parameter_dtype %31s outer %ld channels %ld inner %ld",
                      type, parameter_type, &outer, &C, &inner) != 5) return 1;
  if (fscanf(call, " training %ld eps %lf momentum %lf", &training, &eps, &momentum) != 3) return 1;
  long M = outer * inner, size = M * C;
  if (strcmp(type, "float32") || strcmp(parameter_type, "float32") || M < 2)
    return fprintf(stderr, "float32 alone, and two values per channel\n"), 77;
  float *x = get("x", size), *gamma = get("gamma", C), *beta = get("beta", C);
  float *running_mean = get("running_mean", C), *running_var = get("running_var", C);
#define X(m) x[((m) / inner * C + c) * inner + (m) % inner]
  for (long c = 0; c < C; c++) {
    double mean = 0, var = 0;
    for (long m = 0; m < M; m++) mean += X(m) / (double)M;
    for (long m = 0; m < M; m++) var += (X(m) - mean) * (X(m) - mean) / M;
    if (!training) mean = running_mean[c], var = running_var[c];
    else if (running_mean) running_mean[c] += momentum * (mean - running_mean[c]),
      running_var[c] += momentum * (var * M / (M - 1) - running_var[c]);
    double scale = (gamma ? gamma[c] : 1) / sqrt(var + eps), shift = beta ? beta[c] : 0;
    for (long m = 0; m < M; m++) X(m) = (X(m) - mean) * scale + shift;
  }
  if (chdir(argv[argc - 1]) || put("y", x, size)) return 1;
  return running_mean && (put("running_mean", running_mean, C) || put("running_var", running_var, C));
}
