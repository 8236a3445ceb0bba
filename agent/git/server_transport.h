#pragma once

#include <memory>
#include <optional>
#include <string>

#include "git/fetch_request.h"
#include "git/pack_sink.h"
#include "git/refs.h"
#include "git/transport.h"
#include "git/upload_pack.h"

namespace greenwave::git {

/// Follows a ref of a git server, with protocol v2 or, if the server lacks it, the original protocol.
class ServerTransport : public Transport {
 public:
  /// `path` is the cluster's directory in the repository. `stop` must outlive this.
  ServerTransport(std::unique_ptr<UploadPack> server, std::string ref, std::string path,
                  const std::atomic<bool>& stop, const FetchLimits& limits = {});

  CommitId poll() override;
  using Transport::fetch;
  void fetch(const CommitId& commit, Store& store, const Visit& visit) override;
  std::uint64_t bytes_received() const override { return server_->bytes_received(); }
  Duration retry_after() const override { return server_->retry_after(); }

 private:
  /// Starts a conversation if necessary; sets greeting_.
  void meet(RefSearch& refs);
  bool can(std::string_view capability) const { return greeting_->capabilities.contains(capability); }

  void fetch_missing(const CommitId& commit, Store& store, const Visit& visit, const ShownFetch& shown);
  void fetch_commit(const CommitId& commit, Store& store, bool bare);
  void fetch_objects(const CommitId& commit, Store& store, const Visit& visit, const ShownFetch& shown);
  /// False when the haves did not help and nothing came.
  bool ask(FetchRequest request, Store& store);

  std::unique_ptr<UploadPack> server_;
  std::string path_;
  const std::atomic<bool>& stop_;
  FetchLimits limits_;
  Fetched fetched_;  ///< by the current fetch
  std::optional<Greeting> greeting_;
};

}  // namespace greenwave::git
