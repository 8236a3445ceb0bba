#pragma once

#include "git/https.h"
#include "git/upload_pack.h"

namespace greenwave::git {

/// git-upload-pack over HTTPS: gitprotocol-http(5), "Smart Clients", and protocol v2's variant of it.
///
/// A server may serve the target of a ref as a file, at the repository's URL followed by ".tip/REF" (a hook
/// in packaging/git-server writes it). It is requested with If-None-Match, so that polling an unchanged ref
/// starts no program on the server. Whether the file exists is determined once per process. A server whose
/// response varies by Prefer is asked to wait (RFC 7240) until the ref points elsewhere.
class HttpUploadPack : public UploadPack {
 public:
  HttpUploadPack(const std::string& url, LoginSource login, const std::atomic<bool>& stop,
                 const HttpsTimeouts& timeouts = {}, Connect connect = {});

  ByteStream& greet() override;
  ByteStream& ask(std::string_view request) override;
  bool stateless() const override { return true; }
  std::optional<CommitId> quick_tip(const std::string& ref) override;
  bool can_hold() const override { return can_hold_; }
  Held hold(const Hold& hold) override;
  void leave() override { https_.finish(); }
  int kept_connection() const override { return https_.kept_connection(); }
  std::uint64_t bytes_received() const override { return https_.bytes_received(); }
  Duration retry_after() const override { return https_.retry_after(); }

 private:
  /// Asks for the file of tip_ref_, and remembers what it says.
  void ask_for_tip(Https::Request request);

  Https https_;
  bool has_tip_file_ = true;  ///< until the server says that it has none
  std::string tip_ref_;
  CommitId tip_;
  std::string tip_tag_;
  bool can_hold_ = false;
  Instant fresh_until_{};  ///< until then, tip_ is what the server has just said
};

}  // namespace greenwave::git
