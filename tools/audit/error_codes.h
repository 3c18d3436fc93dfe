// docs/ERRORS.md inside the program.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mutual::audit {

// The whole page as it was when the program was built.
std::string_view ErrorsPage();
// What the page says of `code`, without its mark-up, with the heading it stands under. Nothing when
// it does not explain the code.
std::optional<std::string> ExplainError(const std::string& code);

}  // namespace mutual::audit
