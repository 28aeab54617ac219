/* Reads golden files and the bounds beside them, and judges by them what a kernel answers.
   ../README.md tells how:  cc -O2 example.c $(pkg-config --cflags --libs hdf5) -lm */
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
enum { X, DY, GAMMA, BETA, OLD_MEAN, OLD_VAR, Y, DX, DGAMMA, DBETA, MEAN, VAR, INV_STD, NEW_MEAN,
       NEW_VAR, NEW_VAR_BIASED, ARRAYS, RANK = 5, ROOM = 4096 };
static const char *const NAME[] = {"x", "dy", "gamma", "beta", "running_mean", "running_var", "y", "dx",
  "dgamma", "dbeta", "mean", "var", "inv_std", "running_mean", "running_var", "running_var_biased"};
typedef struct { int digits, bias; } Type; /* bits of the significand, largest exponent of 2 */
typedef struct { double *values; size_t count; int rank; hsize_t shape[RANK]; Type type; } Array;
typedef struct { /* value i of channel c in sample o of x: number (o * channels + c) * inner + i */
  const char *id; size_t outer, channels, inner; int training; double eps, momentum;
  Type type, parameter_type; Array arrays[ARRAYS]; double *answers[ARRAYS]; /* NULL: none */
} Call;
typedef int Kernel(Call *); /* answers a call; returns 0 where it takes no such call */
enum { A, B, EDGE, WRONG, ABSENT, REFUSED, UNREAD, CASES, WORDS };
static const char *const WORD[] = {"A", "B", "edge", "wrong", "absent", "refused", "unread", "cases"};
static void need(int holds, const char *what, const char *of) {
  if (!holds) fprintf(stderr, "%s: %s\n", of, what), exit(2); }
static double rounded(double v, Type type) { /* to a value of a type, nearest even */
  if (v == 0 || !isfinite(v)) return v;
  int last = (int)fmax(ilogb(v), 1 - type.bias) - type.digits + 1;
  double r = ldexp(nearbyint(ldexp(v, -last)), last);
  return fabs(r) >= ldexp(1, type.bias) * 2 ? copysign(INFINITY, v) : r;
}
/* Room for an output, to be filled with values of its type; NULL where it is not due. */
static double *answer(Call *c, int k) {
  return c->arrays[k].rank ? c->answers[k] = calloc(c->arrays[k].count + 1, sizeof(double)) : NULL; }
