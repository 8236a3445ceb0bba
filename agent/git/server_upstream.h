#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "git/refs.h"
#include "git/upload_pack.h"
#include "git/upstream.h"

namespace greenwave::git {

/// A git server, with protocol v2 or, if it lacks that, the original protocol.
class ServerUpstream : public Upstream {
 public:
  explicit ServerUpstream(std::unique_ptr<UploadPack> server) : server_(std::move(server)) {}

  Tip poll(const std::vector<std::string>& refs) override;
  StatedTip stated_tip(const std::vector<std::string>& refs) override;
  std::optional<CommitId> find(const std::string& ref) override;
  std::optional<Digest> digest_of(const std::vector<std::string>& prefixes) override;
  Held hold(const Hold& hold) override { return server_->hold(hold); }
  bool sends_single_objects() override;
  bool fetch(const FetchRequest& request, Landing& landing) override;
  void leave() override;
  int kept_connection() const override { return server_->kept_connection(); }
  std::uint64_t bytes_received() const override { return server_->bytes_received(); }
  Duration retry_after() const override { return server_->retry_after(); }

 private:
  /// Has the server list those that are wanted.
  void list(const std::vector<std::string>& wanted, RefSink& refs);
  void ask_for(const std::vector<std::string>& prefixes, RefSink& refs);
  /// Starts a conversation, unless the server can be asked without; sets greeting_.
  void meet(RefSink& refs);
  /// The same where none has begun.
  void meet();
  bool can(std::string_view capability) const { return greeting_->capabilities.contains(capability); }

  std::unique_ptr<UploadPack> server_;
  std::optional<Greeting> greeting_;
  bool is_met_ = false;         ///< a conversation has begun, and can go on
  bool may_hold_later_ = true;  ///< the server may be able to hold another ref than the first
};

}  // namespace greenwave::git
