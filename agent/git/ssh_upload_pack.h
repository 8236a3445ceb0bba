#pragma once

#include <atomic>
#include <memory>

#include "config/url.h"
#include "git/login.h"
#include "git/ssh_channel.h"
#include "git/upload_pack.h"

namespace greenwave::git {

/// git-upload-pack over SSH, with a connection per conversation.
class SshUploadPack : public UploadPack, private ByteStream {
 public:
  /// `stop` must outlive this.
  SshUploadPack(config::Url url, LoginSource login, Connect connect, const std::atomic<bool>& stop);

  ByteStream& greet() override;
  ByteStream& ask(std::string_view request) override;
  bool stateless() const override { return false; }
  void leave() override;
  std::uint64_t bytes_received() const override { return received_; }

 private:
  std::size_t read(char* into, std::size_t most) override;

  config::Url url_;
  LoginSource login_;
  Connect connect_;
  const std::atomic<bool>& stop_;
  std::unique_ptr<SshChannel> channel_;
  bool silent_ = true;  ///< no data yet in this conversation
  std::uint64_t received_ = 0;
};

}  // namespace greenwave::git
