// A small HTTP server: requests in, answers out, on threads of its own.
//
// For public, unauthenticated endpoints: bodies, ranges, waits and threads are bounded. No TLS; put
// a web server before it where that is wanted. HEAD and one byte range of a GET are answered from
// the GET's answer.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace mutual::transparency {

struct HttpRequest {
  bool is_post = false;
  std::string path;  // decoded, without the query
  std::string body;
};

struct HttpAnswer {
  int code = 200;
  std::string content_type;
  std::string cache_control;  // no header when empty
  std::string body;
};

// Thread-safe.
class HttpListener {
 public:
  struct Options {
    std::string address;    // HOST:PORT
    std::string post_path;  // the one path that takes a POST; empty: none
    size_t max_body = 0;    // bytes of a POST; more is answered 413
    // Called from many threads at once; what it uses outlives the listener.
    std::function<HttpAnswer(const HttpRequest&)> answer;
  };
  // Serves from now until destroyed. INVALID_ARGUMENT on a malformed address, UNAVAILABLE
  // PORT_TAKEN when it cannot be listened on.
  static absl::StatusOr<std::unique_ptr<HttpListener>> Start(Options options);
  ~HttpListener();
  int port() const;

 private:
  struct State;
  explicit HttpListener(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mutual::transparency
