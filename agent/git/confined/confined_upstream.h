#pragma once

#include <memory>
#include <string>
#include <vector>

#include "git/bundle_reader.h"
#include "git/confined/remote.h"
#include "git/confined/tip_files.h"
#include "git/transport.h"
#include "git/upstream.h"

namespace greenwave::git::confined {

/// An upstream that a process of its own speaks with: the fetcher.
class ConfinedUpstream : public Upstream {
 public:
  /// `address` is as config::parse_url accepts it.
  ConfinedUpstream(RemoteParts parts, const std::string& address, LoginSource login);

  void show_in(FetchProgress* progress) override;
  Tip poll(const std::vector<std::string>& refs) override;
  StatedTip stated_tip(const std::vector<std::string>& refs) override;
  std::optional<CommitId> find(const std::string& ref) override;
  Held hold(const Hold& hold) override;
  bool sends_single_objects() override;
  bool fetch(const FetchRequest& request, Landing& landing) override;
  void leave() override;
  void rest() override;
  std::uint64_t bytes_received() const override { return remote_.counters().bytes_received; }
  Duration retry_after() const override { return remote_.counters().retry_after; }

 private:
  LoginSource login_;
  Remote remote_;
  SystemClock clock_;
  TipFiles tip_files_;
  bool keeps_connection_ = false;
};

/// Follows the repository by way of a fetcher. Credentials are read from their files at each use.
std::unique_ptr<Transport> make_confined_transport(const config::Repository& repository, RemoteParts parts);

/// A bundle that a process of its own reads. The file outlives it.
std::unique_ptr<BundleReader> read_confined(RemoteParts parts, const BundleFile& file);

}  // namespace greenwave::git::confined
