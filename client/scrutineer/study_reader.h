// One verified entry of a study into its history.
#pragma once

#include "base/ids.h"
#include "client/scrutineer/study_history.h"
#include "transparency/entry.h"

namespace mutual::client {

struct EntryPlace {
  uint64_t index = 0;
  Digest leaf;  // hash of the entry's bytes
};

// Entries of other types, and lines that are not what their type wants, change nothing.
void TakeStudyEntry(const EntryPlace& at, const transparency::Entry& entry, StudyHistory* study);

}  // namespace mutual::client
