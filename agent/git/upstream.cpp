#include "git/upstream.h"

#include <fmt/format.h>

#include "base/text.h"
#include "config/url.h"
#include "git/file_upstream.h"
#include "git/http_upload_pack.h"
#include "git/server_upstream.h"
#include "git/ssh_upload_pack.h"

namespace greenwave::git {

Error no_signed_tip(const std::vector<std::string>& refs) {
  return Error(Fault::untrusted,
               fmt::format("the server has no signed tip of {}, which trust.tip requires",
                           printable(fmt::format("{}", fmt::join(refs, " nor of ")))),
               "make it with greenwave tip sign, and serve it at the repository's URL followed by .tip/REF");
}

StatedTip Upstream::stated_tip(const std::vector<std::string>& refs) {
  throw no_signed_tip(refs);
}

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
