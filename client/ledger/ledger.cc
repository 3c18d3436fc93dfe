#include "client/ledger/ledger.h"

#include <fcntl.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/status.h"
#include "client/ledger/charge_row.h"
#include "client/ledger/slots.h"
#include "crypto/random.h"

namespace mutual::client {
namespace {

constexpr char kVersion[] = "1";
constexpr const char* kTables[] = {
    "CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS charges (study TEXT NOT NULL, round INTEGER NOT NULL, year INTEGER "
    "NOT NULL, node TEXT NOT NULL, public TEXT NOT NULL, PRIMARY KEY (study, round))",
    "CREATE TABLE IF NOT EXISTS contributions (study TEXT NOT NULL, round INTEGER NOT NULL, sha256 "
    "TEXT NOT NULL, bytes INTEGER NOT NULL, entry TEXT NOT NULL, file "
    "TEXT NOT NULL, created TEXT NOT NULL, sent TEXT NOT NULL, PRIMARY KEY (study, round))",
    "CREATE TABLE IF NOT EXISTS answers (study TEXT PRIMARY KEY, text TEXT NOT NULL, accepted "
    "INTEGER NOT NULL, entry TEXT NOT NULL, time TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS slots (member TEXT PRIMARY KEY, slot INTEGER NOT NULL UNIQUE)"};

class SqliteLedger final : public Ledger {
 public:
  explicit SqliteLedger(const std::string& path)
      : database_(soci::sqlite3, "db=" + path + " timeout=10") {}

  absl::Status Prepare() {
    return Guarded([&]() -> absl::Status {
      std::string verdict;
      database_ << "PRAGMA journal_mode=WAL", soci::into(verdict);
      // Here and not in the connection's options: SOCI leaks a connection whose options a damaged file refuses.
      database_ << "PRAGMA synchronous=FULL";
      database_ << "PRAGMA synchronous", soci::into(verdict);
      if (verdict != "2") return Internal("SQLite is not synchronous=FULL");
      database_ << "PRAGMA quick_check", soci::into(verdict);
      if (verdict != "ok") return FromSoci(std::runtime_error("malformed"));
      for (const char* const table : kTables) database_ << table;
      MUTUAL_RETURN_IF_ERROR(InTransaction([&]() -> absl::Status {
        crypto::SystemRandom random;
        std::array<uint8_t, 32> key;
        random.Fill(key);
        MUTUAL_ASSIGN_OR_RETURN(const std::string version, Setting("version", kVersion));
        if (version != kVersion) {
          return WithCode(DataLoss("the ledger has version %s, this program reads version %s; use a "
                                   "newer program",
                                   version, kVersion),
                          "LEDGER_CORRUPT");
        }
        MUTUAL_ASSIGN_OR_RETURN(slot_key_, Setting("slot-key", HexEncode(key)));
        return absl::OkStatus();
      }));
      return absl::OkStatus();
    });
  }

  absl::Status ChargeAndStore(const privacy::BudgetPolicy& policy, const RoundCharge& charge,
                              const ContributionRecord& record) override {
    return Guarded([&] {
      return InTransaction([&]() -> absl::Status {
        MUTUAL_RETURN_IF_ERROR(AdmitNow(policy, charge));
        Insert(charge);
        const std::string study = charge.study.ToHex(), sha256 = record.sha256.ToHex();
        const auto round = static_cast<long long>(charge.round);
        const auto bytes = static_cast<long long>(record.bytes);
        const std::string created = FormatUtc(record.created), sent;
        database_ << "INSERT INTO contributions VALUES (:a, :b, :c, :d, :e, :f, :g, :h)",
            soci::use(study), soci::use(round), soci::use(sha256), soci::use(bytes),
            soci::use(record.entry), soci::use(record.file), soci::use(created), soci::use(sent);
        return absl::OkStatus();
      });
    });
  }

  absl::Status WouldAdmit(const privacy::BudgetPolicy& policy, const RoundCharge& charge) override {
    return Guarded([&] { return AdmitNow(policy, charge); });
  }

  absl::StatusOr<std::optional<ContributionRecord>> FindContribution(const Digest& study,
                                                                     uint64_t round) override {
    MUTUAL_ASSIGN_OR_RETURN(
        const std::vector<ContributionRecord> found,
        SelectContributions("WHERE study = '" + study.ToHex() +
                            "' AND round = " + std::to_string(round)));
    if (found.empty()) return std::optional<ContributionRecord>();
    return std::optional(found[0]);
  }

