#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "config/config.h"
#include "http/client.h"
#include "report/hub_key.h"

namespace greenwave::report {

/// What the files of config::Hub contain. Never logged.
struct HubFiles {
  std::string authorities;  ///< empty: the system's
  std::string certificate;  ///< empty: the device is not enrolled
  std::string key;

  bool operator==(const HubFiles&) const = default;
};

/// Reads them. The certificate that `greenwave enroll` stores need not be there yet, nor its key. Throws
/// Error (invalid).
HubFiles read_hub_files(const config::Hub& hub);

/// When the certificate was stored, by the clock of that time; 1970 if it is not there.
Time stored_at(const std::filesystem::path& certificate);

/// The hub at this address, with as much as there is of the files.
http::Endpoint endpoint_of(const std::string& url, const HubFiles& files);

/// A POST of JSON whose answer has at most `most_answer` bytes.
http::Request post_of(const std::string& path, std::string body, std::size_t most_answer);

/// The connection to a hub, which is kept between reports. One thread.
class HubLink {
 public:
  /// `stop` ends what is under way, and outlives this.
  explicit HubLink(const std::atomic<bool>& stop) : stop_(stop) {}

  /// Reads the files again, so that new ones need no restart. False: the device is not enrolled. Throws Error
  /// (invalid).
  bool refresh(const config::Hub& hub);

  /// After refresh(). Throws as http::Client does.
  http::Response send(const http::Request& request) { return client_->send(request); }

  const HubFiles& files() const { return files_; }
  const Certificate& certificate() const { return certificate_; }

 private:
  const std::atomic<bool>& stop_;
  std::string url_;
  HubFiles files_;
  Certificate certificate_;
  std::optional<http::Client> client_;
};

}  // namespace greenwave::report
