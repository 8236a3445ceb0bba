#pragma once

#include "git/https.h"
#include "git/upload_pack.h"

namespace greenwave::git {

/// git-upload-pack over HTTPS: gitprotocol-http(5), "Smart Clients", and protocol v2's own way of it.
///
/// A server may offer what a ref points to as a file, at the repository's address with ".tip/REF" behind it
/// (packaging/git-server has a hook that writes it). It is asked for with If-None-Match, so that a poll of an
/// unchanged ref starts no program on the server. Once in a process it is found out whether there is one.
class HttpUploadPack : public UploadPack {
 public:
  HttpUploadPack(const std::string& url, const config::Credentials& credentials,
                 const std::atomic<bool>& stop, const HttpsTimeouts& timeouts = {});

  ByteStream& greet() override;
  ByteStream& ask(std::string_view request) override;
  bool stateless() const override { return true; }
  std::optional<std::string> quick_tip(const std::string& ref) override;
  void leave() override { https_.finish(); }
  std::uint64_t bytes_received() const override { return https_.bytes_received(); }
  Duration retry_after() const override { return https_.retry_after(); }

 private:
  Https https_;
  bool has_tip_file_ = true;  ///< until it turns out that there is none
  std::string tip_ref_;
  std::string tip_;
  std::string tip_tag_;
};

}  // namespace greenwave::git
