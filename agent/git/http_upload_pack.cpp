#include "git/http_upload_pack.h"

#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "git/signed_tip.h"

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

/// What the text of a ref's file says: a commit's name, or a signed tip; none where it says nothing of the
/// ref.
CommitId commit_in(std::string_view text, const std::string& ref) {
  const auto name = trim(text);
  if (is_object_name(name)) return CommitId(std::string(name));
  try {
    auto tip = read_signed_tip(text).tip;
    if (tip.ref == ref) return std::move(tip.commit);
  } catch (const Error&) {
    // Servers answer many things to who asks for a path that they don't know.
  }
  return {};
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

HttpUploadPack::TipFile& HttpUploadPack::look_at_tip(const std::string& ref) {
  last_ref_ = ref;
  auto& file = tips_[ref];
  if (std::chrono::steady_clock::now() < std::exchange(file.fresh_until, Instant())) return file;
  try {
    ask_for_tip(ref, file, {});
  } catch (const Error& error) {
    if (error.fault() == Fault::transient || error.fault() == Fault::untrusted) throw;
    file = {};  // servers reject unknown paths in many ways
  }
  return file;
}

std::optional<CommitId> HttpUploadPack::quick_tip(const std::string& ref) {
  if (tips_[ref].is_absent) return {};
  auto& file = look_at_tip(ref);
  file.is_absent = file.commit.empty();
  if (file.is_absent) return {};
  return file.commit;
}

std::optional<std::string> HttpUploadPack::tip_text(const std::string& ref) {
  const auto& file = look_at_tip(ref);
  if (file.text.empty()) return {};
  return file.text;
}

void HttpUploadPack::ask_for_tip(const std::string& ref, TipFile& file, Https::Request request) {
  request.path = ".tip/" + ref;
  if (!file.text.empty()) request.headers.push_back("If-None-Match: " + file.tag);
  request.may_be_absent = true;
  can_hold_ = false;
  auto& body = https_.send(request);
  can_hold_ = https_.varies_by_preference();
  if (https_.status() == 304 && !file.text.empty()) return;
  file.text.clear();
  if (https_.status() == 200 && !https_.etag().empty()) file.text = read_up_to(body, most_tip + 1);
  file.commit = commit_in(file.text, ref);
  file.tag = https_.etag();
}

Held HttpUploadPack::hold(const Hold& hold) {
  const auto known = tips_.find(last_ref_);
  if (!can_hold_ || known == tips_.end() || known->second.text.empty()) return Held::refused;
  auto& file = known->second;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(hold.most);
  const auto before = file;
  try {
    Https::Request request;
    request.headers = {fmt::format("Prefer: wait={}", seconds.count())};
    request.patience = {.until = std::chrono::steady_clock::now() + seconds + grace, .end = hold.end};
    ask_for_tip(last_ref_, file, std::move(request));
  } catch (const Error& error) {
    if (https_.was_ended()) return Held::ended;
    return error.fault() == Fault::transient ? Held::lost : Held::refused;
  }
  file.fresh_until = std::chrono::steady_clock::now() + freshness;
  // A tip that was signed again names the same commit: who waits is told of it at the next poll.
  if (file.commit != before.commit) return Held::changed;
  if (file.commit.empty() && file.text != before.text) return Held::changed;
  return https_.applied_wait() ? Held::same : Held::refused;  // else it may be a cache that answers
}

}  // namespace greenwave::git
