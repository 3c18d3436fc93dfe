#include "base/status.h"

#include <memory>
#include <string>

#include "tests/catch.h"

namespace mutual {
namespace {

TEST_CASE("Each constructor gives its category and formats its message", "[status]") {
  CHECK(InvalidArgument("found %g, want > %d", 0.5, 1) ==
        absl::InvalidArgumentError("found 0.5, want > 1"));
  CHECK(FailedPrecondition("x").code() == absl::StatusCode::kFailedPrecondition);
  CHECK(DataLoss("x").code() == absl::StatusCode::kDataLoss);
  CHECK(ResourceExhausted("x").code() == absl::StatusCode::kResourceExhausted);
  CHECK(Internal("x").code() == absl::StatusCode::kInternal);
  CHECK(NotFound("x").code() == absl::StatusCode::kNotFound);
  CHECK(AlreadyExists("x").code() == absl::StatusCode::kAlreadyExists);
  CHECK(PermissionDenied("x").code() == absl::StatusCode::kPermissionDenied);
  CHECK(Unauthenticated("x").code() == absl::StatusCode::kUnauthenticated);
  CHECK(Unavailable("x").code() == absl::StatusCode::kUnavailable);
  CHECK(OutOfRange("x").code() == absl::StatusCode::kOutOfRange);
  CHECK(Aborted("x").code() == absl::StatusCode::kAborted);
}

TEST_CASE("A code travels with its status and can be replaced", "[status]") {
  const absl::Status status = WithCode(ResourceExhausted("no budget"), "BUDGET_SPENT");
  CHECK(ErrorCode(status) == "BUDGET_SPENT");
  CHECK(status.code() == absl::StatusCode::kResourceExhausted);
  CHECK(Describe(status) == "no budget [BUDGET_SPENT]");
  CHECK(ErrorCode(WithCode(status, "OTHER")) == "OTHER");
}

TEST_CASE("A status without a code describes itself by its message alone", "[status]") {
  CHECK(ErrorCode(Internal("x")).empty());
  CHECK(Describe(Internal("a bug")) == "a bug");
}

TEST_CASE("OK stays OK", "[status]") {
  CHECK(WithCode(absl::OkStatus(), "CODE").ok());
  CHECK(ErrorCode(absl::OkStatus()).empty());
  CHECK(Annotate(absl::OkStatus(), "reading").ok());
}

TEST_CASE("Annotating keeps category and code", "[status]") {
  const absl::Status status =
      Annotate(WithCode(DataLoss("digest differs"), "STUDY_ALTERED"), "reading study.toml");
  CHECK(status.code() == absl::StatusCode::kDataLoss);
  CHECK(status.message() == "reading study.toml: digest differs");
  CHECK(ErrorCode(status) == "STUDY_ALTERED");
}

absl::StatusOr<int> Half(int value) {
  if (value % 2 != 0) return InvalidArgument("found %d, want an even number", value);
  return value / 2;
}

absl::StatusOr<int> Quarter(int value) {
  MUTUAL_ASSIGN_OR_RETURN(const int half, Half(value));
  MUTUAL_ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}

absl::Status CheckQuarter(int value, int* calls) {
  ++*calls;
  MUTUAL_RETURN_IF_ERROR(Quarter(value).status());
  ++*calls;
  return absl::OkStatus();
}

TEST_CASE("The macros pass values on and errors up", "[status]") {
  CHECK(*Quarter(12) == 3);
  CHECK(Quarter(6).status().message() == "found 3, want an even number");
  int calls = 0;
  CHECK_FALSE(CheckQuarter(7, &calls).ok());
  CHECK(calls == 1);
  CHECK(CheckQuarter(8, &calls).ok());
  CHECK(calls == 3);
}

absl::StatusOr<std::unique_ptr<int>> Boxed(int value) { return std::make_unique<int>(value); }

absl::StatusOr<int> Unboxed(int value) {
  std::unique_ptr<int> box;
  MUTUAL_ASSIGN_OR_RETURN(box, Boxed(value));
  return *box;
}

TEST_CASE("Values that only move can be assigned", "[status]") { CHECK(*Unboxed(5) == 5); }

}  // namespace
}  // namespace mutual
