#pragma once

#include "git/https.h"
#include "git/upload_pack.h"

namespace greenwave::git {

/// git-upload-pack over HTTPS: gitprotocol-http(5), "Smart Clients", and protocol v2's own way of it.
class HttpUploadPack : public UploadPack {
 public:
  HttpUploadPack(const std::string& url, const config::Credentials& credentials,
                 const std::atomic<bool>& stop, const HttpsTimeouts& timeouts = {});

  ByteStream& greet() override;
  ByteStream& ask(std::string_view request) override;
  bool stateless() const override { return true; }
  void leave() override { https_.finish(); }
  std::uint64_t bytes_received() const override { return https_.bytes_received(); }
  Duration retry_after() const override { return https_.retry_after(); }

 private:
  Https https_;
};

}  // namespace greenwave::git
