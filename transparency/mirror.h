// A verified copy of a log in a folder, which serves and verifies like the original.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "transparency/note.h"
#include "transparency/tile_reader.h"

namespace mutual::transparency {

// Brings the copy in `folder` to `checkpoint`, a note signed by `log`; whether witnesses cosigned
// it is the caller's to check. Only verified bytes are written, the checkpoint last, so the copy is
// whole whenever the program ends; called again, it fetches only what is not there. Memory as of
// LogReader, and 24 bytes for each file to copy. One writer at a time.
//
// DATA_LOSS LOG_FORKED when the copy is not a prefix of the log: both checkpoints are evidence.
// FAILED_PRECONDITION when the copy is newer; INVALID_ARGUMENT, PERMISSION_DENIED and
// UNAUTHENTICATED as of OpenCheckpoint; others as of LogReader and DurableFolder.
absl::Status MirrorLog(const Fetch& source, const std::filesystem::path& folder,
                       const std::string& checkpoint, const NoteVerifier& log);

}  // namespace mutual::transparency
