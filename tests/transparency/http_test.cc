// Log and witness over HTTP on loopback: what goes over the wire is what the pure objects answer.
#include <httplib.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/status.h"
#include "crypto/digest.h"
#include "tests/catch.h"
#include "tests/support/temporary_folder.h"
#include "tests/transparency/naive_tree.h"
#include "tests/transparency/served_log.h"
#include "tests/transparency/vector.h"
#include "transparency/http/address.h"
#include "transparency/http/log_server.h"
#include "transparency/http/witness_client.h"
#include "transparency/http/witness_server.h"
#include "transparency/mirror.h"
#include "transparency/witness.h"
#include "transparency/witness_store.h"

namespace mutual::transparency {
namespace {

namespace fs = std::filesystem;
using mutual::testing::TemporaryFolder;
using testing::KeyOf;
using testing::kOrigin;
using testing::LogSigner;
using testing::NaiveTree;
using testing::ServedLog;
using testing::TreeOfSize;

class FixedClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::FromUnixSeconds(1700000000); }
};

std::string SignedHead(uint64_t size, const Digest& root) {
  return *SignCheckpoint({std::string(kOrigin), size, root, ""}, LogSigner());
}
std::string Move(const NaiveTree& tree, uint64_t from, uint64_t to) {
  return PrintAddCheckpoint(
      {from, *ProveConsistency(from, to, tree.Reader()), SignedHead(to, tree.Root(to))});
}

// A log of 300 entries in a folder, served on a free port.
struct LogOnline {
  LogOnline() {
    for (const auto& [path, bytes] : log.files()) Write(path, bytes);
    Write("checkpoint", SignedHead(300, log.Head().root));
    std::ofstream(folder.path() / "secret") << "not for you";
    listener = *ServeLog("127.0.0.1:0", served());
    client = std::make_unique<httplib::Client>("127.0.0.1", listener->port());
  }
  fs::path served() const { return folder.path() / "served"; }
  void Write(const std::string& path, const std::string& bytes) const {
    fs::create_directories((served() / path).parent_path());
    std::ofstream(served() / path, std::ios::binary) << bytes;
  }
  TemporaryFolder folder;
  ServedLog log{300};
  std::unique_ptr<HttpListener> listener;
  std::unique_ptr<httplib::Client> client;
};

// A witness of the vectors' log with a file store, served on a free port.
struct WitnessOnline {
  WitnessOnline() {
    auto signer = *CosignatureSigner::Create("north.example/witness", KeyOf("vector witness"));
    witness = *Witness::Create({std::move(signer), {testing::LogVerifier()}, store.get(), &clock});
    listener = *ServeWitness("127.0.0.1:0", *witness,
                             [this](const std::string& body, const WitnessAnswer& answer) {
                               const std::lock_guard<std::mutex> lock(mutex);
                               last_body = body;
                               last = answer;
                             });
    url = "http://127.0.0.1:" + std::to_string(listener->port());
  }
  WitnessAnswer Post(const std::string& body) const {
    const auto answer = PostCheckpoint(url, body, absl::Seconds(20));
    REQUIRE_OK(answer);
    return *answer;
  }
  TemporaryFolder folder;
  FixedClock clock;
  std::unique_ptr<FileWitnessStore> store = *FileWitnessStore::Create(folder.path());
  std::unique_ptr<Witness> witness;
  std::mutex mutex;
  std::string url, last_body;
  WitnessAnswer last;
  std::unique_ptr<HttpListener> listener;
};

}  // namespace

TEST_CASE("Addresses are read in their usual spellings and no other", "[http]") {
  CHECK(ParseListenAddress("0.0.0.0:8080")->port == 8080);
  CHECK(ParseListenAddress("[::1]:1")->host == "::1");
  CHECK(ParseListenAddress("log.example:0")->host == "log.example");
  for (const char* bad : {"", ":80", "host", "host:", "host:65536", "host:-1", "host:08", "::1:80",
                          "[]:80", "host:80x"}) {
    INFO(bad);
    CHECK(ParseListenAddress(bad).status().code() == absl::StatusCode::kInvalidArgument);
  }
  CHECK(ParseWebAddress("http://a.example")->prefix == "/");
  CHECK(ParseWebAddress("https://a.example:81/x/y")->server == "https://a.example:81");
  CHECK(ParseWebAddress("https://a.example:81/x/y")->prefix == "/x/y/");
  for (const char* bad : {"", "a.example", "ftp://a.example", "http://", "http:///x"}) {
    INFO(bad);
    CHECK(ParseWebAddress(bad).status().code() == absl::StatusCode::kInvalidArgument);
  }
}

