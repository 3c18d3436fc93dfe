#include "transparency/http/http_listener.h"

#include <httplib.h>
#include <sys/socket.h>

#include <atomic>
#include <thread>
#include <utility>

#include "base/status.h"
#include "transparency/http/address.h"

namespace mutual::transparency {
namespace {

constexpr size_t kThreads = 32;
constexpr int kSeconds = 5;            // of silence before a connection is dropped
constexpr size_t kKeptRequests = 100;  // of one connection

void Fill(const HttpAnswer& answer, httplib::Response* response) {
  // 200 stays unset: the library makes it 206 when a range was asked for.
  if (answer.code != 200) response->status = answer.code;
  if (!answer.cache_control.empty()) response->set_header("Cache-Control", answer.cache_control);
  response->set_content(answer.body, answer.content_type.c_str());
}

}  // namespace

struct HttpListener::State {
  Options options;
  httplib::Server server;
  int port = 0;
  std::atomic<bool> has_ended = false;
  std::thread thread;

  void Configure();
};

void HttpListener::State::Configure() {
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  server.set_socket_options([](int socket) {
    // Not SO_REUSEPORT, the library's choice: two programs would share a port without noticing.
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  server.set_payload_max_length(options.max_body);
  server.set_read_timeout(kSeconds);
  server.set_write_timeout(kSeconds);
  server.set_keep_alive_timeout(kSeconds);
  server.set_keep_alive_max_count(kKeptRequests);
  using Result = httplib::Server::HandlerResponse;
  // Before routing, because the library's routes are regular expressions over what strangers send.
  server.set_pre_routing_handler([this](const auto& request, auto& response) {
    if (request.method == "POST") return Result::Unhandled;  // its body has not been read yet
    if (request.method != "GET" && request.method != "HEAD") {
      response.status = 405;
    } else if (request.ranges.size() > 1) {
      response.status = 416;  // a thousand ranges would multiply the answer
    } else {
      Fill(options.answer({false, request.path, ""}), &response);
    }
    return Result::Handled;
  });
  if (options.post_path.empty()) return;
  server.Post(options.post_path, [this](const auto& request, auto& response) {
    Fill(options.answer({true, request.path, request.body}), &response);
  });
}

HttpListener::HttpListener(std::unique_ptr<State> state) : state_(std::move(state)) {}

HttpListener::~HttpListener() {
  state_->server.stop();
  state_->thread.join();
}

int HttpListener::port() const { return state_->port; }

absl::StatusOr<std::unique_ptr<HttpListener>> HttpListener::Start(Options options) {
  MUTUAL_ASSIGN_OR_RETURN(const ListenAddress address, ParseListenAddress(options.address));
  auto state = std::make_unique<State>();
  state->options = std::move(options);
  state->Configure();
  if (address.port == 0) {
    state->port = state->server.bind_to_any_port(address.host.c_str());
  } else if (state->server.bind_to_port(address.host.c_str(), address.port)) {
    state->port = address.port;
  }
  if (state->port <= 0) {
    return WithCode(
        Unavailable("cannot listen on %s; another program may be using the port. Choose "
                    "another or stop that program",
                    state->options.address),
        "PORT_TAKEN");
  }
  state->thread = std::thread([raw = state.get()] {
    raw->server.listen_after_bind();
    raw->has_ended = true;
  });
  // Stopping works from when the library says that it runs.
  while (!state->server.is_running() && !state->has_ended) std::this_thread::yield();
  return std::unique_ptr<HttpListener>(new HttpListener(std::move(state)));
}

}  // namespace mutual::transparency
