// The judge in GoogleTest: a test for every case, for a kernel that takes float and double.
// g++ -std=c++17 -O2 test_golden.cpp $(pkg-config --cflags --libs hdf5) -lgtest -lgtest_main -lpthread
#include "kernels.hpp"
#include <gtest/gtest.h>
#include <cstdlib>
#include <string>

static std::vector<golden::Case> cases(const std::string &folder) {
  std::vector<golden::Case> found;
  for (auto group : {"dense", "spatial", "constant", "offset", "test-mode"})
    for (auto &c : golden::load(folder, group)) found.push_back(c);
  return found;
}
static std::string folder() { return std::getenv("GOLDEN") ? std::getenv("GOLDEN") : "fixtures"; }
static bool is_wrong(const golden::Case &c, const golden::Answers &answers, const std::string &name) {
  return c.due.count(name) && answers.count(name) && golden::judge(c, name, answers.at(name)).grade == "wrong"; }

class Golden : public testing::TestWithParam<golden::Case> {};

TEST_P(Golden, RightKernelIsRight) {
  const golden::Case &c = GetParam();
  auto answers = kernel("right")(c.call);
  if (!answers) GTEST_SKIP() << "takes no such call";
  for (auto &[name, values] : *answers)
    if (c.due.count(name)) {
      auto found = golden::judge(c, name, values);
      EXPECT_NE(found.grade, "wrong") << found.line;
    }
}
INSTANTIATE_TEST_SUITE_P(Fixtures, Golden, testing::ValuesIn(cases(folder())), [](const auto &info) {
  std::string name = info.param.call.id;
  for (char &letter : name) if (!std::isalnum(letter)) letter = '_';
  return name;
});

TEST(Judge, RefusesWhatIsNoValueOfItsType) {  // a kernel that leaves the rounding to others
  for (auto &c : golden::load(folder(), "dense"))
    if (auto answers = kernel("right")(c.call); c.call.id == "dense/train-float32") {
      answers->at("y")[0] *= 1 + 1e-12;
      EXPECT_EQ(golden::judge(c, "y", answers->at("y")).grade, "wrong");
    }
}

class Mistake : public testing::TestWithParam<std::pair<const char *, const char *>> {};

TEST_P(Mistake, IsWrongInItsOutput) {
  auto [mistake, output] = GetParam();
  int wrong = 0;
  for (auto &c : cases(folder()))
    if (auto answers = kernel(mistake)(c.call)) wrong += is_wrong(c, *answers, output);
  EXPECT_GT(wrong, 0);
}
INSTANTIATE_TEST_SUITE_P(Three, Mistake, testing::Values(std::pair("single-pass", "var"),
                         std::pair("short-dx", "dx"), std::pair("biased", "running_var")));
