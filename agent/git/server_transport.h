#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "git/fetch_request.h"
#include "git/landing.h"
#include "git/transport.h"
#include "git/upload_pack.h"
#include "git/upstream.h"

namespace greenwave::git {

/// Follows a ref of another repository: asks for what the store lacks, and puts it there.
class ServerTransport : public Transport {
 public:
  /// `path` is the cluster's directory in the repository. `stop` must outlive this.
  ServerTransport(std::unique_ptr<Upstream> upstream, std::string ref, std::string path,
                  const std::atomic<bool>& stop, const FetchLimits& limits = {});
  /// A git server, spoken with in this process.
  ServerTransport(std::unique_ptr<UploadPack> server, std::string ref, std::string path,
                  const std::atomic<bool>& stop, const FetchLimits& limits = {});

  void show_in(FetchProgress& progress) override;
  CommitId poll() override;
  bool can_hold() const override { return can_hold_; }
  Held hold(const Hold& hold) override;
  using Transport::fetch;
  void fetch(const CommitId& commit, Store& store, const Visit& visit) override;
  void fetch_history(const CommitId& commit, Store& store, std::size_t generations) override;
  void fetch_trees(const Missing& names, Store& store) override;
  std::optional<std::string> fetch_tag(const std::string& ref, Store& store) override;
  void rest() override { upstream_->rest(); }
  std::uint64_t bytes_received() const override { return upstream_->bytes_received(); }
  Duration retry_after() const override { return upstream_->retry_after(); }

 private:
  /// A conversation that fetches; what it brought is removed if that is of no use.
  void converse(Store& store, const std::function<void(Landing& landing, const ShownFetch& shown)>& fetch);
  void fetch_commit(const CommitId& commit, Store& store, bool bare, Landing& landing);
  void fetch_objects(const CommitId& commit, Store& store, const Visit& visit, const ShownFetch& shown,
                     Landing& landing);
  void fetch_by_name(const Missing& names, Landing& landing);

  std::unique_ptr<Upstream> upstream_;
  std::string path_;
  const std::atomic<bool>& stop_;
  FetchLimits limits_;
  bool can_hold_ = false;
};

}  // namespace greenwave::git