TEST_CASE("Every file of a log is served byte for byte with its type and its age", "[http]") {
  LogOnline f;
  for (const auto& [path, bytes] : f.log.files()) {
    INFO(path);
    const auto found = f.client->Get(("/" + path).c_str());
    REQUIRE(found);
    CHECK(found->status == 200);
    CHECK(found->body == bytes);
    CHECK(found->get_header_value("Content-Type") == "application/octet-stream");
    CHECK_THAT(found->get_header_value("Cache-Control"), ContainsSubstring("immutable"));
  }
  const auto checkpoint = f.client->Get("/checkpoint");
  REQUIRE(checkpoint);
  CHECK(checkpoint->body == SignedHead(300, f.log.Head().root));
  CHECK(checkpoint->get_header_value("Content-Type") == "text/plain; charset=utf-8");
  CHECK(checkpoint->get_header_value("Cache-Control") == "public, max-age=2");
}

TEST_CASE("Nothing but a log's files is served", "[http][attack]") {
  LogOnline f;
  for (const char* path :
       {"/", "/secret", "/../secret", "/tile/../../secret", "/%2e%2e/secret",
        "/tile/0/%2e%2e/%2e%2e/%2e%2e/secret", "//secret", "/checkpoint/", "/tile", "/tile/0/1",
        "/tile/8/000", "/tile/0/000.p/256", "/tile/0/000.p/044/", "/tile/entries/x000/000",
        "/checkpoint%00", "/tile/0/002"}) {
    INFO(path);
    const auto found = f.client->Get(path);
    REQUIRE(found);
    CHECK(found->status == 404);
    CHECK_THAT(found->body, !ContainsSubstring("not for you"));
  }
  CHECK(f.client->Post("/checkpoint")->status == 404);
  CHECK(f.client->Delete("/checkpoint")->status == 405);
  fs::remove(f.served() / "checkpoint");
  fs::create_directory_symlink(f.folder.path(), f.served() / "checkpoint");
  CHECK(f.client->Get("/checkpoint")->status == 500);  // a folder is no file
}

TEST_CASE("HEAD and one range are answered, many ranges are not", "[http]") {
  LogOnline f;
  const std::string& bytes = f.log.files()["tile/0/000"];
  const auto head = f.client->Head("/tile/0/000");
  REQUIRE(head);
  CHECK(head->status == 200);
  CHECK(head->body.empty());
  CHECK(head->get_header_value("Content-Length") == "8192");
  const auto part = f.client->Get("/tile/0/000", {httplib::make_range_header({{32, 63}})});
  REQUIRE(part);
  CHECK(part->status == 206);
  CHECK(part->body == bytes.substr(32, 32));
  const auto many = f.client->Get("/tile/0/000", {httplib::make_range_header({{0, -1}, {0, -1}})});
  REQUIRE(many);
  CHECK(many->status == 416);
  CHECK(many->body.size() < bytes.size());
}

TEST_CASE("A log is mirrored over HTTP and the copy is the original", "[http]") {
  LogOnline f;
  const Fetch over_http = [&](const std::string& path) -> absl::StatusOr<std::string> {
    const auto found = f.client->Get(("/" + path).c_str());
    if (!found || found->status != 200) return NotFound("%s", path);
    return found->body;
  };
  const std::string checkpoint = *over_http("checkpoint");
  REQUIRE_OK(MirrorLog(over_http, f.folder.path() / "copy", checkpoint, testing::LogVerifier()));
  for (const auto& [path, bytes] : f.log.files()) {
    std::ifstream copy(f.folder.path() / "copy" / path, std::ios::binary);
    CHECK(std::string(std::istreambuf_iterator<char>(copy), {}) == bytes);
  }
}

