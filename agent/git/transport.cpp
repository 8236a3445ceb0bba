#include "git/transport.h"

#include "base/error.h"
#include "config/url.h"
#include "git/file_transport.h"
#include "git/ref_name.h"
#include "git/server_transport.h"
#include "git/ssh_upload_pack.h"

namespace greenwave::git {

std::unique_ptr<Transport> make_transport(const config::Repository& repository,
                                          const std::atomic<bool>& stop) {
  const auto url = config::parse_url(repository.url);
  const auto ref = full_ref_name(repository.branch);
  if (url.scheme == config::Url::Scheme::file) return std::make_unique<FileTransport>(url.path, ref, stop);
  if (url.scheme != config::Url::Scheme::ssh) throw Error(Fault::invalid, "https:// is not served yet");
  return std::make_unique<ServerTransport>(std::make_unique<SshUploadPack>(url, repository.credentials, stop),
                                           ref, repository.path, stop);
}

}  // namespace greenwave::git