  absl::Status MarkSent(const Digest& study, uint64_t round, absl::Time time) override {
    return Guarded([&] {
      const std::string hex = study.ToHex(), when = FormatUtc(time);
      const auto number = static_cast<long long>(round);
      database_ << "UPDATE contributions SET sent = :t WHERE study = :s AND round = :r",
          soci::use(when), soci::use(hex), soci::use(number);
      return absl::OkStatus();
    });
  }

  absl::StatusOr<std::vector<ContributionRecord>> Contributions() override {
    return SelectContributions("");
  }

  absl::StatusOr<bool> IsCharged(const Digest& study, uint64_t round) override {
    int found = 0;
    MUTUAL_RETURN_IF_ERROR(Guarded([&] {
      found = CountCharges(study, round);
      return absl::OkStatus();
    }));
    return found > 0;
  }

  absl::StatusOr<uint64_t> log_checked() override {
    std::string value;
    MUTUAL_RETURN_IF_ERROR(Guarded([&]() -> absl::Status {
      MUTUAL_ASSIGN_OR_RETURN(value, Setting("log-checked", "0"));
      return absl::OkStatus();
    }));
    return ParseUint64(value);
  }

  absl::Status CatchUp(const std::vector<RoundCharge>& charges, uint64_t log_size) override {
    return Guarded([&] {
      return InTransaction([&]() -> absl::Status {
        for (const RoundCharge& charge : charges) {
          if (CountCharges(charge.study, charge.round) == 0) Insert(charge);
        }
        const std::string value = std::to_string(log_size);
        database_ << "INSERT OR REPLACE INTO settings VALUES ('log-checked', :v)", soci::use(value);
        return absl::OkStatus();
      });
    });
  }

  absl::Status RecordAnswer(const AnswerRecord& answer) override {
    return Guarded([&] {
      const std::string study = answer.study.ToHex(), when = FormatUtc(answer.time);
      const int accepted = answer.accepted ? 1 : 0;
      database_ << "INSERT OR REPLACE INTO answers VALUES (:a, :b, :c, :d, :e)",
          soci::use(study), soci::use(answer.study_text), soci::use(accepted),
          soci::use(answer.entry), soci::use(when);
      return absl::OkStatus();
    });
  }

  absl::StatusOr<std::optional<AnswerRecord>> FindAnswer(const Digest& study) override {
    MUTUAL_ASSIGN_OR_RETURN(const std::vector<AnswerRecord> all, Answers());
    for (const AnswerRecord& answer : all) {
      if (answer.study == study) return std::optional(answer);
    }
    return std::optional<AnswerRecord>();
  }

  absl::StatusOr<std::vector<AnswerRecord>> Answers() override {
    std::vector<AnswerRecord> answers;
    MUTUAL_RETURN_IF_ERROR(Guarded([&]() -> absl::Status {
      const soci::rowset<soci::row> rows =
          (database_.prepare << "SELECT study, text, CAST(accepted AS TEXT) AS accepted, entry, "
                                "time FROM answers ORDER BY rowid");
      for (const soci::row& row : rows) {
        AnswerRecord answer;
        MUTUAL_ASSIGN_OR_RETURN(answer.study, Digest::FromHex(row.get<std::string>("study")));
        answer.study_text = row.get<std::string>("text");
        answer.accepted = row.get<std::string>("accepted") == "1";
        answer.entry = row.get<std::string>("entry");
        ParseUtc(row.get<std::string>("time"), &answer.time);
        answers.push_back(std::move(answer));
      }
      return absl::OkStatus();
    }));
    return answers;
  }

  absl::StatusOr<privacy::Spending> Spent(int year, const Digest& study,
                                          privacy::Figure figure) override {
    const size_t orders = privacy::RenyiOrders().size();
    privacy::Spending spending{privacy::RenyiCurve(orders, 0.0), privacy::RenyiCurve(orders, 0.0)};
    MUTUAL_RETURN_IF_ERROR(
        Guarded([&] { return SumCharges(year, study.ToHex(), figure, &spending); }));
    return spending;
  }

