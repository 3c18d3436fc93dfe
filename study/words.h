// How a text becomes numbers: the same at every node, and for whoever uses the model.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "study/schema.h"

namespace mutual::study {

// Words of `text`, in order: runs of letters and digits, A to Z made small; every byte from 0x80 on
// counts as a letter, so that accents and other scripts stay whole in UTF-8.
std::vector<std::string> WordsOf(std::string_view text);

// column.words indexes: those of the first words that are known, zeros before them. With buckets: 1
// + FNV-1a (64 bits) of the word's bytes modulo buckets; else 1 + its place in the vocabulary,
// unknown words left out.
std::vector<double> WordIndexes(const Column& column, std::string_view text);

}  // namespace mutual::study
