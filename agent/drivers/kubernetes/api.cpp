#include "drivers/kubernetes/api.h"

#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "base/error.h"
#include "drivers/kubernetes/answer.h"

namespace greenwave::drivers::kubernetes {

const char* const metadata_only =
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
const char* const metadata_list_only =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

namespace {

/// Enough to keep a small server busy, few enough for its fair queuing.
constexpr std::size_t most_requests = 24;
/// Where most of the time goes by on the way; about what a server takes on one connection.
constexpr std::size_t most_on_long_ways = 100;
constexpr Duration long_way = std::chrono::milliseconds(50);
constexpr Duration first_wait = std::chrono::milliseconds(250);
constexpr Duration longest_wait = std::chrono::seconds(30);
/// Without any answer; one that fails sooner was refused or lost.
constexpr Duration shortest_hang = std::chrono::seconds(5);
constexpr Duration looking_silence = std::chrono::seconds(20);
constexpr Duration heartbeat = std::chrono::seconds(1);

bool may_pass(const http::Answer& answer, const Call& call) {
  if (answer.failure) return passes(answer.failure->fault());
  const auto& response = answer.response;
  if (response.success() || response.status == 401 || response.status == 403) return false;
  return passes(fault_of(response, call.fixed));
}

/// What stops the rest: no request can be told from the others to a server that answers none.
struct Hangs {};

Duration wait_asked_for(const http::Answer& answer) {
  if (answer.failure) return Duration::zero();
  return std::max(answer.response.retry_after, read_status(answer.response.body).retry_after);
}

}  // namespace

Api::Api(const config::Kubernetes& config, const std::atomic<bool>& stop, std::function<void()> while_waiting)
    : config_(config), stop_(stop), while_waiting_(while_waiting ? std::move(while_waiting) : [] {}) {}

void Api::refresh() {
  auto access = open_access(config_);
  if (client_ && same(access, access_)) return;
  sent_before_ = sent();
  client_.reset();
  access_ = std::move(access);
  client_ = std::make_unique<http::Client>(access_.endpoint, stop_);
}

std::string Api::name() const {
  return access_.endpoint.address.empty() ? "the Kubernetes API server"
                                          : "the Kubernetes API server " + access_.endpoint.address;
}

/// Whether there is another token than the rejected one.
bool Api::renew_token() {
  try {
    auto token = current_token(access_);
    if (token == access_.token) return false;
    access_.token = std::move(token);
    return true;
  } catch (const Error&) {
    return false;
  }
}

bool Api::rest(Duration time) {
  while (time > Duration::zero() && !stop_) {
    const auto slice = std::min<Duration>(time, std::chrono::milliseconds(200));
    std::this_thread::sleep_for(slice);
    time -= slice;
    while_waiting_();
  }
  return !stop_;
}

http::Request Api::request_of(const Call& call) const {
  http::Request request;
  request.method = call.method;
  request.path = call.path;
  request.body = call.body;
  request.most_bytes = call.most_bytes;
  if (call.method == "GET") request.silence = looking_silence;
  request.headers.push_back("Accept: " + call.accept);
  if (!call.body_type.empty()) request.headers.push_back("Content-Type: " + call.body_type);
  if (!access_.token.empty()) request.headers.push_back("Authorization: Bearer " + access_.token);
  if (!call.user.empty()) request.headers.push_back("Impersonate-User: " + call.user);
  return request;
}

http::Answer Api::send(const Call& call, Duration patience) {
  return std::move(send_all({&call, 1}, patience).front());
}

/// False: the server hangs, and the requests that it did not answer have failed for that.
bool Api::exchange(std::span<const http::Request> requests,
                   const std::function<void(std::size_t number, http::Answer answer)>& take) {
  using SteadyClock = std::chrono::steady_clock;
  auto beat = SteadyClock::now();
  auto answered = beat;
  std::vector<bool> done(requests.size());
  std::optional<http::TransferError> hangs;
  try {
    const bool is_far = client_->round_trip() >= long_way;
    client_->send_all(requests, is_far ? most_on_long_ways : most_requests,
                      [&](std::size_t number, http::Answer answer) {
                        const auto now = SteadyClock::now();
                        if (!answer.failure) answered = now;
                        if (answer.failure && answer.failure->trouble() == http::Trouble::silent &&
                            now - answered >= shortest_hang) {
                          hangs = answer.failure;
                        }
                        done[number] = true;
                        take(number, std::move(answer));
                        if (hangs) throw Hangs{};
                        if (now - beat < heartbeat) return;
                        beat = now;
                        while_waiting_();
                      });
  } catch (const Hangs&) {
    for (std::size_t i = 0; i < requests.size(); ++i) {
      if (!done[i]) take(i, {{}, hangs});
    }
    return false;
  }
  return true;
}

std::vector<http::Answer> Api::send_all(std::span<const Call> calls, Duration patience) {
  if (!client_) refresh();
  std::vector<http::Answer> answers(calls.size());
  std::vector<std::size_t> open(calls.size());
  for (std::size_t i = 0; i < calls.size(); ++i) open[i] = i;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  auto wait = first_wait;
  bool renewed = false;
  for (;;) {
    std::vector<http::Request> requests;
    for (const auto i : open) requests.push_back(request_of(calls[i]));
    if (!exchange(requests, [&](std::size_t number, http::Answer answer) {
          answers[open[number]] = std::move(answer);
        })) {
      return answers;
    }
    const auto unknown = [&](std::size_t i) { return answers[i].response.status == 401; };
    if (!renewed && std::ranges::any_of(open, unknown) && renew_token()) {
      renewed = true;
      std::erase_if(open, [&](std::size_t i) { return !unknown(i) && !may_pass(answers[i], calls[i]); });
      continue;
    }
    std::erase_if(open, [&](std::size_t i) { return !may_pass(answers[i], calls[i]); });
    if (open.empty()) return answers;
    auto next = wait;
    for (const auto i : open) next = std::max(next, std::min(wait_asked_for(answers[i]), longest_wait));
    if (std::chrono::steady_clock::now() + next > deadline || !rest(next)) return answers;
    wait = std::min(wait * 2, Duration(std::chrono::seconds(5)));
  }
}

}  // namespace greenwave::drivers::kubernetes
