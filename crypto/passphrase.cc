#include "crypto/passphrase.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "base/encoding.h"
#include "base/file.h"
#include "base/status.h"
#include "crypto/key_folder.h"

namespace mutual::crypto {
namespace {

constexpr uint64_t kLongest = 4096;
constexpr char kPresentFile[] = "MUTUAL_PASSPHRASE_FILE";
constexpr char kNewFile[] = "MUTUAL_NEW_PASSPHRASE_FILE";

// The terminal with its echo off, for as long as this lives.
class QuietTerminal {
 public:
  QuietTerminal() : file_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    if (file_ < 0 || ::tcgetattr(file_, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    is_quiet_ = ::tcsetattr(file_, TCSAFLUSH, &quiet) == 0;
  }
  ~QuietTerminal() {
    if (is_quiet_) ::tcsetattr(file_, TCSAFLUSH, &before_);
    if (file_ >= 0) ::close(file_);
  }
  QuietTerminal(const QuietTerminal&) = delete;
  QuietTerminal& operator=(const QuietTerminal&) = delete;

  bool is_there() const { return is_quiet_; }
  Secret Ask(const std::string& question) const {
    Say(question);
    Secret line = Secret::OfSize(kLongest);
    size_t size = 0;
    for (char byte = 0; size < kLongest && ::read(file_, &byte, 1) == 1 && byte != '\n';) {
      line.mutable_bytes()[size++] = static_cast<uint8_t>(byte);
    }
    Say("\n");
    return Secret::FromBytes(line.bytes().first(size));
  }

 private:
  void Say(const std::string& text) const {
    if (::write(file_, text.data(), text.size()) < 0) return;  // then the question is not seen
  }
  int file_;
  termios before_{};
  bool is_quiet_ = false;
};

absl::StatusOr<Secret> FromFile(const std::string& path) {
  MUTUAL_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kLongest));
  const std::string line = text.substr(0, text.find_first_of("\r\n"));
  if (line.empty())
    return InvalidArgument("%s begins with an empty line, want the passphrase there", path);
  return Secret::FromBytes(AsBytes(line));
}

absl::Status Needed(const char* variable) {
  return WithCode(FailedPrecondition(
                      "the keys need a passphrase and there is no terminal to ask for it; write it "
                      "into a file of mode 0600 and name that in %s",
                      std::string(variable)),
                  "PASSPHRASE_NEEDED");
}

}  // namespace

absl::StatusOr<Secret> ReadPassphrase() {
  if (const char* const path = std::getenv(kPresentFile)) return FromFile(path);
  const QuietTerminal terminal;
  if (!terminal.is_there()) return Needed(kPresentFile);
  return terminal.Ask("Passphrase of the keys: ");
}

absl::StatusOr<Secret> ReadNewPassphrase(NewPassphrase kind) {
  if (const char* const path = std::getenv(kNewFile)) return FromFile(path);
  if (kind == NewPassphrase::kFirst) {
    if (const char* const path = std::getenv(kPresentFile)) return FromFile(path);
  }
  const QuietTerminal terminal;
  if (!terminal.is_there()) return Needed(kNewFile);
  Secret first = terminal.Ask("New passphrase: ");
  if (first.size() == 0)
    return InvalidArgument("the passphrase is empty, want at least one character");
  if (!terminal.Ask("The same again: ").Equals(first.bytes())) {
    return InvalidArgument("the two passphrases differ; nothing was changed");
  }
  return first;
}

absl::Status ChangePassphrase(const std::filesystem::path& key_folder, PassphraseChange change) {
  if (!std::filesystem::exists(key_folder)) {
    return NotFound("%s does not exist; name the right --dir", key_folder.string());
  }
  MUTUAL_ASSIGN_OR_RETURN(KeyFolder keys, KeyFolder::Open(key_folder, ReadPassphrase));
  if (change == PassphraseChange::kRemove) return keys.RemovePassphrase();
  MUTUAL_ASSIGN_OR_RETURN(const Secret fresh,
                          ReadNewPassphrase(keys.has_passphrase() ? NewPassphrase::kReplacement
                                                                  : NewPassphrase::kFirst));
  return keys.SetPassphrase(fresh);
}

}  // namespace mutual::crypto
