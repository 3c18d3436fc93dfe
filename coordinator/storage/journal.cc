#include "coordinator/storage/journal.h"

#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include "absl/strings/match.h"
#include "absl/synchronization/mutex.h"
#include "base/encoding.h"
#include "base/status.h"

namespace mutual::coordinator {
namespace {

constexpr const char* kTables[] = {
    "CREATE TABLE IF NOT EXISTS invitations (secret TEXT PRIMARY KEY, role TEXT, expires TEXT, "
    "used "
    "TEXT)",
    "CREATE TABLE IF NOT EXISTS organisations (name TEXT PRIMARY KEY, role TEXT, certificate TEXT, "
    "identity TEXT, witness TEXT, enrolled TEXT, revoked TEXT)",
    "CREATE TABLE IF NOT EXISTS studies (digest TEXT PRIMARY KEY, text TEXT, proposer TEXT, "
    "proposed "
    "TEXT, state TEXT, reason TEXT, roster TEXT, result TEXT, privacy TEXT, model TEXT)",
    "CREATE TABLE IF NOT EXISTS answers (study TEXT, node TEXT, accepted TEXT, entry TEXT, "
    "PRIMARY KEY (study, node))",
    "CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, study TEXT, round INTEGER, event "
    "TEXT)",
    "CREATE INDEX IF NOT EXISTS events_by_round ON events (study, round)",
    "CREATE TABLE IF NOT EXISTS incidents (id INTEGER PRIMARY KEY, code TEXT, what TEXT, time "
    "TEXT, "
    "study TEXT)",
    "CREATE TABLE IF NOT EXISTS states (study TEXT PRIMARY KEY, state TEXT)"};

absl::Status FromSoci(const std::exception& error) {
  const std::string text = error.what();
  if (absl::StrContains(text, "disk is full")) {
    return WithCode(Unavailable("the journal's disk is full; free some space and start again"),
                    "DISK_FULL");
  }
  if (absl::StrContains(text, "malformed") || absl::StrContains(text, "not a database")) {
    return WithCode(DataLoss("the journal is damaged; restore journal.sqlite from a backup"),
                    "JOURNAL_CORRUPT");
  }
  return Unavailable("the journal cannot be used now: %s", text);
}

std::string Hex(const std::string& bytes) { return HexEncode(AsBytes(bytes)); }

class SqliteJournal final : public Journal {
 public:
  explicit SqliteJournal(const std::string& path)
      : database_(soci::sqlite3, "db=" + path + " timeout=10") {}

  absl::Status Prepare() {
    return Guarded([&]() -> absl::Status {
      std::string verdict;
      database_ << "PRAGMA journal_mode=WAL", soci::into(verdict);
      // Here and not in the connection's options: SOCI leaks a connection whose options a damaged
      // file refuses.
      database_ << "PRAGMA synchronous=FULL";
      database_ << "PRAGMA synchronous", soci::into(verdict);
      if (verdict != "2") return Internal("SQLite is not synchronous=FULL");
      database_ << "PRAGMA quick_check", soci::into(verdict);
      if (verdict != "ok") return FromSoci(std::runtime_error("malformed"));
      for (const char* const table : kTables) database_ << table;
      return absl::OkStatus();
    });
  }

  absl::Status AddInvitation(const InvitationRecord& record) override {
    return Guarded([&] {
      database_ << "INSERT INTO invitations VALUES (:a, :b, :c, '')",
          soci::use(record.secret_sha256), soci::use(record.role), soci::use(record.expires);
      return absl::OkStatus();
    });
  }

  absl::StatusOr<std::optional<InvitationRecord>> FindInvitation(const std::string& hash) override {
    std::optional<InvitationRecord> found;
    MUTUAL_RETURN_IF_ERROR(Guarded([&] {
      const soci::rowset<soci::row> rows =
          (database_.prepare << "SELECT role, expires, used FROM invitations WHERE secret = :s",
           soci::use(hash));
      for (const soci::row& row : rows) {
        found = InvitationRecord{hash, row.get<std::string>(0), row.get<std::string>(1),
                                 !row.get<std::string>(2).empty()};
      }
      return absl::OkStatus();
    }));
    return found;
  }

