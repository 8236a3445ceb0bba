#include "git/https.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "git/https_error.h"
#include "git/pack_sink.h"
#include "http/preference.h"
#include "http/transfer_error.h"

namespace greenwave::git {

namespace {

constexpr int slice_ms = 200;
constexpr std::size_t most_buffered = 256 * 1024;
constexpr std::size_t most_left = 64 * 1024;
constexpr int most_redirects = 5;

constexpr http::Remedies remedies{
    .unknown_host =
        "the host is unknown to DNS, or DNS does not answer: is the device online, and is the host right?",
    .unknown_proxy = "check https_proxy in the agent's environment",
    .unreachable = "is the device online, and is the server up?",
    .wrong_host = "the host in repository.url must be in the certificate",
    .unknown_authority =
        "set credentials.caFile to the certificate of the authority that signed the server's",
    .bad_authorities = "credentials.caFile must contain certificates in PEM format",
    .bad_certificate =
        "credentials.clientCertificate and clientKey must be a matching pair, in PEM format, without a "
        "passphrase",
    .certificate_wanted = "the server requires credentials.clientCertificate and clientKey",
    .bad_address = "repository.url must be https://HOST/PATH",
    .lost = "the connection was lost; the agent tries again",
};

std::string part_of(const http::Url& url, CURLUPart part) {
  char* raw = nullptr;
  if (curl_url_get(url.get(), part, &raw, CURLU_DEFAULT_PORT) != CURLUE_OK) return {};
  return http::UrlText(raw).get();
}

/// The value of a header line with this name.
std::string_view value_of(std::string_view line, std::string_view name) {
  if (line.size() <= name.size() || line[name.size()] != ':') return {};
  const bool same = same_but_for_case(line.substr(0, name.size()), name);
  return same ? trim(line.substr(name.size() + 1)) : std::string_view();
}

}  // namespace

Https::Https(std::string address, LoginSource login, const std::atomic<bool>& stop,
             const HttpsTimeouts& timeouts, Connect connect)
    : address_(std::move(address)),
      ask_login_(std::move(login)),
      stop_(stop),
      timeouts_(timeouts),
      connect_(std::move(connect)) {
  if (!connect_) return;
  endpoints_ = endpoints_of(address_);
  for (std::size_t i = 0; i < endpoints_.size(); ++i) {
    const auto& [host, port] = endpoints_[i];
    if (host.find(':') != std::string::npos) continue;  // an IPv6 address is asked of nobody
    http::append(addresses_, fmt::format("{}:{}:{}", host, port, stand_in_for(i)));
  }
}

Https::~Https() {
  abandon();
}

ByteStream& Https::send(const Request& request) {
  for (int redirects = 0;; ++redirects) {
    finish();
    abandon();
    const auto url = address_ + request.path;
    begin(url, request);
    while (running_ && body_.empty() && !step()) {
    }
    status_ = easy_.status();
    if (!running_ && result_ != CURLE_OK) throw lost();
    if (status_ != 301 && status_ != 302 && status_ != 303 && status_ != 307 && status_ != 308) break;
    if (redirects == most_redirects) {
      throw Error(Fault::invalid, fmt::format("{}: the server redirects in a circle", address_),
                  "fix repository.url, or the server");
    }
    auto target = target_of_redirect(url);
    if (!target.ends_with(request.path)) {
      throw Error(Fault::invalid, fmt::format("{}: the server redirects to something else", address_),
                  "is repository.url a git repository?");
    }
    target.resize(target.size() - request.path.size());
    address_ = std::move(target);  // also for later requests
  }
  expect_success(request);
  return *this;
}

void Https::begin(const std::string& url, const Request& request) {
  body_.clear();
  taken_ = 0;
  status_ = 0;
  paused_ = false;
  type_.clear();
  location_.clear();
  etag_.clear();
  retry_after_ = {};
  kept_ = -1;
  varies_by_preference_ = false;
  applied_wait_.reset();
  patience_ = request.patience;
  was_ended_ = false;

  easy_.begin(url, "https", {.connect = timeouts_.connect});
  easy_.set(CURLOPT_HTTP_VERSION,
            static_cast<long>(CURL_HTTP_VERSION_1_1));  // fewer bytes a poll than HTTP/2
  if (!patience_) {
    easy_.set(CURLOPT_LOW_SPEED_LIMIT, 100L);
    easy_.set(CURLOPT_LOW_SPEED_TIME, std::max(1L, static_cast<long>(timeouts_.silence.count() / 1000)));
  }
  easy_.set(CURLOPT_WRITEFUNCTION, &Https::take_body);
  easy_.set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  easy_.set(CURLOPT_HEADERFUNCTION, &Https::take_header);
  easy_.set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  authenticate();
  connect_by_others();

  headers_.reset();
  http::append(headers_, "Accept:");
  for (const auto& header : request.headers) http::append(headers_, header);
  easy_.set(CURLOPT_HTTPHEADER, headers_.get());
  if (!request.body.empty()) {
    sent_body_ = request.body;
    easy_.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(sent_body_.size()));
    easy_.set(CURLOPT_POSTFIELDS, sent_body_.data());
  }
  if (curl_multi_add_handle(multi_.get(), easy_.get()) != CURLM_OK) {
    throw Error(Fault::internal, "cannot start an HTTPS request");
  }
  running_ = true;
}

