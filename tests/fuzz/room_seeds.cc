#include "tests/fuzz/room_seeds.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "aggregation/masking/keyring.h"
#include "aggregation/masking/masker.h"
#include "aggregation/optimizer/optimizer.h"
#include "base/encoding.h"
#include "client/data/node_config.h"
#include "client/ledger/charge_row.h"
#include "coordinator/enrolment/coordinator_config.h"
#include "coordinator/round/key_exchange.h"
#include "coordinator/round/round_machine.h"
#include "crypto/certificate.h"
#include "crypto/digest.h"
#include "crypto/invitation.h"
#include "privacy/accountant.h"
#include "study/result.h"
#include "tests/support/study_text.h"

namespace mutual::fuzz {
namespace {

using Inputs = std::vector<std::string>;

// Every study file of the examples, and training with local steps, which none of them has.
Inputs Studies() {
  Inputs inputs = {testing::LocalStudyText(3, 5)};
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(MUTUAL_SOURCE_DIR "/examples")) {
    if (entry.path().extension() != ".toml") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

Inputs Results() {
  study::Result result;
  result.sentences = {"The mean is 3 ± 1."};
  result.tables = {{"Pay", {"region"}, {{{"north"}, {{"mean", 3, 0.5, "pounds"}}}}}};
  result.withheld = {{"Pay", "south", "too few"}};
  result.further_models = {{"last round", std::string(64, 'a')}};
  return {study::ToJson(result), study::ToJson({})};
}

Inputs Tables() {
  const std::string rows =
      "who,pay,region,note\nA,3.5,north,late again\n\"B\"\"x\",NA,south west,\n";
  return {std::string(1, '\0') + rows,
          '\x05' + std::string("who;pay;region;note\r\nA;3,5;north;x\r\n"),
          '\x10' + std::string("A,4,north,\"two\nlines\"\n"),
          std::string(1, '\x08') + "\xef\xbb\xbf" + rows,
          std::string(1, '\0') + rows + "C,1\n\"unterminated"};
}

Inputs Images() {
  const std::string idx("\0\0\x08\3\0\0\0\2\0\0\0\2\0\0\0\3", 16);
  return {std::string(1, '\0') + "P5\n# scan\n3 2\n255\nabcdef",
          '\x02' + std::string("P6 3 2 255 ") + std::string(18, 'x'),
          '\x05' + idx + std::string(12, '7')};
}

Inputs Configs() {
  return {client::ExampleNodeToml("north") +
              "\n[tables.trips]\nfile = \"t.csv\"\ndelimiter = \";\"\ndecimal = \",\"\n"
              "[tables.trips.columns]\npay = \"Lohn\"\n[tables.trips.categories.region]\nN = "
              "\"north\"\n",
          coordinator::ExampleCoordinatorToml(
              {"fed.example", "127.0.0.1:7433", "127.0.0.1:7433", {"north"}, {}})};
}

Inputs Events() {
  using namespace coordinator;  // NOLINT: one room
  const Digest digest = crypto::Sha256("x");
  Inputs inputs;
  for (const RoundEvent& event :
       {RoundEvent(RoundOpened{"entry"}), RoundEvent(ContributionArrived{"north", digest, 64, 9}),
        RoundEvent(NodeDeclined{"north", "BUDGET_SPENT"}), RoundEvent(DeadlinePassed{}),
        RoundEvent(CloseLogged{10, digest, 1700000000, "checkpoint"}),
        RoundEvent(TallyArrived{"north", 11, {{0, digest}, {1, digest}}}),
        RoundEvent(ClassSumArrived{1, digest}), RoundEvent(SumReleased{digest, digest}),
        RoundEvent(RoundFailed{"RELEASE_FAILED"})}) {
    inputs.push_back(Serialize(event));
  }
  inputs.push_back(Serialize(MaskEvent{7, "entry", {{1, 2, {}, std::string(48, 'c')}}}));
  return inputs;
}

Inputs MaskStates() {
  using namespace aggregation::masking;  // NOLINT: one room
  const std::string key(32, 'k');
  const MaskIds ids{"fed.example/audit", crypto::Sha256("study"), *NodeId::Parse("north"), 0};
  const auto classes = *MaskClasses::Create({3, 2});
  std::vector<Ratchet> ratchets;
  for (uint32_t number = 0; number < classes.size(); ++number) {
    MaskIds of_class = ids;
    of_class.mask_class = number;
    ratchets.push_back(*Ratchet::Create(AsBytes(key), of_class));
  }
  const auto text = [](const crypto::Secret& secret) {
    return std::string(AsText(secret.bytes()));
  };
  Inputs inputs = {text(ratchets[0].Serialize()), text(SerializeRatchets(ratchets))};
  Keyring keyring;
  keyring.Add(*ParseRatchets(AsBytes(inputs[1]))).IgnoreError();
  inputs.push_back(text(keyring.Serialize()));
  inputs.push_back(text(Masker::Create(classes, std::move(ratchets))->Serialize()));
  return inputs;
}

Inputs Optimizers() {
  const std::vector<double> parameters = {0.5, -1, 2};
  aggregation::OptimizerState state = aggregation::StartAt(parameters);
  return {aggregation::Serialize(state), aggregation::Serialize({})};
}

Inputs Addresses() {
  const crypto::Invitation invitation{
      "fed.example:7433", crypto::Sha256("ca"), {}, "0123456789abcdef"};
  return {invitation.ToCode(), "[::1]:8080", "0.0.0.0:80", "https://fed.example:443/log"};
}

Inputs Certificates() {
  const crypto::Validity validity{absl::FromUnixSeconds(1), absl::FromUnixSeconds(4000000000)};
  return {
      *crypto::MakeCertificateRequest(crypto::GenerateTlsKey(), {"north", "node", "fed.example"}),
      crypto::CertificateAuthority::Create("fed.example", validity)->certificate_pem()};
}

Inputs Charges() {
  return {client::CurveToHex(privacy::RenyiCurve(privacy::RenyiOrders().size(), 0.25))};
}

}  // namespace

std::map<std::string, Inputs> RoomSeeds() {
  return {{"certificate", Certificates()},
          {"charge", Charges()},
          {"config", Configs()},
          {"event", Events()},
          {"image", Images()},
          {"invitation", Addresses()},
          {"mask_state", MaskStates()},
          {"optimizer", Optimizers()},
          {"result", Results()},
          {"study", Studies()},
          {"table", Tables()}};
}

}  // namespace mutual::fuzz