  absl::StatusOr<std::vector<uint64_t>> SlotsOf(const std::vector<std::string>& members) override {
    std::vector<uint64_t> slots;
    MUTUAL_ASSIGN_OR_RETURN(const uint64_t count, slot_count());
    MUTUAL_RETURN_IF_ERROR(Guarded([&] {
      return InTransaction([&]() -> absl::Status {
        slots = AssignSlots(database_, slot_key_, count, members);
        if (!slots.empty() || members.empty()) return absl::OkStatus();
        return WithCode(ResourceExhausted("there are not enough slots for all members; begin a new "
                                          "node folder with more slots in node.toml"),
                        "SLOTS_FULL");
      });
    }));
    return slots;
  }

  absl::StatusOr<uint64_t> slot_count() override {
    std::string value;
    MUTUAL_RETURN_IF_ERROR(Guarded([&]() -> absl::Status {
      MUTUAL_ASSIGN_OR_RETURN(value, Setting("slots", ""));
      return absl::OkStatus();
    }));
    if (value.empty()) return FailedPrecondition("the number of slots was never set; serve sets it");
    return ParseUint64(value);
  }

  absl::Status SetSlotCount(uint64_t count) override {
    return Guarded([&]() -> absl::Status {
      return InTransaction([&]() -> absl::Status {
        MUTUAL_ASSIGN_OR_RETURN(const std::string value, Setting("slots", std::to_string(count)));
        if (value == std::to_string(count)) return absl::OkStatus();
        return WithCode(FailedPrecondition("node.toml says %d slots, the ledger was begun with %s; put "
                                           "the old number back",
                                           count, value),
                        "SLOTS_DIFFER");
      });
    });
  }

 private:
  // SOCI throws; nothing leaves this file but a Status.
  template <typename F>
  absl::Status Guarded(F&& body) {
    try {
      return body();
    } catch (const std::exception& error) {
      return FromSoci(error);
    }
  }

  // `where` is built from digests and numbers only.
  absl::StatusOr<std::vector<ContributionRecord>> SelectContributions(const std::string& where) {
    std::vector<ContributionRecord> records;
    MUTUAL_RETURN_IF_ERROR(Guarded([&]() -> absl::Status {
      const soci::rowset<soci::row> rows =
          (database_.prepare << "SELECT study, sha256, entry, file, created, sent, "
                                "CAST(round AS TEXT) AS round, CAST(bytes AS TEXT) AS bytes FROM "
                                "contributions " + where + " ORDER BY rowid");
      for (const soci::row& row : rows) {
        ContributionRecord record;
        MUTUAL_ASSIGN_OR_RETURN(record.study, Digest::FromHex(row.get<std::string>("study")));
        MUTUAL_ASSIGN_OR_RETURN(record.round, ParseUint64(row.get<std::string>("round")));
        MUTUAL_ASSIGN_OR_RETURN(record.bytes, ParseUint64(row.get<std::string>("bytes")));
        MUTUAL_ASSIGN_OR_RETURN(record.sha256, Digest::FromHex(row.get<std::string>("sha256")));
        record.entry = row.get<std::string>("entry");
        record.file = row.get<std::string>("file");
        ParseUtc(row.get<std::string>("created"), &record.created);
        absl::Time sent;
        if (ParseUtc(row.get<std::string>("sent"), &sent)) record.sent = sent;
        records.push_back(std::move(record));
      }
      return absl::OkStatus();
    }));
    return records;
  }

  // BEGIN IMMEDIATE: two processes cannot both pass the same check before either writes.
  template <typename F>
  absl::Status InTransaction(F&& body) {
    database_ << "BEGIN IMMEDIATE";
    absl::Status status;
    try {
      status = body();
      if (status.ok()) {
        database_ << "COMMIT";
        return status;
      }
    } catch (const std::exception& error) {
      status = FromSoci(error);
    }
    database_ << "ROLLBACK";
    return status;
  }

  // The value of a setting, after giving it `value` when it has none and `value` is not empty.
  absl::StatusOr<std::string> Setting(const std::string& name, const std::string& value) {
    if (!value.empty()) {
      database_ << "INSERT OR IGNORE INTO settings VALUES (:n, :v)", soci::use(name),
          soci::use(value);
    }
    std::string found;
    database_ << "SELECT value FROM settings WHERE name = :n", soci::use(name), soci::into(found);
    return found;
  }

