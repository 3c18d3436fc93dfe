// A curve as a drawing: SVG for pages, characters for terminals.
#pragma once

#include <string>
#include <vector>

namespace mutual::study {

struct CurveLine {
  std::string name;
  std::vector<double> y;  // one for each x; not finite: no point
};

// Lines over one increasing x, which is drawn on a logarithmic scale; y begins at 0.
struct Curve {
  std::string title, x_name, y_name;
  std::vector<double> x;
  std::vector<CurveLine> lines;  // at most 4
  double marked_x = 0;           // where the study stands; 0: nowhere
};

// One self-contained SVG element, readable on light and dark, with a title and a description.
std::string ToSvg(const Curve& curve);
// 60 columns by 16 rows of the first line, then a table of all.
std::string ToCharacters(const Curve& curve);

}  // namespace mutual::study
