// Unicode Normalisation Form C (UAX #15), checked so that equal texts are equal bytes.
#pragma once

#include <string_view>

namespace mutual {

// Whether `text` is UTF-8 and equal to its own NFC by the tables of Unicode 14. Composition is
// stable over versions; characters assigned later are taken as they stand.
bool IsNfc(std::string_view text);

}  // namespace mutual
