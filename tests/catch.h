// The one include of Catch2. Include it last: it picks v2 (Debian 12) or v3 and
// undoes LibTorch's and Abseil's CHECK, which would silently replace Catch's and abort.
#pragma once

#ifdef CHECK
#undef CHECK
#endif
#ifdef CHECK_FALSE
#undef CHECK_FALSE
#endif

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
#if __has_include(<catch2/catch_all.hpp>)
using Catch::Matchers::ContainsSubstring;
#else
inline auto ContainsSubstring(const std::string& text) { return Catch::Matchers::Contains(text); }
#endif

// `expression` is a Status or StatusOr; prints its message when it is not OK.
#define REQUIRE_OK(expression)                              \
  do {                                                      \
    const auto& mutual_ok = (expression);                   \
    INFO(::mutual::testing::StatusText(mutual_ok));         \
    REQUIRE(mutual_ok.ok());                                \
  } while (false)

namespace mutual::testing {
template <typename T>
std::string StatusText(const T& value) {
  if constexpr (requires { value.status(); }) {
    return value.status().ToString();
  } else {
    return value.ToString();
  }
}
}  // namespace mutual::testing
