#include "git/file_transport.h"

#include <utility>

#include "git/file_upstream.h"

namespace greenwave::git {

FileTransport::FileTransport(std::filesystem::path path, std::string ref, const std::atomic<bool>& stop)
    : ServerTransport(std::make_unique<FileUpstream>(std::move(path)), std::move(ref), {}, stop) {}

}  // namespace greenwave::git
