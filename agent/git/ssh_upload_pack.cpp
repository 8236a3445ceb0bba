#include "git/ssh_upload_pack.h"

#include <fmt/format.h>

#include "base/error.h"
#include "git/pkt_line.h"

namespace greenwave::git {

namespace {

/// Quotes the command for the server's shell: the path is one word, whatever it contains.
std::string upload_pack(std::string_view path) {
  if (path.starts_with("/~")) path.remove_prefix(1);  // the account's home, as git writes it
  std::string quoted;
  for (const char letter : path) quoted += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
  return fmt::format("git-upload-pack '{}'", quoted);
}

}  // namespace

SshUploadPack::SshUploadPack(config::Url url, LoginSource login, Connect connect,
                             const std::atomic<bool>& stop)
    : url_(std::move(url)), login_(std::move(login)), connect_(std::move(connect)), stop_(stop) {}

ByteStream& SshUploadPack::greet() {
  leave();
  channel_ = std::make_unique<SshChannel>(url_, login_(), upload_pack(url_.path), connect_, stop_);
  silent_ = true;
  return *this;
}

ByteStream& SshUploadPack::ask(std::string_view request) {
  channel_->write(request);
  return *this;
}

void SshUploadPack::leave() {
  if (!channel_) return;
  try {
    channel_->write(flush_packet);
  } catch (const Error&) {
    // The conversation is over either way.
  }
  channel_.reset();
}

std::size_t SshUploadPack::read(char* into, std::size_t most) {
  const auto count = channel_->read(into, most);
  received_ += count;
  if (count == 0 && silent_) {
    const auto complaint = channel_->complaint();
    if (!complaint.empty()) {
      throw Error(Fault::invalid, fmt::format("the server says: {}", complaint),
                  "is the path in repository.url right, and is this device allowed to read it?");
    }
  }
  silent_ = false;
  return count;
}

}  // namespace greenwave::git