  absl::Status Enrol(const std::string& hash, const Organisation& organisation) override {
    return Guarded([&]() -> absl::Status {
      soci::transaction transaction(database_);
      std::string used = "?";
      int names = 0;
      database_ << "SELECT used FROM invitations WHERE secret = :s", soci::use(hash),
          soci::into(used);
      database_ << "SELECT COUNT(*) FROM organisations WHERE name = :n",
          soci::use(organisation.name), soci::into(names);
      if (!used.empty()) {
        return WithCode(AlreadyExists("this invitation was used already; ask for a new one"),
                        "INVITATION_USED");
      }
      if (names > 0) {
        return WithCode(
            AlreadyExists("an organisation called %s is enrolled already; choose another "
                          "name",
                          organisation.name),
            "NAME_TAKEN");
      }
      database_ << "UPDATE invitations SET used = :n WHERE secret = :s",
          soci::use(organisation.name), soci::use(hash);
      database_ << "INSERT INTO organisations VALUES (:a, :b, :c, :d, :e, :f, '')",
          soci::use(organisation.name), soci::use(organisation.role),
          soci::use(organisation.certificate), soci::use(organisation.identity_key),
          soci::use(organisation.witness_key), soci::use(organisation.enrolled_at);
      transaction.commit();
      organisations_version_.reset();
      return absl::OkStatus();
    });
  }

  absl::StatusOr<std::vector<Organisation>> Organisations() override {
    std::vector<Organisation> all;
    MUTUAL_RETURN_IF_ERROR(Guarded([&] {
      // Another program, such as invite or revoke, may have written to the same file.
      int version = 0;
      database_ << "PRAGMA data_version", soci::into(version);
      if (version == organisations_version_) {
        all = organisations_;
        return absl::OkStatus();
      }
      const soci::rowset<soci::row> rows =
          (database_.prepare
           << "SELECT name, role, certificate, identity, witness, enrolled, revoked "
              "FROM organisations ORDER BY rowid");
      for (const soci::row& row : rows) {
        const auto text = [&](size_t i) { return row.get<std::string>(i); };
        all.push_back({text(0), text(1), text(2), text(3), text(4), text(5), text(6)});
      }
      organisations_ = all;
      organisations_version_ = version;
      return absl::OkStatus();
    }));
    return all;
  }

  absl::Status Revoke(const std::string& name, const std::string& time) override {
    return Guarded([&] {
      database_ << "UPDATE organisations SET revoked = :t WHERE name = :n AND revoked = ''",
          soci::use(time), soci::use(name);
      organisations_version_.reset();
      return absl::OkStatus();
    });
  }

  absl::Status AddIncident(const IncidentRow& incident) override {
    return Guarded([&] {
      database_ << "INSERT INTO incidents (code, what, time, study) VALUES (:a, :b, :c, :d)",
          soci::use(incident.code), soci::use(incident.what), soci::use(incident.time),
          soci::use(incident.study);
      return absl::OkStatus();
    });
  }

  absl::StatusOr<std::vector<IncidentRow>> Incidents() override {
    std::vector<IncidentRow> all;
    MUTUAL_RETURN_IF_ERROR(Guarded([&] {
      const soci::rowset<soci::row> rows =
          (database_.prepare << "SELECT code, what, time, study FROM incidents ORDER BY id");
      for (const soci::row& row : rows) {
        const auto text = [&](size_t i) { return row.get<std::string>(i); };
        all.push_back({text(0), text(1), text(2), text(3)});
      }
      return absl::OkStatus();
    }));
    return all;
  }

  absl::Status SaveStudy(const StudyRecord& study) override {
    return Guarded([&] {
      const std::string digest = study.digest.ToHex();
      database_
          << "INSERT INTO studies VALUES (:a, :b, :c, :d, :e, :f, :g, :h, :i, :j) ON CONFLICT "
             "(digest) DO UPDATE SET state = excluded.state, reason = excluded.reason, roster = "
             "excluded.roster, result = excluded.result, privacy = excluded.privacy, model = "
             "excluded.model",
          soci::use(digest), soci::use(study.text), soci::use(study.proposer),
          soci::use(study.proposed_at), soci::use(study.state), soci::use(study.reason),
          soci::use(study.roster), soci::use(study.result_json), soci::use(study.privacy_json),
          soci::use(study.model);
      return absl::OkStatus();
    });
  }

  absl::StatusOr<std::vector<StudyRecord>> Studies() override {
    std::vector<StudyRecord> all;
    MUTUAL_RETURN_IF_ERROR(Guarded([&]() -> absl::Status {
      const soci::rowset<soci::row> rows =
          (database_.prepare << "SELECT digest, text, proposer, proposed, state, reason, roster, "
                                "result, privacy, model FROM studies ORDER BY rowid");
      for (const soci::row& row : rows) {
        const auto text = [&](size_t i) { return row.get<std::string>(i); };
        MUTUAL_ASSIGN_OR_RETURN(const Digest digest, Digest::FromHex(text(0)));
        all.push_back({digest, text(1), text(2), text(3), text(4), text(5), text(6), text(7),
                       text(8), text(9)});
      }
      return absl::OkStatus();
    }));
    return all;
  }

