#include "fleet/recording_server.h"

namespace greenwave::sim {

git::ByteStream& RecordingServer::greet() {
  noted_.push_back({.path = "/info/refs?service=git-upload-pack", .body = {}});
  return HttpUploadPack::greet();
}

git::ByteStream& RecordingServer::ask(std::string_view request) {
  if (!request.starts_with("0014command=ls-refs")) {
    noted_.push_back({.path = "/git-upload-pack", .body = std::string(request)});
  }
  return HttpUploadPack::ask(request);
}

}  // namespace greenwave::sim
