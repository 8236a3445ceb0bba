#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "git/transport.h"

namespace greenwave::git {

/// One repository at several places: the first one that can be polled is followed. An earlier one is tried
/// again after a while. Where the one that is followed has a signed tip that has expired, the others are
/// asked as well, once in a while. What a place cannot send, the next one is asked for. What a place says is
/// believed as little as ever: who signed a commit decides.
class FallbackTransport : public Transport {
 public:
  struct Source {
    std::string url;  ///< for messages
    std::unique_ptr<Transport> transport;
  };
  /// `sources` are at least one. `told` is called when another one is followed than before; may be empty.
  /// `stop` outlives this.
  FallbackTransport(std::vector<Source> sources, const std::atomic<bool>& stop,
                    std::function<void(const std::string&)> told,
                    std::function<Instant()> now = std::chrono::steady_clock::now);

  void show_in(FetchProgress& progress) override;
  void believe(TipJudge judge) override;
  /// Throws what the first one throws when all fail, with what the others say.
  CommitId poll() override;
  bool can_hold() const override { return current().can_hold(); }
  Held hold(const Hold& hold) override { return current().hold(hold); }
  using Transport::fetch;
  void fetch(const CommitId& commit, Store& store, const Visit& visit) override;
  void fetch_history(const CommitId& commit, Store& store, std::size_t generations) override;
  void fetch_trees(const Missing& names, Store& store) override;
  std::optional<std::string> fetch_tag(const std::string& ref, Store& store) override;
  void rest() override;
  Duration retry_after() const override { return current().retry_after(); }
  std::uint64_t bytes_received() const override;

 private:
  Transport& current() const { return *sources_[current_].transport; }
  /// What a place has.
  struct Place {
    std::size_t index = 0;
    CommitId commit;
    std::string ref;
    bool has_expired = false;
  };
  Place poll(std::size_t index);
  std::size_t first_to_poll();
  bool may_look_around();
  void from_any(const std::function<void(Transport&)>& get);
  void follow_from(std::size_t index, const std::string& why);

  std::vector<Source> sources_;
  const std::atomic<bool>& stop_;
  std::function<void(const std::string&)> told_;
  std::function<Instant()> now_;
  std::size_t current_ = 0;
  Instant look_back_{};    ///< when an earlier one is tried again
  Instant look_around_{};  ///< when the others may be asked again for a tip that has not expired
};

}  // namespace greenwave::git