  absl::Status SaveAnswer(const Digest& study, const AnswerRow& answer) override {
    return Guarded([&] {
      const std::string digest = study.ToHex();
      const std::string accepted = answer.accepted ? "1" : "0";
      database_ << "INSERT OR REPLACE INTO answers VALUES (:a, :b, :c, :d)", soci::use(digest),
          soci::use(answer.node), soci::use(accepted), soci::use(answer.entry);
      return absl::OkStatus();
    });
  }

  absl::StatusOr<std::vector<AnswerRow>> Answers(const Digest& study) override {
    std::vector<AnswerRow> all;
    MUTUAL_RETURN_IF_ERROR(Guarded([&]() -> absl::Status {
      const std::string digest = study.ToHex();
      const soci::rowset<soci::row> rows =
          (database_.prepare << "SELECT node, accepted, entry FROM answers WHERE study "
                                "= :s ORDER BY node",
           soci::use(digest));
      for (const soci::row& row : rows) {
        all.push_back(
            {row.get<std::string>(0), row.get<std::string>(1) == "1", row.get<std::string>(2)});
      }
      return absl::OkStatus();
    }));
    return all;
  }

  absl::Status AppendEvents(const Digest& study, uint64_t round,
                            const std::vector<std::string>& events) override {
    return Guarded([&] {
      const std::string digest = study.ToHex();
      const auto number = static_cast<long long>(round);
      soci::transaction transaction(database_);
      for (const std::string& event : events) {
        const std::string bytes = Hex(event);
        database_ << "INSERT INTO events (study, round, event) VALUES (:a, :b, :c)",
            soci::use(digest), soci::use(number), soci::use(bytes);
      }
      transaction.commit();
      return absl::OkStatus();
    });
  }

  absl::Status AppendEvent(const Digest& study, uint64_t round, const std::string& event,
                           const std::string& state) override {
    return Guarded([&] {
      const std::string digest = study.ToHex(), bytes = Hex(event), state_hex = Hex(state);
      const auto number = static_cast<long long>(round);
      soci::transaction transaction(database_);
      database_ << "INSERT INTO events (study, round, event) VALUES (:a, :b, :c)",
          soci::use(digest), soci::use(number), soci::use(bytes);
      if (!state.empty()) {
        database_ << "INSERT OR REPLACE INTO states VALUES (:a, :b)", soci::use(digest),
            soci::use(state_hex);
      }
      transaction.commit();
      return absl::OkStatus();
    });
  }

  absl::StatusOr<std::vector<std::string>> Events(const Digest& study, uint64_t round) override {
    std::vector<std::string> events;
    MUTUAL_RETURN_IF_ERROR(Guarded([&]() -> absl::Status {
      const std::string digest = study.ToHex();
      const auto number = static_cast<long long>(round);
      const soci::rowset<std::string> rows =
          (database_.prepare
               << "SELECT event FROM events WHERE study = :s AND round = :r ORDER BY id",
           soci::use(digest), soci::use(number));
      for (const std::string& hex : rows) {
        MUTUAL_ASSIGN_OR_RETURN(events.emplace_back(), HexDecode(hex));
      }
      return absl::OkStatus();
    }));
    return events;
  }

  absl::StatusOr<uint64_t> LastRound(const Digest& study) override {
    long long last = 0;
    MUTUAL_RETURN_IF_ERROR(Guarded([&] {
      const std::string digest = study.ToHex();
      database_ << "SELECT COALESCE(MAX(round), 0) FROM events WHERE study = :s", soci::use(digest),
          soci::into(last);
      return absl::OkStatus();
    }));
    return static_cast<uint64_t>(last);
  }

  absl::StatusOr<std::string> LastState(const Digest& study) override {
    std::string hex;
    MUTUAL_RETURN_IF_ERROR(Guarded([&] {
      const std::string digest = study.ToHex();
      database_ << "SELECT state FROM states WHERE study = :s", soci::use(digest), soci::into(hex);
      return absl::OkStatus();
    }));
    return HexDecode(hex);
  }

 private:
  // SOCI throws; nothing leaves this file but a Status.
  template <typename F>
  absl::Status Guarded(F&& body) {
    const absl::MutexLock lock(&mutex_);
    try {
      return body();
    } catch (const std::exception& error) {
      return FromSoci(error);
    }
  }

  absl::Mutex mutex_;
  soci::session database_;
  // As read when the database had this version: the coordinator asks often, and a roster is long.
  std::vector<Organisation> organisations_;
  std::optional<int> organisations_version_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Journal>> Journal::Open(const std::string& path) {
  try {
    auto journal = std::make_unique<SqliteJournal>(path);
    MUTUAL_RETURN_IF_ERROR(journal->Prepare());
    return journal;
  } catch (const std::exception& error) {
    return FromSoci(error);
  }
}

}  // namespace mutual::coordinator
