#include "git/http_upload_pack.h"

#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace greenwave::git {

namespace {

/// How much later than it was asked to a server may answer.
constexpr Duration grace = std::chrono::seconds(6);
/// How long nobody is asked for what a server has just said.
constexpr Duration freshness = std::chrono::seconds(12);

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

std::string read_up_to(ByteStream& stream, std::size_t most) {
  std::string text(most, '\0');
  std::size_t size = 0;
  while (size < most) {
    const auto count = stream.read(text.data() + size, most - size);
    if (count == 0) break;
    size += count;
  }
  text.resize(size);
  return text;
}

bool is_object_name(std::string_view text) {
  return text.size() == 40 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

HttpUploadPack::HttpUploadPack(const std::string& url, LoginSource login, const std::atomic<bool>& stop,
                               const HttpsTimeouts& timeouts, Connect connect)
    : https_(without_slash(url), std::move(login), stop, timeouts, std::move(connect)) {}

ByteStream& HttpUploadPack::greet() {
  Https::Request request;
  request.path = "/info/refs?service=git-upload-pack";
  request.headers = {"Git-Protocol: version=2"};
  request.wanted_type = "application/x-git-upload-pack-advertisement";
  return https_.send(request);
}

ByteStream& HttpUploadPack::ask(std::string_view body) {
  Https::Request request;
  request.path = "/git-upload-pack";
  request.body = body;
  request.headers = {"Content-Type: application/x-git-upload-pack-request", "Git-Protocol: version=2"};
  request.wanted_type = "application/x-git-upload-pack-result";
  return https_.send(request);
}

std::optional<CommitId> HttpUploadPack::quick_tip(const std::string& ref) {
  if (ref != tip_ref_) {  // a different file, which may have the same tag
    tip_ref_ = ref;
    tip_ = {};
    has_tip_file_ = true;
    fresh_until_ = {};
  }
  if (!has_tip_file_) return {};
  if (std::chrono::steady_clock::now() >= std::exchange(fresh_until_, Instant())) {
    try {
      ask_for_tip({});
    } catch (const Error& error) {
      if (error.fault() == Fault::transient || error.fault() == Fault::untrusted) throw;
      tip_ = {};  // servers reject unknown paths in many ways
    }
  }
  has_tip_file_ = !tip_.empty();
  if (tip_.empty()) return {};
  return tip_;
}

void HttpUploadPack::ask_for_tip(Https::Request request) {
  request.path = ".tip/" + tip_ref_;
  if (!tip_.empty()) request.headers.push_back("If-None-Match: " + tip_tag_);
  request.may_be_absent = true;
  can_hold_ = false;
  auto& body = https_.send(request);
  can_hold_ = https_.varies_by_preference();
  if (https_.status() == 304 && !tip_.empty()) return;
  const auto text = read_up_to(body, 64);
  const auto name = trim(text);
  const bool good = https_.status() == 200 && !https_.etag().empty() && is_object_name(name);
  tip_ = good ? CommitId(std::string(name)) : CommitId();
  tip_tag_ = https_.etag();
}

Held HttpUploadPack::hold(const Hold& hold) {
  if (!can_hold_ || tip_.empty()) return Held::refused;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(hold.most);
  const auto before = tip_;
  try {
    Https::Request request;
    request.headers = {fmt::format("Prefer: wait={}", seconds.count())};
    request.patience = {.until = std::chrono::steady_clock::now() + seconds + grace, .end = hold.end};
    ask_for_tip(std::move(request));
  } catch (const Error& error) {
    if (https_.was_ended()) return Held::ended;
    return error.fault() == Fault::transient ? Held::lost : Held::refused;
  }
  fresh_until_ = std::chrono::steady_clock::now() + freshness;
  if (tip_ != before) return Held::changed;
  return https_.applied_wait() ? Held::same : Held::refused;  // else it may be a cache that answers
}

}  // namespace greenwave::git
