#include "git/transport.h"

#include "config/url.h"
#include "git/file_upstream.h"
#include "git/http_upload_pack.h"
#include "git/ref_name.h"
#include "git/server_transport.h"
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

std::unique_ptr<Transport> make_transport(const config::Repository& repository,
                                          const std::atomic<bool>& stop) {
  const LoginSource login = [credentials = repository.credentials] { return read_login(credentials); };
  const Connect connect = [&stop](const std::string& host, unsigned port) {
    return connect_to_repository(host, port, stop);
  };
  return std::make_unique<ServerTransport>(make_upstream(repository.url, login, connect, stop),
                                           full_ref_name(repository.branch), repository.path, stop);
}

}  // namespace greenwave::git
