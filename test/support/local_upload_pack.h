#pragma once

#include <algorithm>
#include <functional>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "git/upload_pack.h"
#include "support/server.h"
#include "support/temporary_directory.h"

namespace greenwave::test {

/// Bytes that are there already, given a few at a time.
class MemoryStream : public git::ByteStream {
 public:
  explicit MemoryStream(std::string bytes, std::size_t piece = 4096)
      : bytes_(std::move(bytes)), piece_(piece) {}

  std::size_t read(char* into, std::size_t most) override {
    const auto count = std::min({most, piece_, bytes_.size() - taken_});
    std::copy_n(bytes_.data() + taken_, count, into);
    taken_ += count;
    return count;
  }

 private:
  std::string bytes_;
  std::size_t piece_;
  std::size_t taken_ = 0;
};

/// git's own upload-pack, run for each request on a repository on this disk; `spoil` may change its answers.
class LocalUploadPack : public git::UploadPack {
 public:
  using Spoil = std::function<std::string(std::string)>;

  explicit LocalUploadPack(std::filesystem::path repository, Spoil spoil = {})
      : repository_(std::move(repository)), spoil_(std::move(spoil)) {}

  git::ByteStream& greet() override { return answer("--http-backend-info-refs", ""); }
  git::ByteStream& ask(std::string_view request) override { return answer("--stateless-rpc", request); }
  bool stateless() const override { return true; }
  void leave() override {}
  std::uint64_t bytes_received() const override { return received_; }

 private:
  git::ByteStream& answer(const std::string& mode, std::string_view request) {
    const auto input = directory_.write("request", std::string(request));
    run_or_throw({"sh", "-c",
                  "GIT_PROTOCOL=version=2 git upload-pack " + mode + " '" + repository_.native() + "' < '" +
                      input.native() + "' > '" + (directory_ / "answer").native() + "'"});
    auto bytes = read_file(directory_ / "answer", 64 << 20);
    if (spoil_ && !request.empty()) bytes = spoil_(std::move(bytes));
    received_ += bytes.size();
    stream_ = std::make_unique<MemoryStream>(std::move(bytes));
    return *stream_;
  }

  TemporaryDirectory directory_;
  std::filesystem::path repository_;
  Spoil spoil_;
  std::unique_ptr<MemoryStream> stream_;
  std::uint64_t received_ = 0;
};

}  // namespace greenwave::test
