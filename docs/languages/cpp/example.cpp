// ./example KERNEL FOLDER GROUP...  With ANSWERS=FILE in the environment it writes there what it answered.
#include "kernels.hpp"
#include <cstdlib>
#include <fstream>
#include <iostream>

int main(int argc, char **argv) try {
  std::map<std::string, int> known{{"right", 0}, {"single-pass", 0}, {"short-dx", 0}, {"biased", 0}};
  if (argc < 4 || !known.count(argv[1]))
    throw std::runtime_error("./example right|single-pass|short-dx|biased FOLDER GROUP...");
  auto chosen = kernel(argv[1]);
  std::ofstream told(std::getenv("ANSWERS") ? std::getenv("ANSWERS") : "/dev/null");
  auto telling = [&](const golden::Call &call) {
    auto answers = chosen(call);
    told.precision(17);
    if (answers)
      for (auto &[name, values] : *answers) {
        told << call.id << " " << name;
        for (double value : values) told << " " << value;
        told << "\n";
      }
    return answers;
  };
  return golden::judge(argv[2], {argv + 3, argv + argc}, telling) ? 0 : 1;
} catch (const std::exception &error) {
  std::cerr << error.what() << "\n";
  return 2;
}