TEST_CASE("A taken port is refused with a code, and freed at the end", "[http]") {
  const TemporaryFolder folder;
  auto first = *ServeLog("127.0.0.1:0", folder.path());
  const std::string address = "127.0.0.1:" + std::to_string(first->port());
  CHECK(ErrorCode(ServeLog(address, folder.path()).status()) == "PORT_TAKEN");
  first.reset();
  REQUIRE_OK(ServeLog(address, folder.path()));
  CHECK(ServeLog("nonsense", folder.path()).status().code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("Over HTTP a witness answers with every status code as it does in memory", "[http]") {
  WitnessOnline f;
  const NaiveTree tree = TreeOfSize(20);
  const Digest other = crypto::Sha256("other");
  const NoteSigner stranger = *NoteSigner::Create("strange.example/log", KeyOf("stranger"));
  const NoteSigner impostor = *NoteSigner::Create(kOrigin, KeyOf("impostor"));
  CHECK(f.Post(Move(tree, 3, 7)) == WitnessAnswer{409, kSizeContentType, "0\n"});
  const WitnessAnswer good = f.Post(Move(tree, 0, 7));
  CHECK(good.code == 200);
  CHECK(ReadWitnessAnswer(good, Checkpoint{std::string(kOrigin), 7, tree.Root(7), ""}.ToText(),
                          f.witness->verifier())
            ->cosignature);
  struct Case {
    std::string body;
    int code;
  };
  const std::vector<Case> cases = {
      {"garbage", 400},
      {"", 400},
      {PrintAddCheckpoint({8, {}, SignedHead(7, tree.Root(7))}), 400},
      {PrintAddCheckpoint(
           {0, {}, *SignCheckpoint({"strange.example/log", 1, other, ""}, stranger)}),
       404},
      {PrintAddCheckpoint(
           {7, {}, *SignCheckpoint({std::string(kOrigin), 9, tree.Root(9), ""}, impostor)}),
       403},
      {Move(tree, 6, 9), 409},
      {PrintAddCheckpoint({7, {}, SignedHead(9, tree.Root(9))}), 422},
      {PrintAddCheckpoint({7, {}, SignedHead(7, other)}), 422},
      {Move(tree, 7, 7), 200},
      {Move(tree, 7, 9), 200},
  };
  for (const Case& one : cases) {
    INFO(one.body);
    const WitnessAnswer answer = f.Post(one.body);
    CHECK(answer.code == one.code);
    CHECK(f.last_body == one.body);
    CHECK(f.last == answer);
    if (one.code != 200) CHECK(f.witness->AddCheckpoint(one.body) == answer);
  }
}

TEST_CASE("A witness's checkpoint is read at the hash of its origin, other paths are not",
          "[http]") {
  WitnessOnline f;
  const NaiveTree tree = TreeOfSize(7);
  httplib::Client client(f.url);
  const std::string path = "/" + crypto::Sha256(kOrigin).ToHex() + "/checkpoint";
  CHECK(client.Get(path.c_str())->status == 404);
  REQUIRE(f.Post(Move(tree, 0, 7)).code == 200);
  const auto found = client.Get(path.c_str());
  REQUIRE(found);
  CHECK(found->status == 200);
  CHECK(found->get_header_value("Content-Type") == kTextContentType);
  CHECK(found->body == f.witness->GetCheckpoint(crypto::Sha256(kOrigin).ToHex()).body);
  for (const char* other :
       {"/", "/checkpoint", "/add-checkpoint", "/00/checkpoint", "/../../etc/passwd/checkpoint"}) {
    CHECK(client.Get(other)->status == 404);
  }
  CHECK(client.Post("/other", "x", "text/plain")->status == 404);
}

TEST_CASE("A request larger than any is refused before it is read whole", "[http][attack]") {
  WitnessOnline f;
  const WitnessAnswer judged = f.Post(std::string((size_t{1} << 20) + 5000, 'x'));
  CHECK(judged.code == 400);
  const auto answer = PostCheckpoint(f.url, std::string(size_t{8} << 20, 'x'), absl::Seconds(20));
  CHECK((!answer.ok() || answer->code == 413));
  CHECK(f.Post("garbage").code == 400);  // and it still answers
}

TEST_CASE("Racing requests over HTTP never roll a witness back", "[http]") {
  WitnessOnline f;
  const NaiveTree tree = TreeOfSize(20);
  REQUIRE(f.Post(Move(tree, 0, 1)).code == 200);
  std::vector<int> codes(6);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < codes.size(); ++i) {
    threads.emplace_back([&, i, body = Move(tree, 1, 2 + i)] {
      codes[i] = PostCheckpoint(f.url, body, absl::Seconds(20)).value_or(WitnessAnswer{}).code;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(std::count(codes.begin(), codes.end(), 200) == 1);
  CHECK(std::count(codes.begin(), codes.end(), 409) == 5);
}

TEST_CASE("A witness that is not there, or no witness, is an error of the client", "[http]") {
  const TemporaryFolder folder;
  const auto log = *ServeLog("127.0.0.1:0", folder.path());
  const std::string url = "http://127.0.0.1:" + std::to_string(log->port());
  CHECK(PostCheckpoint(url, "x", absl::Seconds(20))->code == 413);  // a log takes no bodies
  CHECK(PostCheckpoint("ftp://x", "x", absl::Seconds(20)).status().code() ==
        absl::StatusCode::kInvalidArgument);
  const auto flood = *HttpListener::Start(
      {"127.0.0.1:0", "/add-checkpoint", 100, [](const HttpRequest&) {
         return HttpAnswer{200, kTextContentType, "", std::string(100000, 'x')};
       }});
  CHECK(absl::IsUnavailable(
      PostCheckpoint("http://127.0.0.1:" + std::to_string(flood->port()), "x", absl::Seconds(20))
          .status()));
}

}  // namespace mutual::transparency
