#pragma once

#include <map>
#include <optional>
#include <string>

#include "git/https.h"
#include "git/upload_pack.h"

namespace greenwave::git {

/// git-upload-pack over HTTPS: gitprotocol-http(5), "Smart Clients", and protocol v2's variant of it.
///
/// A server may serve the target of a ref as a file, at the repository's URL followed by ".tip/REF": a
/// commit's name (a hook in packaging/git-server writes it), or a signed tip. It is requested with
/// If-None-Match, so that polling an unchanged ref starts no program on the server. Whether the file exists
/// is determined once per process and ref, except by tip_text(). A server whose response varies by Prefer is
/// asked to wait (RFC 7240) until the ref points elsewhere.
class HttpUploadPack : public UploadPack {
 public:
  HttpUploadPack(const std::string& url, LoginSource login, const std::atomic<bool>& stop,
                 const HttpsTimeouts& timeouts = {}, Connect connect = {});

  ByteStream& greet() override;
  ByteStream& ask(std::string_view request) override;
  bool stateless() const override { return true; }
  std::optional<CommitId> quick_tip(const std::string& ref) override;
  std::optional<std::string> tip_text(const std::string& ref) override;
  bool can_hold() const override { return can_hold_; }
  Held hold(const Hold& hold) override;
  void leave() override { https_.finish(); }
  int kept_connection() const override { return https_.kept_connection(); }
  std::uint64_t bytes_received() const override { return https_.bytes_received(); }
  Duration retry_after() const override { return https_.retry_after(); }

 private:
  /// Of a ref.
  struct TipFile {
    std::string text;  ///< empty: there is none
    CommitId commit;   ///< that it says; empty: none of this ref
    std::string tag;   ///< its ETag
    bool is_absent = false;
    Instant fresh_until{};  ///< until then, it is what the server has just said
  };
  TipFile& look_at_tip(const std::string& ref);
  /// Asks for the file of a ref, and remembers what it says.
  void ask_for_tip(const std::string& ref, TipFile& file, Https::Request request);

  Https https_;
  std::map<std::string, TipFile> tips_;  ///< of those that were asked for
  std::string last_ref_;                 ///< that was asked for last
  bool can_hold_ = false;                ///< that
};

}  // namespace greenwave::git
