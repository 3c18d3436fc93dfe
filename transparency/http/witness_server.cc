#include "transparency/http/witness_server.h"

#include <utility>

#include "base/status.h"

namespace mutual::transparency {
namespace {

constexpr char kSubmission[] = "/add-checkpoint";
constexpr std::string_view kCheckpoint = "/checkpoint";
constexpr char kNoStore[] = "no-store";
// More than the longest request: what is beyond is no request (413), what is below is judged
// exactly.
constexpr size_t kMaxBody = size_t{2} << 20;

HttpAnswer ToHttp(WitnessAnswer answer) {
  return {answer.code, std::move(answer.content_type), kNoStore, std::move(answer.body)};
}

}  // namespace

HttpAnswer AnswerAsWitness(Witness& witness, const HttpRequest& request) {
  if (request.is_post && request.path == kSubmission) {
    return ToHttp(witness.AddCheckpoint(request.body));
  }
  std::string_view path = request.path;
  if (!request.is_post && path.size() > kCheckpoint.size() && path.ends_with(kCheckpoint)) {
    path.remove_suffix(kCheckpoint.size());
    return ToHttp(witness.GetCheckpoint(path.substr(1)));
  }
  return {404, kTextContentType, kNoStore,
          "a witness has POST /add-checkpoint and GET /<hex SHA-256 of an origin>/checkpoint\n"};
}

absl::StatusOr<std::unique_ptr<HttpListener>> ServeWitness(const std::string& address,
                                                           Witness& witness, Answered answered) {
  return HttpListener::Start(
      {address, kSubmission, kMaxBody,
       [&witness, answered = std::move(answered)](const HttpRequest& request) {
         const HttpAnswer answer = AnswerAsWitness(witness, request);
         if (answered && request.is_post && request.path == kSubmission) {
           answered(request.body, {answer.code, answer.content_type, answer.body});
         }
         return answer;
       }});
}

}  // namespace mutual::transparency
