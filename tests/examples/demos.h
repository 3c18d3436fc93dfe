// The three demos, each made once a program.
#pragma once

#include <string>

#include "tests/examples/demo_federation.h"

namespace mutual::testing {

inline const DemoFederation& Drivers() {
  static const DemoFederation demo(MUTUAL_DRIVERS, "[tables.trips]\nfile = \"FILE\"\n");
  return demo;
}

inline const DemoFederation& Warehouses() {
  static const DemoFederation demo(MUTUAL_WAREHOUSES, "[tables.months]\nfile = \"FILE\"\n");
  return demo;
}

// The table section is the one that the demo's own page tells people to copy.
inline const DemoFederation& PaySurvey() {
  static const DemoFederation demo(MUTUAL_PAY_SURVEY, [] {
    std::ifstream file(std::string(MUTUAL_SOURCE_DIR) + "/examples/pay_survey/README.md");
    std::stringstream page;
    page << file.rdbuf();
    std::string block = page.str();
    block = block.substr(block.find("```toml\n") + 8);
    block = block.substr(0, block.find("```"));
    return block.replace(block.find("branch-01.csv"), 13, "FILE");
  }());
  return demo;
}

}  // namespace mutual::testing
