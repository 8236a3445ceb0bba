#pragma once

#include <atomic>
#include <memory>

#include "config/config.h"
#include "config/url.h"
#include "git/ssh_channel.h"
#include "git/upload_pack.h"

namespace greenwave::git {

/// git-upload-pack over SSH, with a connection per conversation.
class SshUploadPack : public UploadPack, private ByteStream {
 public:
  SshUploadPack(config::Url url, config::Credentials credentials, const std::atomic<bool>& stop);

  ByteStream& greet() override;
  ByteStream& ask(std::string_view request) override;
  bool stateless() const override { return false; }
  void leave() override;
  std::uint64_t bytes_received() const override { return received_; }

 private:
  std::size_t read(char* into, std::size_t most) override;

  config::Url url_;
  config::Credentials credentials_;
  const std::atomic<bool>& stop_;
  std::unique_ptr<SshChannel> channel_;
  bool silent_ = true;  ///< no data yet in this conversation
  std::uint64_t received_ = 0;
};

}  // namespace greenwave::git