void Https::authenticate() {
  login_ = ask_login_ ? ask_login_() : Login();
  const auto set_text = [this](CURLoption option, std::string& text) {
    if (text.empty()) return;
    curl_blob blob{text.data(), text.size(), CURL_BLOB_COPY};
    easy_.set(option, &blob);
  };
  set_text(CURLOPT_CAINFO_BLOB, login_.authorities);
  if (!login_.authorities.empty()) {
    easy_.set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));  // only these
  }
  set_text(CURLOPT_SSLCERT_BLOB, login_.client_certificate);
  set_text(CURLOPT_SSLKEY_BLOB, login_.client_key);
  if (login_.password.empty()) return;
  easy_.set(CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
  easy_.set(CURLOPT_USERNAME, login_.username.c_str());
  easy_.set(CURLOPT_PASSWORD, login_.password.c_str());
}

void Https::connect_by_others() {
  if (!connect_) return;
  unconnected_.reset();
  easy_.set(CURLOPT_RESOLVE, addresses_.get());
  easy_.set(CURLOPT_OPENSOCKETFUNCTION, &Https::open_socket);
  easy_.set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(this));
  easy_.set(
      CURLOPT_SOCKOPTFUNCTION,
      +[](void*, curl_socket_t, curlsocktype) -> int { return CURL_SOCKOPT_ALREADY_CONNECTED; });
}

curl_socket_t Https::open_socket(void* self, curlsocktype, curl_sockaddr* address) {
  auto& own = *static_cast<Https*>(self);
  const auto* endpoint = endpoint_at(own.endpoints_, address->addr);
  if (endpoint == nullptr) return CURL_SOCKET_BAD;
  try {
    const int socket = own.connect_(endpoint->host, endpoint->port).release();
    curl_multi_wakeup(own.multi_.get());  // it would wait as for a connection that is still being made
    return socket;
  } catch (const Error& error) {
    own.unconnected_ = error;
    return CURL_SOCKET_BAD;
  }
}

Error Https::lost() const {
  if (unconnected_) return *unconnected_;
  return http::transfer_error(easy_, result_, address_, remedies);
}

void Https::abandon() {
  if (!running_) return;
  curl_multi_remove_handle(multi_.get(), easy_.get());
  running_ = false;
}

bool Https::step() {
  if (stop_) {
    abandon();
    throw stopped();
  }
  int active = 0;
  curl_multi_perform(multi_.get(), &active);
  int left = 0;
  while (const auto* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    result_ = message->data.result;
    retry_after_ = easy_.retry_after();
    kept_ = easy_.open_socket();  // it is not known any more once the transfer is removed
    abandon();
    return true;
  }
  if (body_.size() == taken_) wait_for_server();
  return false;
}

