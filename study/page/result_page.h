// A result as one page that people can read, print and keep: no script, nothing fetched.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "study/result.h"
#include "study/study_file.h"

namespace mutual::study {

struct ResultPage {
  const Study& study;
  const Result& result;
  double delta = 0, epsilon_node = 0, epsilon_public = 0;
  std::vector<std::string> organisations;  // whose contributions were counted
  std::string log_origin;                  // empty: not known
  std::optional<uint64_t> release_index;   // of the release entry in the log
};

// What an epsilon means, in words: "hardly anything", … with the number behind.
std::string PrivacyWords(double epsilon);

// One self-contained HTML page: the question and definitions as voted, the answer in sentences,
// charts and tables, what was withheld, privacy in words, who took part, and how to verify.
// Readable on light and dark, on paper, by keyboard and by screen readers. All texts are escaped.
std::string ToHtml(const ResultPage& page);

}  // namespace mutual::study
