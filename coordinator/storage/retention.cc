#include "coordinator/storage/retention.h"

#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include "absl/strings/match.h"
#include "absl/synchronization/mutex.h"
#include "base/status.h"

namespace mutual::coordinator {
namespace {

constexpr const char* kTables[] = {
    "CREATE TABLE IF NOT EXISTS kept (id INTEGER PRIMARY KEY AUTOINCREMENT, study TEXT, round "
    "INTEGER, "
    "bytes INTEGER, gone INTEGER, UNIQUE (study, round))",
    "CREATE INDEX IF NOT EXISTS kept_by_age ON kept (gone, id)",
    "CREATE TABLE IF NOT EXISTS kept_files (digest TEXT, kept INTEGER)",
    "CREATE INDEX IF NOT EXISTS kept_files_by_digest ON kept_files (digest)",
    "CREATE INDEX IF NOT EXISTS kept_files_by_round ON kept_files (kept)"};

absl::Status FromSoci(const std::exception& error) {
  const std::string text = error.what();
  if (absl::StrContains(text, "malformed") || absl::StrContains(text, "not a database")) {
    return WithCode(DataLoss("the list of kept files is damaged; move kept.sqlite away: old files "
                             "are then kept until you delete them"),
                    "JOURNAL_CORRUPT");
  }
  return Unavailable("the list of kept files cannot be used now: %s", text);
}

class SqliteRetention final : public Retention {
 public:
  SqliteRetention(const std::string& path, const RetentionLimits& limits, ContentStore* store)
      : database_(soci::sqlite3, "db=" + path + " timeout=10"), limits_(limits), store_(store) {}

  absl::Status Prepare() {
    return Guarded([&]() -> absl::Status {
      std::string verdict;
      database_ << "PRAGMA journal_mode=WAL", soci::into(verdict);
      // Here and not in the connection's options, as in journal.cc.
      database_ << "PRAGMA synchronous=FULL";
      for (const char* const table : kTables) database_ << table;
      long long rounds = 0, bytes = 0;
      database_ << "SELECT COUNT(*), COALESCE(SUM(bytes), 0) FROM kept WHERE gone = 0",
          soci::into(rounds), soci::into(bytes);
      total_ = {static_cast<uint64_t>(rounds), static_cast<uint64_t>(bytes)};
      return absl::OkStatus();
    });
  }

  absl::Status Keep(const KeptRound& round) override {
    return Guarded([&]() -> absl::Status {
      Register(round);
      while (IsOver()) DropOldest();
      return absl::OkStatus();
    });
  }

  absl::StatusOr<Total> Kept() override {
    Total total;
    MUTUAL_RETURN_IF_ERROR(Guarded([&]() -> absl::Status {
      total = total_;
      return absl::OkStatus();
    }));
    return total;
  }

 private:
  template <typename Work>
  absl::Status Guarded(const Work& work) {
    const absl::MutexLock lock(&mutex_);
    try {
      return work();
    } catch (const std::exception& error) {
      return FromSoci(error);
    }
  }

  bool IsOver() const {
    if (limits_.rounds) return total_.rounds > *limits_.rounds;
    return total_.rounds > 1 && total_.bytes > limits_.bytes;
  }

  // One transaction: a round is on the list with all its files or not at all.
  void Register(const KeptRound& round) {
    soci::transaction transaction(database_);
    const std::string study = round.study.ToHex();
    const auto number = static_cast<long long>(round.round);
    int known = 0;
    database_ << "SELECT COUNT(*) FROM kept WHERE study = :s AND round = :r", soci::use(study),
        soci::use(number), soci::into(known);
    if (known > 0) return;
    long long bytes = 0;
    for (const Digest& digest : round.files) bytes += SizeOf(digest);
    database_ << "INSERT INTO kept (study, round, bytes, gone) VALUES (:s, :r, :b, 0)",
        soci::use(study), soci::use(number), soci::use(bytes);
    long long id = 0;
    database_ << "SELECT last_insert_rowid()", soci::into(id);
    for (const Digest& digest : round.files) {
      const std::string hex = digest.ToHex();
      database_ << "INSERT INTO kept_files VALUES (:d, :k)", soci::use(hex), soci::use(id);
    }
    transaction.commit();
    ++total_.rounds;
    total_.bytes += static_cast<uint64_t>(bytes);
  }

  // Files first: a crash in between deletes them again, and nothing else.
  void DropOldest() {
    long long id = 0, bytes = 0;
    database_ << "SELECT id, bytes FROM kept WHERE gone = 0 ORDER BY id LIMIT 1", soci::into(id),
        soci::into(bytes);
    std::vector<std::string> alone;
    {
      const soci::rowset<std::string> rows =
          (database_.prepare
               << "SELECT digest FROM kept_files AS mine WHERE kept = :k AND NOT EXISTS "
                  "(SELECT 1 FROM kept_files AS other WHERE other.digest = mine.digest "
                  "AND other.kept <> mine.kept)",
           soci::use(id));
      alone.assign(rows.begin(), rows.end());
    }
    for (const std::string& hex : alone) {
      const auto digest = Digest::FromHex(hex);
      if (digest.ok()) store_->Remove(*digest);
    }
    soci::transaction transaction(database_);
    database_ << "DELETE FROM kept_files WHERE kept = :k", soci::use(id);
    database_ << "UPDATE kept SET gone = 1 WHERE id = :k", soci::use(id);
    transaction.commit();
    --total_.rounds;
    total_.bytes -= static_cast<uint64_t>(bytes);
  }

  long long SizeOf(const Digest& digest) const {
    std::error_code error;
    const auto size = std::filesystem::file_size(store_->PathOf(digest), error);
    return error ? 0 : static_cast<long long>(size);
  }

  absl::Mutex mutex_;
  soci::session database_;
  const RetentionLimits limits_;
  ContentStore* const store_;
  Total total_;  // of the rounds that are not gone
};

}  // namespace

absl::StatusOr<std::unique_ptr<Retention>> Retention::Open(const std::string& path,
                                                           const RetentionLimits& limits,
                                                           ContentStore* store) {
  try {
    auto retention = std::make_unique<SqliteRetention>(path, limits, store);
    MUTUAL_RETURN_IF_ERROR(retention->Prepare());
    return std::unique_ptr<Retention>(std::move(retention));
  } catch (const std::exception& error) {
    return FromSoci(error);
  }
}

}  // namespace mutual::coordinator
