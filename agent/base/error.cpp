#include "base/error.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace greenwave {

std::string_view to_string(Fault fault) {
  switch (fault) {
    case Fault::transient:
      return "transient";
    case Fault::invalid:
      return "invalid";
    case Fault::untrusted:
      return "untrusted";
    case Fault::conflict:
      return "conflict";
    case Fault::damaged:
      return "damaged";
    case Fault::internal:
      return "internal";
  }
  return "internal";
}

Error::Error(Fault fault, std::string message, std::string remedy)
    : fault_(fault), message_(std::move(message)), remedy_(std::move(remedy)) {
  compose();
}

Error& Error::during(std::string_view step) {
  trail_.emplace_back(step);
  compose();
  return *this;
}

void Error::compose() {
  text_ = message_;
  if (!trail_.empty()) text_ += fmt::format(" (while {})", fmt::join(trail_, ", while "));
  if (!remedy_.empty()) text_ += "; " + remedy_;
}

namespace {

struct Cause {
  Fault fault;
  const char* remedy;
};

Cause cause_of(int code) {
  switch (code) {
    case ENOSPC:
      return {Fault::transient, "free some space; the next sync tries again"};
    case EDQUOT:
      return {Fault::transient, "raise the quota; the next sync tries again"};
    case EROFS:
      return {Fault::transient, "remount the file system read-write"};
    case EIO:
      return {Fault::transient,
              "the storage reports an error: check the kernel log, and replace the storage if it recurs"};
    case EAGAIN:
    case EBUSY:
    case EINTR:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case ENOLCK:
    case ETXTBSY:
    case ESTALE:
    case ETIMEDOUT:
    case ENOBUFS:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ECONNREFUSED:
    case ECONNRESET:
      return {Fault::transient, ""};
    case EACCES:
    case EPERM:
      return {Fault::invalid, "the agent lacks permission: is it running as root?"};
    default:
      return {Fault::invalid, ""};
  }
}

}  // namespace

Error system_error(std::string_view action, std::string_view path) {
  const int code = errno;
  const auto cause = cause_of(code);
  return Error(cause.fault, fmt::format("cannot {} {}: {}", action, path, std::strerror(code)), cause.remedy);
}

}  // namespace greenwave
