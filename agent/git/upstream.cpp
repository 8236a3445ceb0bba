#include "git/upstream.h"

#include "config/url.h"
#include "git/file_upstream.h"
#include "git/http_upload_pack.h"
#include "git/server_upstream.h"
#include "git/ssh_upload_pack.h"

namespace greenwave::git {

std::unique_ptr<Upstream> make_upstream(const std::string& address, const LoginSource& login,
                                        const Connect& connect, const std::atomic<bool>& stop) {
  const auto url = config::parse_url(address);
  if (url.scheme == config::Url::Scheme::file) return std::make_unique<FileUpstream>(url.path);
  std::unique_ptr<UploadPack> server;
  if (url.scheme == config::Url::Scheme::ssh) {
    server = std::make_unique<SshUploadPack>(url, login, connect, stop);
  } else {
    server = std::make_unique<HttpUploadPack>(address, login, stop, HttpsTimeouts(), connect);
  }
  return std::make_unique<ServerUpstream>(std::move(server));
}

}  // namespace greenwave::git
