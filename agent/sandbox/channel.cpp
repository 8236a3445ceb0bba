#include "sandbox/channel.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include "sandbox/wire.h"

namespace greenwave::sandbox {

namespace {

constexpr int slice_ms = 200;
constexpr std::size_t read_ahead = 64 * 1024;

Error stopped() {
  return Error(Fault::transient, "stopped");
}

/// Room for one descriptor.
struct Ancillary {
  alignas(cmsghdr) char bytes[CMSG_SPACE(sizeof(int))] = {};
};

}  // namespace

Channel::Channel(Fd socket, std::size_t most, Patience patience)
    : socket_(std::move(socket)), most_(most), patience_(std::move(patience)) {
  const int flags = ::fcntl(socket_.get(), F_GETFL);
  ::fcntl(socket_.get(), F_SETFL, flags | O_NONBLOCK);
}

void Channel::wait(short events, Moment began) const {
  for (;;) {
    if (patience_.stop != nullptr && *patience_.stop) throw stopped();
    if (patience_.while_waiting) patience_.while_waiting();
    pollfd look{socket_.get(), events, 0};
    const bool is_watched =
        patience_.stop != nullptr || patience_.while_waiting || patience_.silence.count() > 0;
    if (::poll(&look, 1, is_watched ? slice_ms : -1) > 0) return;
    if (patience_.silence.count() > 0 && std::chrono::steady_clock::now() - began > patience_.silence) {
      throw Gone("it does not answer");
    }
  }
}

std::size_t Channel::read_some(char* into, std::size_t most, Moment began) {
  for (;;) {
    Ancillary ancillary;
    iovec part{into, most};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = ancillary.bytes;
    message.msg_controllen = sizeof ancillary.bytes;
    const auto count = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC);
    if (count > 0) {
      if (const auto* header = CMSG_FIRSTHDR(&message);
          header != nullptr && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
        int raw = -1;
        std::memcpy(&raw, CMSG_DATA(header), sizeof raw);
        descriptor_ = Fd(raw);
      }
      return static_cast<std::size_t>(count);
    }
    if (count == 0) throw Gone("it ended");
    if (errno == EAGAIN) {
      wait(POLLIN, began);
    } else if (errno != EINTR) {
      throw Gone(std::strerror(errno));
    }
  }
}

void Channel::fill(std::string& text, std::size_t size, Moment began) {
  const auto ready = std::min(size, buffered_.size() - taken_);
  text.assign(buffered_, taken_, ready);
  taken_ += ready;
  while (text.size() < size) {
    const auto left = size - text.size();
    if (left >= read_ahead) {
      const auto had = text.size();
      if (had >= size / 2) text.reserve(size);  // it is believed by then
      text.resize(had + std::min<std::size_t>(left, 1 << 20));
      text.resize(had + read_some(text.data() + had, text.size() - had, began));
      continue;
    }
    buffered_.resize(read_ahead);
    buffered_.resize(read_some(buffered_.data(), read_ahead, began));
    taken_ = std::min(left, buffered_.size());
    text.append(buffered_, 0, taken_);
  }
}

std::string Channel::receive() {
  const auto began = std::chrono::steady_clock::now();
  std::string text;
  fill(text, sizeof(std::uint32_t), began);
  std::uint32_t size = 0;
  std::memcpy(&size, text.data(), sizeof size);
  if (size > most_) throw Malformed("it is longer than is allowed");
  fill(text, size, began);
  return text;
}

bool Channel::has_more() const {
  if (taken_ < buffered_.size()) return true;
  pollfd look{socket_.get(), POLLIN, 0};
  return ::poll(&look, 1, 0) > 0;
}

void Channel::send(std::string_view message) {
  send(message, -1);
}

void Channel::send(std::string_view message, int descriptor) {
  const auto began = std::chrono::steady_clock::now();
  const auto size = static_cast<std::uint32_t>(message.size());
  std::string head(reinterpret_cast<const char*>(&size), sizeof size);
  if (message.size() < read_ahead) return write(head.append(message), descriptor, began);
  write(head, descriptor, began);
  write(message, -1, began);
}

void Channel::write(std::string_view bytes, int descriptor, Moment began) {
  while (!bytes.empty()) {
    Ancillary ancillary;
    iovec part{const_cast<char*>(bytes.data()), bytes.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (descriptor >= 0) {
      message.msg_control = ancillary.bytes;
      message.msg_controllen = sizeof ancillary.bytes;
      auto* const header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN(sizeof descriptor);
      std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    }
    const auto count = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
      descriptor = -1;
    } else if (errno == EAGAIN) {
      wait(POLLOUT, began);
    } else if (errno != EINTR) {
      throw Gone(errno == EPIPE || errno == ECONNRESET ? "it ended" : std::strerror(errno));
    }
  }
}

Ends make_ends() {
  int raw[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, raw) != 0)
    throw system_error("make", "a pair of sockets");
  return {Fd(raw[0]), Fd(raw[1])};
}

}  // namespace greenwave::sandbox
