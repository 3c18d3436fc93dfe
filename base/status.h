// Errors: absl::Status with formatted messages and a stable code.
//
// Every error a person sees says what was found, what was wanted and what to do
// next. It may carry a stable upper-case code such as BUDGET_SPENT, which
// programs match on and `docs/ERRORS.md` explains. No function here or
// anywhere else puts member data, keys, masks or model weights in a message.
#pragma once

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"

namespace mutual {

#define MUTUAL_DEFINE_STATUS(Name)                                                        \
  template <typename... Args>                                                             \
  absl::Status Name(const absl::FormatSpec<Args...>& format, const Args&... args) {       \
    return absl::Name##Error(absl::StrFormat(format, args...));                           \
  }
MUTUAL_DEFINE_STATUS(InvalidArgument)     // the caller's fault
MUTUAL_DEFINE_STATUS(FailedPrecondition)  // the wrong state
MUTUAL_DEFINE_STATUS(DataLoss)            // bytes disagree with a hash
MUTUAL_DEFINE_STATUS(ResourceExhausted)   // a privacy budget is spent
MUTUAL_DEFINE_STATUS(Internal)            // our bug
MUTUAL_DEFINE_STATUS(NotFound)
MUTUAL_DEFINE_STATUS(AlreadyExists)
MUTUAL_DEFINE_STATUS(PermissionDenied)
MUTUAL_DEFINE_STATUS(Unauthenticated)
MUTUAL_DEFINE_STATUS(Unavailable)
MUTUAL_DEFINE_STATUS(OutOfRange)
MUTUAL_DEFINE_STATUS(Aborted)
#undef MUTUAL_DEFINE_STATUS

// Returns `status` carrying the stable code `code` ([A-Z_]+). OK stays OK.
absl::Status WithCode(absl::Status status, const std::string& code);

// The stable code of `status`, or "" when it carries none.
std::string ErrorCode(const absl::Status& status);

// Returns `status` with `context` and ": " put before its message; code and payload kept.
absl::Status Annotate(const absl::Status& status, const std::string& context);

// "message [CODE]" for people; never the numeric category.
std::string Describe(const absl::Status& status);

#define MUTUAL_CONCAT_INNER(a, b) a##b
#define MUTUAL_CONCAT(a, b) MUTUAL_CONCAT_INNER(a, b)

#define MUTUAL_RETURN_IF_ERROR(expression)                          \
  do {                                                              \
    if (absl::Status mutual_status = (expression); !mutual_status.ok()) \
      return mutual_status;                                         \
  } while (false)

#define MUTUAL_ASSIGN_OR_RETURN(declaration, expression) \
  MUTUAL_ASSIGN_OR_RETURN_INNER(MUTUAL_CONCAT(mutual_or_, __LINE__), declaration, expression)
#define MUTUAL_ASSIGN_OR_RETURN_INNER(temporary, declaration, expression) \
  auto temporary = (expression);                                          \
  if (!temporary.ok()) return temporary.status();                         \
  declaration = std::move(temporary).value()

}  // namespace mutual
