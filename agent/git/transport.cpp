#include "git/transport.h"

#include "config/url.h"
#include "git/file_transport.h"
#include "git/http_upload_pack.h"
#include "git/ref_name.h"
#include "git/server_transport.h"
#include "git/ssh_upload_pack.h"

namespace greenwave::git {

std::unique_ptr<Transport> make_transport(const config::Repository& repository,
                                          const std::atomic<bool>& stop) {
  const auto url = config::parse_url(repository.url);
  const auto ref = full_ref_name(repository.branch);
  if (url.scheme == config::Url::Scheme::file) return std::make_unique<FileTransport>(url.path, ref, stop);
  std::unique_ptr<UploadPack> server;
  if (url.scheme == config::Url::Scheme::ssh) {
    server = std::make_unique<SshUploadPack>(url, repository.credentials, stop);
  } else {
    server = std::make_unique<HttpUploadPack>(repository.url, repository.credentials, stop);
  }
  return std::make_unique<ServerTransport>(std::move(server), ref, repository.path, stop);
}

}  // namespace greenwave::git
