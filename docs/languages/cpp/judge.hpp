// Reads golden files and the bounds beside them, and judges by them what a kernel answers.
// ../README.md tells how:  g++ -std=c++17 -O2 example.cpp $(pkg-config --cflags --libs hdf5)
#include <hdf5.h>
#include <cmath>
#include <cstdio>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>
namespace golden {
using Numbers = std::vector<double>;  // a double holds the values of every type
struct Type { int digits = 0, bias = 0; };  // bits of the significand, largest exponent of 2
struct Array { Numbers values; std::vector<hsize_t> shape; Type type; };
using Arrays = std::map<std::string, Array>;
struct Call {  // value i of channel c in sample o of x is number (o * channels + c) * inner + i
  std::string id; bool training = false; double eps = 0, momentum = 0;
  size_t outer = 1, channels = 1, inner = 1; Type type = {}, parameter_type = {}; Arrays given = {};
  auto get(const char *name) const { return given.count(name) ? given.at(name).values.data() : nullptr; }
};
struct Case { Call call; Arrays due, unit, loss; double limit; bool edges; };
using Answers = std::map<std::string, Numbers>;  // a kernel makes std::optional<Answers> of Call
struct Verdict { std::string grade, line; };  // grade A, B, edge, wrong or absent
inline double rounded(double v, Type type) {  // to a value of a type, nearest even
  if (v == 0 || !std::isfinite(v)) return v;
  int last = std::max(std::ilogb(v), 1 - type.bias) - type.digits + 1;
  double r = std::ldexp(std::nearbyint(std::ldexp(v, -last)), last);
  return std::fabs(r) >= std::ldexp(1, type.bias) * 2 ? std::copysign(INFINITY, v) : r;
}
inline hid_t need(hid_t id, const std::string &what) {
  return id < 0 ? throw std::runtime_error(what + ": missing or unreadable") : id; }
inline Arrays arrays(hid_t file, const std::string &group) {  // those that a group holds
  Arrays found; char name[64];
  hid_t at = H5Gopen2(file, group.c_str(), 0);  // one without losses has no group of that name
  for (int i = 0; H5Lget_name_by_idx(at, ".", H5_INDEX_NAME, H5_ITER_INC, i, name, 64, 0) >= 0; i++) {
    hid_t set = H5Dopen2(at, name, 0), space = H5Dget_space(set), type = H5Dget_type(set);
    if (set < 0) continue;  // a group
    int size = H5Tget_size(type), bias = H5Tget_ebias(type); Array &a = found[name];
    a.type = {size == 8 ? 53 : size == 4 ? 24 : bias == 15 ? 11 : 8, bias};
    a.shape.resize(H5Sget_simple_extent_ndims(space)), a.values.resize(H5Sget_simple_extent_npoints(space));
    H5Sget_simple_extent_dims(space, a.shape.data(), nullptr), H5Sclose(space), H5Tclose(type);
    need(H5Dread(set, H5T_NATIVE_DOUBLE, 0, 0, 0, a.values.data()), group + "/" + name), H5Dclose(set);
  }
  return H5Gclose(at), found;
}
template <class T> T attribute(hid_t file, const std::string &name, const char *key) {
  hid_t held = need(H5Aopen_by_name(file, name.c_str(), key, 0, 0), name + " " + key);
  hid_t type = sizeof(T{}[0]) == 1 ? H5Aget_type(held) : H5Tcopy(H5T_NATIVE_DOUBLE);
  T value(H5Aget_storage_size(held) / sizeof(T{}[0]), 0);  // integers are of 8 bytes, too
  need(H5Aread(held, type, value.data()), name + " " + key);
  return H5Tclose(type), H5Aclose(held), value;
}
inline std::vector<Case> load(const std::string &folder, const std::string &group) {  // its cases
  std::vector<Case> cases; char held[4096]; H5Eset_auto2(0, nullptr, nullptr);
  auto open = [](const std::string &path) { return need(H5Fopen(path.c_str(), H5F_ACC_RDONLY, 0), path); };
  hid_t file = open(folder + "/" + group + ".h5"), bounds = open(folder + "/bounds/" + group + ".h5");
  for (int i = 0; H5Lget_name_by_idx(file, ".", H5_INDEX_NAME, H5_ITER_INC, i, held, 4096, 0) >= 0; i++) {
    std::string name = held;
    auto text = [&](hid_t from, const char *key) { return attribute<std::string>(from, name, key); };
    auto number = [&](const char *key) { return attribute<Numbers>(file, name, key).at(0); };
    Case c{{group + "/" + name, text(file, "mode") == "train", number("eps"), number("momentum")},
           arrays(file, name + "/expected"), arrays(bounds, name + "/unit"),
           arrays(bounds, name + "/loss"), number("limit"), text(bounds, "edges")[0] != 0};
    Call &call = c.call; need(text(file, "sha256") == text(bounds, "sha256") ? 0 : -1, "bounds of " + call.id);
    const Array &x = (call.given = arrays(file, name)).at("x"); call.type = call.parameter_type = x.type;
    for (auto key : {"gamma", "beta", "running_mean", "running_var"})
      if (call.get(key)) call.parameter_type = call.given[key].type;
    Numbers axis = attribute<Numbers>(file, name, "axis");
    size_t first = axis.at(0) < 0 ? axis[0] + x.shape.size() : axis[0];
    for (size_t d = 0; d < x.shape.size(); d++)
      (d < first ? call.outer : d < first + axis.size() ? call.channels : call.inner) *= x.shape[d];
    cases.push_back(std::move(c));
  }
  return H5Fclose(file), H5Fclose(bounds), cases;
}
inline double error(double a, double exact, double unit, double limit, Type type) {  // in units
  double overflow = std::ldexp(2 - std::ldexp(2, -type.digits), type.bias) * (1 + std::ldexp(0.5, -type.digits));
  if (a == exact || (std::isnan(a) && !std::isfinite(exact))) return 0;
  if (std::isinf(a) && a * exact > 0 && std::fabs(exact) + limit * unit >= overflow) return 0;
  if (!std::isfinite(a - exact) || !std::isfinite(unit) || rounded(a, type) != a) return INFINITY;
  return std::fabs(a - exact) / unit;
}
inline Verdict judge(const Case &c, const std::string &name, const std::vector<double> &a) {
  const Array &due = c.due.at(name), &unit = c.unit.at(name);
  Type type = name == "y" || name == "dx" ? c.call.type : c.call.parameter_type;
  size_t at = 0, out = 0, lost = 0, left = due.values.size(); double worst = 0;
  if (a.size() != left || !left) return {left ? "wrong" : "A", "size of " + c.call.id + " " + name};
  for (size_t i = 0; i < left; i++) {
    double units = error(a[i], due.values[i], unit.values.at(i), c.limit, type);
    out += units > c.limit;
    lost += units > c.limit + (c.loss.count(name) ? c.loss.at(name).values.at(i) : 0);
    if (units > worst) worst = units, at = i;
  }
  std::string grade = !out ? "A" : !lost ? "B" : c.edges ? "edge" : "wrong", index; char line[8192];
  for (size_t n : due.shape) left /= n, index += (index.empty() ? "" : ", ") + std::to_string(at / left % n);
  std::snprintf(line, sizeof line, "%-5s %9.3g units  %s %s at [%s]: %.17g, expected %.17g, bound %.3g, %zu of %zu out",
                grade.c_str(), worst, c.call.id.c_str(), name.c_str(), index.c_str(), a[at], due.values[at],
                c.limit * unit.values[at], out, due.values.size());
  return {grade, line};
}
template <class Kernel> bool judge(const std::string &folder, const std::vector<std::string> &groups, Kernel kernel) {
  std::map<std::string, int> count;
  for (auto &group : groups) for (auto &c : load(folder, group)) {
    bool earlier = c.call.get("history") || c.call.get("mask");
    std::optional<Answers> answers = earlier ? std::nullopt : kernel(c.call);
    count[answers ? "cases" : earlier ? "unread" : "refused"]++;
    if (!answers) std::printf("%s %s\n", earlier ? "unread" : "refused", c.call.id.c_str());
    if (answers) for (auto &[name, due] : c.due) {
      auto found = answers->count(name) ? judge(c, name, answers->at(name)) : Verdict{"absent", ""};
      if (count[found.grade]++, !found.line.empty()) std::puts(found.line.c_str());
    }
  }
  bool right = count["A"] + count["B"] > 0 && !count["wrong"];
  for (auto word : {"cases", "unread", "refused", "absent", "wrong", "edge", "B", "A"})
    std::printf("%s%d %s", *word != 'c' ? ", " : right ? "RIGHT: " : "WRONG: ", count[word], word);
  return std::puts(""), right;
}
}  // namespace golden