void Https::wait_for_server() {
  if (!patience_) {
    curl_multi_poll(multi_.get(), nullptr, 0, slice_ms, nullptr);
    return;
  }
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(patience_->until - std::chrono::steady_clock::now());
  curl_waitfd end{patience_->end, CURL_WAIT_POLLIN, 0};
  if (left.count() > 0) {
    curl_multi_poll(multi_.get(), &end, patience_->end >= 0 ? 1 : 0, static_cast<int>(left.count()), nullptr);
  }
  was_ended_ = end.revents != 0;
  if (!was_ended_ && left.count() > 0) return;
  abandon();
  throw was_ended_ ? stopped()
                   : Error(Fault::transient, fmt::format("{}: the server does not answer", address_));
}

void Https::expect_success(const Request& request) {
  if (status_ == 200) {
    if (request.wanted_type.empty() || type_ == request.wanted_type) return;
    throw Error(Fault::invalid,
                fmt::format("{}: the response is {}, not git's", address_,
                            type_.empty() ? "without a type" : printable(type_.substr(0, 100))),
                "is repository.url a git repository? A login page or portal may be in between");
  }
  if (request.may_be_absent && (status_ == 304 || status_ == 404)) return;
  for (int i = 0; running_ && i < 50; ++i) step();  // read to the end: Retry-After is known then
  throw status_error(status_, address_, !login_.password.empty());
}

std::string Https::target_of_redirect(const std::string& from) const {
  const http::Url url(curl_url());
  if (!url || curl_url_set(url.get(), CURLUPART_URL, from.c_str(), 0) != CURLUE_OK) return {};
  const auto host = part_of(url, CURLUPART_HOST);
  const auto port = part_of(url, CURLUPART_PORT);
  const bool good = curl_url_set(url.get(), CURLUPART_URL, location_.c_str(), 0) == CURLUE_OK &&
                    part_of(url, CURLUPART_SCHEME) == "https" && part_of(url, CURLUPART_HOST) == host &&
                    part_of(url, CURLUPART_PORT) == port && part_of(url, CURLUPART_USER).empty();
  if (!good) {
    throw Error(Fault::untrusted,
                fmt::format("{}: the server redirects away from this https:// host", address_),
                "if the repository has moved, set repository.url to its new address");
  }
  return part_of(url, CURLUPART_URL);
}

void Https::finish() {
  std::size_t seen = 0;
  for (int i = 0; running_ && seen <= most_left && i < 20; ++i) {
    seen += body_.size() - taken_;
    body_.clear();
    taken_ = 0;
    if (paused_) {
      paused_ = false;
      curl_easy_pause(easy_.get(), CURLPAUSE_CONT);
    }
    if (stop_) return;
    step();
  }
}

std::size_t Https::read(char* into, std::size_t most) {
  while (body_.size() == taken_) {
    body_.clear();
    taken_ = 0;
    if (!running_) {
      if (result_ != CURLE_OK) throw lost();
      return 0;
    }
    if (paused_) {
      paused_ = false;
      curl_easy_pause(easy_.get(), CURLPAUSE_CONT);
    }
    step();
  }
  const auto count = std::min(most, body_.size() - taken_);
  std::copy_n(body_.data() + taken_, count, into);
  taken_ += count;
  return count;
}

std::size_t Https::take_body(char* bytes, std::size_t, std::size_t size, void* self) {
  auto& own = *static_cast<Https*>(self);
  if (own.body_.size() - own.taken_ > most_buffered) {
    own.paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  own.received_ += size;
  own.body_.append(bytes, size);
  return size;
}

std::size_t Https::take_header(char* bytes, std::size_t, std::size_t size, void* self) {
  auto& own = *static_cast<Https*>(self);
  const std::string_view line(bytes, size);
  own.received_ += size;
  if (const auto type = value_of(line, "content-type"); !type.empty()) own.type_ = type;
  if (const auto location = value_of(line, "location"); !location.empty()) own.location_ = location;
  if (const auto tag = value_of(line, "etag"); !tag.empty()) own.etag_ = tag;
  if (http::varies_by_preference(value_of(line, "vary"))) own.varies_by_preference_ = true;
  if (const auto wait = http::wait_of(value_of(line, "preference-applied"))) own.applied_wait_ = wait;
  return size;
}

}  // namespace greenwave::git
