#include "report/hub_link.h"

#include <utility>

#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"

namespace greenwave::report {

namespace {

constexpr std::size_t most_file_bytes = std::size_t{1} << 20;

/// Longer than the time between two heartbeats.
constexpr Duration kept_open = std::chrono::hours(2);

std::string text_of_file(const std::filesystem::path& file) {
  return file.empty() ? "" : read_file(file, most_file_bytes);
}

bool is_there(const std::filesystem::path& file) {
  std::error_code ignored;
  return std::filesystem::exists(file, ignored);
}

}  // namespace

HubFiles read_hub_files(const config::Hub& hub) {
  HubFiles files{.authorities = text_of_file(hub.authorities), .certificate = {}, .key = {}};
  if (hub.enrolled && !is_there(hub.certificate)) return files;
  files.certificate = text_of_file(hub.certificate);
  files.key = text_of_file(hub.key);
  return files;
}

Time stored_at(const std::filesystem::path& certificate) {
  struct stat about {};
  if (::stat(certificate.c_str(), &about) != 0) return {};
  return Time(std::chrono::seconds(about.st_mtim.tv_sec));
}

http::Endpoint endpoint_of(const std::string& url, const HubFiles& files) {
  return {.address = url,
          .unix_socket = {},
          .authorities = files.authorities,
          .certificate = files.certificate,
          .key = files.key,
          .plain = false,
          .proxies = true,
          .idle = kept_open};
}

http::Request post_of(const std::string& path, std::string body, std::size_t most_answer) {
  http::Request request;
  request.method = "POST";
  request.path = path;
  request.headers = {"Content-Type: application/json"};
  request.body = std::move(body);
  request.most_bytes = most_answer;
  return request;
}

bool HubLink::refresh(const config::Hub& hub) {
  auto files = read_hub_files(hub);
  if (files.certificate.empty()) {
    client_.reset();
    files_ = {};
    return false;
  }
  if (client_ && url_ == hub.url && files_ == files) return true;
  client_.reset();
  certificate_ = read_certificate(files.certificate);
  fingerprint_of_key(files.key);  // says clearly what libcurl would not
  files_ = std::move(files);
  url_ = hub.url;
  client_.emplace(endpoint_of(url_, files_), stop_);
  return true;
}

}  // namespace greenwave::report
