#pragma once

#include <vector>

#include "fleet/rehearsal.h"
#include "git/http_upload_pack.h"

namespace greenwave::sim {

/// A git server that notes what is asked of it, but for polls.
class RecordingServer : public git::HttpUploadPack {
 public:
  RecordingServer(const std::string& url, git::LoginSource login, const std::atomic<bool>& stop,
                  std::vector<GitRequest>& noted)
      : HttpUploadPack(url, std::move(login), stop), noted_(noted) {}

  git::ByteStream& greet() override;
  git::ByteStream& ask(std::string_view request) override;

 private:
  std::vector<GitRequest>& noted_;
};

}  // namespace greenwave::sim
