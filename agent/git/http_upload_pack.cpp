#include "git/http_upload_pack.h"

namespace greenwave::git {

namespace {

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

}  // namespace

HttpUploadPack::HttpUploadPack(const std::string& url, const config::Credentials& credentials,
                               const std::atomic<bool>& stop, const HttpsTimeouts& timeouts)
    : https_(without_slash(url), credentials, stop, timeouts) {}

ByteStream& HttpUploadPack::greet() {
  Https::Request request;
  request.path = "/info/refs?service=git-upload-pack";
  request.headers = {"Git-Protocol: version=2"};
  request.wanted_type = "application/x-git-upload-pack-advertisement";
  return https_.send(request);
}

ByteStream& HttpUploadPack::ask(std::string_view body) {
  Https::Request request;
  request.path = "/git-upload-pack";
  request.body = body;
  request.headers = {"Content-Type: application/x-git-upload-pack-request", "Git-Protocol: version=2"};
  request.wanted_type = "application/x-git-upload-pack-result";
  return https_.send(request);
}

}  // namespace greenwave::git