  absl::Status SumCharges(int year, const std::string& study, privacy::Figure figure,
                          privacy::Spending* spending) {
    const soci::rowset<soci::row> rows =
        (database_.prepare << "SELECT study, CAST(year AS TEXT) AS year, node, public FROM charges "
                              "WHERE year = :y OR study = :s",
         soci::use(year), soci::use(study));
    for (const soci::row& row : rows) {
      MUTUAL_ASSIGN_OR_RETURN(const privacy::RenyiCurve curve,
                              CurveFromHex(row.get<std::string>(
                                  figure == privacy::Figure::kNode ? "node" : "public")));
      if (row.get<std::string>("year") == std::to_string(year)) {
        privacy::AddCurve(curve, &spending->year);
      }
      if (row.get<std::string>("study") == study) privacy::AddCurve(curve, &spending->study);
    }
    return absl::OkStatus();
  }

  int CountCharges(const Digest& study, uint64_t round) {
    const std::string hex = study.ToHex();
    const auto number = static_cast<long long>(round);
    int found = 0;
    database_ << "SELECT COUNT(*) FROM charges WHERE study = :s AND round = :r", soci::use(hex),
        soci::use(number), soci::into(found);
    return found;
  }

  void Insert(const RoundCharge& charge) {
    const int year = YearOf(charge);
    const std::string study = charge.study.ToHex();
    const auto round = static_cast<long long>(charge.round);
    const std::string node = CurveToHex(charge.node), figure = CurveToHex(charge.public_figure);
    database_ << "INSERT INTO charges VALUES (:a, :b, :c, :d, :e)", soci::use(study),
        soci::use(round), soci::use(year), soci::use(node), soci::use(figure);
  }

  // A clock that was set back must not open an earlier year's budget: the year never goes down.
  int YearOf(const RoundCharge& charge) {
    int newest = 0;
    database_ << "SELECT COALESCE(MAX(year), 0) FROM charges", soci::into(newest);
    return std::max(newest, charge.year);
  }

  absl::Status AdmitNow(const privacy::BudgetPolicy& policy, const RoundCharge& charge) {
    const std::string study = charge.study.ToHex();
    long long last = 0;
    database_ << "SELECT COALESCE(MAX(round), 0) FROM charges WHERE study = :s", soci::use(study),
        soci::into(last);
    const auto round = static_cast<long long>(charge.round);
    if (round == last) {
      return WithCode(AlreadyExists("round %d of study %s was charged already", charge.round,
                                    charge.study.Short()),
                      "ROUND_REPEATED");
    }
    if (round < last) {
      return WithCode(FailedPrecondition("round %d of study %s is not above the last one, %d; the "
                                         "coordinator went back in time",
                                         charge.round, charge.study.Short(), last),
                      "ROUND_NOT_INCREASING");
    }
    const int year = YearOf(charge);
    for (const privacy::Figure figure : {privacy::Figure::kNode, privacy::Figure::kPublic}) {
      const size_t orders = privacy::RenyiOrders().size();
      privacy::Spending spent{privacy::RenyiCurve(orders, 0.0), privacy::RenyiCurve(orders, 0.0)};
      MUTUAL_RETURN_IF_ERROR(SumCharges(year, study, figure, &spent));
      MUTUAL_RETURN_IF_ERROR(privacy::Admit(
          policy, spent,
          {figure, year, charge.study_delta,
           figure == privacy::Figure::kNode ? charge.node : charge.public_figure}));
    }
    return absl::OkStatus();
  }

  soci::session database_;
  std::string slot_key_;
};

absl::StatusOr<std::unique_ptr<Ledger>> OpenDatabase(const std::string& path) {
  try {
    auto ledger = std::make_unique<SqliteLedger>(path);
    MUTUAL_RETURN_IF_ERROR(ledger->Prepare());
    return ledger;
  } catch (const std::exception& error) {
    return FromSoci(error);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Ledger>> Ledger::Open(const std::string& path) {
  // Only a new file is opened here: closing one that is there would drop the locks that this process holds
  // on it through another object (POSIX fcntl), and the next program to close it would take away the WAL.
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0 && errno != EEXIST) {
    return Unavailable("the ledger %s cannot be created: %s", path, std::strerror(errno));
  }
  if (file >= 0) ::close(file);
  return OpenDatabase(path);
}

absl::StatusOr<std::unique_ptr<Ledger>> Ledger::OpenInMemory() { return OpenDatabase(":memory:"); }
}  // namespace mutual::client
