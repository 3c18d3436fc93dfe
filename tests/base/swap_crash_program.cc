// Replaces a file by one text after the other, for swap_crash_test.cc:
//   swap_crash_program FILE KEPT TEXT...
// KEPT gets a line with each text that the file was said to hold durably. Goes on after an error.
#include <fstream>

#include "base/swapped_file.h"

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  for (int i = 3; i < argc; ++i) {
    if (!mutual::SwapFileDurably(argv[1], argv[i]).ok()) continue;
    std::ofstream(argv[2], std::ios::app) << argv[i] << std::endl;
  }
  return 0;
}
