// Verifies a synthetic log in this process.
#pragma once

#include <memory>
#include <string>

#include "tests/support/temporary_folder.h"
#include "tests/tools/audit_log.h"
#include "tools/audit/print.h"
#include "tools/audit/verification.h"

// Last: see there.
#include "tests/catch.h"

namespace mutual::audit::testing {

inline transparency::Policy Trust() { return *transparency::Policy::Parse(PolicyText()); }

inline std::unique_ptr<Verification> VerifyFiles(const Files& files,
                                                 const std::string& since = "") {
  const mutual::testing::TemporaryFolder folder;
  WriteFiles(files, folder.path());
  const transparency::Policy policy = Trust();
  auto done = Verify({folder.path().string(), &policy, since, {}});
  REQUIRE_OK(done);
  return *std::move(done);
}

inline std::string TextOf(const Verification& done) {
  return ToText({"verify", done.headline, "", &done.findings});
}

}  // namespace mutual::audit::testing
