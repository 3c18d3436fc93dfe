#include "study/plan/curve.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "study/figure.h"

namespace mutual::study {
namespace {

// Okabe and Ito 2008: told apart by the colour-blind, on white and on black.
constexpr std::array<const char*, 4> kColours = {"#0072B2", "#D55E00", "#009E73", "#CC79A7"};
constexpr std::array<const char*, 4> kDashes = {"", "6 4", "2 3", "10 3 2 3"};
constexpr double kWidth = 640, kHeight = 360, kLeft = 70, kRight = 20, kTop = 40, kBottom = 60;

std::string Escaped(const std::string& text) {
  return absl::StrReplaceAll(text,
                             {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

double Largest(const Curve& curve) {
  double largest = 0;
  for (const CurveLine& line : curve.lines) {
    for (const double y : line.y) {
      if (std::isfinite(y)) largest = std::max(largest, y);
    }
  }
  return largest > 0 ? largest : 1;
}

// Where x stands between the first and the last, 0 to 1.
double Along(const Curve& curve, double x) {
  const double first = std::log(curve.x.front()), last = std::log(curve.x.back());
  return last > first ? (std::log(x) - first) / (last - first) : 0.5;
}

struct Place {
  double x, y;
};

Place PlaceOf(const Curve& curve, double x, double y, double largest) {
  return {kLeft + Along(curve, x) * (kWidth - kLeft - kRight),
          kHeight - kBottom - y / largest * (kHeight - kTop - kBottom)};
}

std::string Axes(const Curve& curve, double largest) {
  std::string svg;
  for (int tick = 0; tick <= 4; ++tick) {
    const double y = largest * tick / 4;
    const Place place = PlaceOf(curve, curve.x.front(), y, largest);
    svg += absl::StrFormat(
        "<line x1=\"%g\" x2=\"%g\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"currentColor\" "
        "stroke-opacity=\"0.2\"/><text x=\"%g\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
        kLeft, kWidth - kRight, place.y, place.y, kLeft - 6, place.y + 4, Readable(y, largest / 4));
  }
  for (int tick = 0; tick <= 4; ++tick) {
    const double x =
        curve.x.front() * std::pow(curve.x.back() / curve.x.front(), static_cast<double>(tick) / 4);
    const Place place = PlaceOf(curve, x, 0, largest);
    svg += absl::StrFormat("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>\n",
                           place.x, place.y + 18, Readable(x, x / 4));
  }
  return svg + absl::StrFormat(
                   "<text x=\"%g\" y=\"%g\" text-anchor=\"middle\">%s</text>\n<text x=\"%g\" "
                   "y=\"%g\">%s</text>\n",
                   (kLeft + kWidth - kRight) / 2, kHeight - 24, Escaped(curve.x_name), 6.0,
                   kTop - 12, Escaped(curve.y_name));
}

}  // namespace

std::string ToSvg(const Curve& curve) {
  const double largest = Largest(curve);
  std::string svg = absl::StrFormat(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %g %g\" role=\"img\" "
      "aria-label=\"%s\" font-family=\"sans-serif\" font-size=\"12\" fill=\"currentColor\" "
      "color=\"#444\">\n<title>%s</title>\n<desc>%s against %s</desc>\n",
      kWidth, kHeight, Escaped(curve.title), Escaped(curve.title), Escaped(curve.y_name),
      Escaped(curve.x_name));
  svg += Axes(curve, largest);
  if (curve.marked_x > 0) {
    const double x = PlaceOf(curve, curve.marked_x, 0, largest).x;
    svg += absl::StrFormat(
        "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%g\" y2=\"%g\" stroke=\"currentColor\" "
        "stroke-dasharray=\"3 3\"/>\n",
        x, x, kTop, kHeight - kBottom);
  }
  for (size_t i = 0; i < curve.lines.size() && i < kColours.size(); ++i) {
    std::string points;
    for (size_t k = 0; k < curve.x.size(); ++k) {
      if (!std::isfinite(curve.lines[i].y[k])) continue;
      const Place place = PlaceOf(curve, curve.x[k], curve.lines[i].y[k], largest);
      points += absl::StrFormat("%.1f,%.1f ", place.x, place.y);
    }
    svg += absl::StrFormat(
        "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2.5\" stroke-dasharray=\"%s\" "
        "points=\"%s\"/>\n<text x=\"%g\" y=\"%g\" fill=\"%s\">%s</text>\n",
        kColours[i], kDashes[i], points, kLeft + 150 * static_cast<double>(i), kHeight - 6,
        kColours[i], Escaped(curve.lines[i].name));
  }
  return svg + "</svg>\n";
}

std::string ToCharacters(const Curve& curve) {
  constexpr int kColumns = 60, kRows = 16;
  const double largest = Largest(curve);
  std::vector<std::string> canvas(kRows, std::string(kColumns, ' '));
  for (size_t i = curve.lines.size(); i-- > 0;) {
    for (size_t k = 0; k < curve.x.size(); ++k) {
      const double y = curve.lines[i].y[k];
      if (!std::isfinite(y)) continue;
      const auto column =
          static_cast<size_t>(std::lround(Along(curve, curve.x[k]) * (kColumns - 1)));
      const auto row = static_cast<size_t>(kRows - 1 - std::lround(y / largest * (kRows - 1)));
      canvas[row][column] = static_cast<char>("*o+x"[i % 4]);
    }
  }
  std::string text = curve.title + "\n";
  for (int row = 0; row < kRows; ++row) {
    const double y = largest * (kRows - 1 - row) / (kRows - 1);
    text += absl::StrFormat("%10s |%s\n", row % 5 == 0 ? Readable(y, largest / 4) : "",
                            canvas[static_cast<size_t>(row)]);
  }
  text += absl::StrFormat("%10s +%s\n%12s%s%s%s  %s\n", "", std::string(kColumns, '-'), "",
                          Readable(curve.x.front(), curve.x.front() / 4), std::string(40, ' '),
                          Readable(curve.x.back(), curve.x.back() / 4), curve.x_name);
  for (size_t i = 0; i < curve.lines.size(); ++i) {
    text += absl::StrFormat("  %c %s\n", "*o+x"[i % 4], curve.lines[i].name);
  }
  text += absl::StrFormat("\n%20s", curve.x_name);
  for (const CurveLine& line : curve.lines) text += absl::StrFormat(" %14s", line.name);
  for (size_t k = 0; k < curve.x.size(); ++k) {
    text += absl::StrFormat("\n%20s", Readable(curve.x[k], curve.x[k] / 10));
    for (const CurveLine& line : curve.lines) {
      text += absl::StrFormat(" %14s", Readable(line.y[k], line.y[k] / 10));
    }
  }
  return text + "\n";
}

}  // namespace mutual::study