static Array array(hid_t at, const char *folder, int k) {
  Array a = {0}; char path[64];
  snprintf(path, sizeof path, "%s%s", folder, NAME[k]);
  if (H5Lexists(at, path, 0) <= 0) return a;
  hid_t set = H5Dopen2(at, path, 0), space = H5Dget_space(set), type = H5Dget_type(set);
  int size = H5Tget_size(type), bias = H5Tget_ebias(type);
  a.rank = H5Sget_simple_extent_ndims(space), a.count = H5Sget_simple_extent_npoints(space);
  need(a.rank > 0 && a.rank <= RANK && H5Tget_class(type) == H5T_FLOAT, "no array of floats", path);
  a.type = (Type){size == 8 ? 53 : size == 4 ? 24 : bias == 15 ? 11 : 8, bias};
  H5Sget_simple_extent_dims(space, a.shape, NULL), a.values = calloc(a.count + 1, sizeof(double));
  need(a.values && H5Dread(set, H5T_NATIVE_DOUBLE, 0, 0, 0, a.values) >= 0, "unreadable", path);
  return H5Tclose(type), H5Sclose(space), H5Dclose(set), a;
}
static int attribute(hid_t at, const char *name, void *value, size_t room) { /* text or doubles */
  hid_t held = H5Aopen(at, name, 0), type = H5Aget_type(held), space = H5Aget_space(held);
  int text = H5Tget_class(type) == H5T_STRING, count = H5Sget_simple_extent_npoints(space);
  size_t size = text ? H5Tget_size(type) + 1 : count * sizeof(double);
  need(held >= 0 && size <= room && memset(value, 0, room), "attribute missing or too long", name);
  need(H5Aread(held, text ? type : H5T_NATIVE_DOUBLE, value) >= 0, "attribute unreadable", name);
  return H5Tclose(type), H5Sclose(space), H5Aclose(held), count;
}
static double error(double a, double exact, double unit, double limit, Type type) { /* in units */
  double overflow = ldexp(2 - ldexp(2, -type.digits), type.bias) * (1 + ldexp(0.5, -type.digits));
  if (a == exact || (isnan(a) && !isfinite(exact))) return 0;
  if (isinf(a) && a * exact > 0 && fabs(exact) + limit * unit >= overflow) return 0;
  if (!isfinite(a - exact) || !isfinite(unit) || rounded(a, type) != a) return INFINITY;
  return fabs(a - exact) / unit;
}
static int judged(const Call *c, int k, hid_t bounds, double limit, int edges) {
  Array due = c->arrays[k], unit = array(bounds, "unit/", k), loss = array(bounds, "loss/", k);
  double *a = c->answers[k], worst = 0; size_t at = 0, out = 0, lost = 0;
  need(unit.count == due.count && (!loss.rank || loss.count == due.count), "bounds misfit", c->id);
  for (size_t i = 0; i < due.count; i++) {
    double units = error(a[i], due.values[i], unit.values[i], limit, due.type);
    out += units > limit, lost += units > limit + (loss.rank ? loss.values[i] : 0);
    if (units > worst) worst = units, at = i;
  }
  int grade = !out ? A : !lost ? B : edges ? EDGE : WRONG;
  printf("%-5s %9.3g units  %s %s at [", WORD[grade], worst, c->id, NAME[k]);
  for (size_t d = 0, left = due.count; due.count && d < (size_t)due.rank; d++)
    left /= due.shape[d], printf("%s%d", d ? ", " : "", (int)(at / left % due.shape[d]));
  printf("]: %.17g, expected %.17g, bound %.3g, %zu of %zu out\n", a[at], due.values[at],
         limit * unit.values[at], out, due.count);
  return free(unit.values), free(loss.values), grade;
}
static void judge_case(const char *id, hid_t at, hid_t bounds, Kernel *kernel, size_t *count) {
  Call c = {.id = id, .outer = 1, .channels = 1, .inner = 1};
  char mode[ROOM], edges[ROOM], digest[ROOM], other[ROOM]; double limit, axis[RANK];
  attribute(at, "sha256", digest, ROOM), attribute(bounds, "sha256", other, ROOM);
  need(!strcmp(digest, other), "its bounds are of another case", id);
  attribute(at, "mode", mode, ROOM), attribute(bounds, "edges", edges, ROOM);
  attribute(at, "eps", &c.eps, 8), attribute(at, "momentum", &c.momentum, 8);
  int axes = attribute(bounds, "limit", &limit, 8) * attribute(at, "axis", axis, sizeof axis);
  for (int k = 0; k < ARRAYS; k++) c.arrays[k] = array(at, k < Y ? "" : "expected/", k);
  Array *x = c.arrays, *p = x + GAMMA;
  while (p < x + OLD_VAR && !p->rank) p++;
  c.type = x->type, c.parameter_type = p->rank ? p->type : x->type, c.training = mode[1] == 'r';
  for (int k = Y; k < ARRAYS; k++) c.arrays[k].type = k > DX ? c.parameter_type : c.type;
  for (int d = 0, first = axis[0] + (axis[0] < 0) * x->rank; d < x->rank; d++)
    *(d < first ? &c.outer : d < first + axes ? &c.channels : &c.inner) *= x->shape[d];
  int more = H5Lexists(at, "history", 0) > 0 || H5Lexists(at, "mask", 0) > 0, word = more ? UNREAD : kernel(&c) ? CASES : REFUSED;
  if (count[word]++, word != CASES) printf("%s %s\n", WORD[word], id);
  for (int k = Y; word == CASES && k < ARRAYS; k++)
    if (c.arrays[k].rank) count[c.answers[k] ? judged(&c, k, bounds, limit, *edges) : ABSENT]++;
  for (int k = 0; k < ARRAYS; k++) free(c.arrays[k].values), free(c.answers[k]);
}
/* Judges groups of a folder of golden files, whose bounds are in bounds/ there; 0 if all is right. */
static int judge(const char *folder, int groups, char **group, Kernel *kernel) {
  char path[ROOM], name[ROOM], id[2 * ROOM]; size_t count[WORDS] = {0};
  for (H5Eset_auto2(0, NULL, NULL); groups-- > 0; group++) {
    snprintf(path, ROOM, "%s/bounds/%s.h5", folder, *group);
    hid_t bounds = H5Fopen(path, H5F_ACC_RDONLY, 0);
    snprintf(path, ROOM, "%s/%s.h5", folder, *group);
    hid_t golden = H5Fopen(path, H5F_ACC_RDONLY, 0);
    need(golden >= 0 && bounds >= 0, "cannot be opened, or its file in bounds/", path);
    for (int i = 0; H5Lget_name_by_idx(golden, ".", 0, 0, i, name, ROOM, 0) >= 0; i++) {
      snprintf(id, sizeof id, "%s/%s", *group, name);
      hid_t at = H5Gopen2(golden, name, 0), of = H5Gopen2(bounds, name, 0);
      need(at >= 0 && of >= 0, "no case, or one without bounds", id);
      judge_case(id, at, of, kernel, count), H5Gclose(at), H5Gclose(of);
    }
    H5Fclose(golden), H5Fclose(bounds);
  }
  int wrong = count[WRONG] > 0 || count[A] + count[B] == 0;
  for (int w = WORDS; w-- > 0;)
    printf("%s%zu %s", w < CASES ? ", " : wrong ? "WRONG: " : "RIGHT: ", count[w], WORD[w]);
  return puts(""), wrong;
}
