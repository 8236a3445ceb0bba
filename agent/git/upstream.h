#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <git2.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "git/fetch_progress.h"
#include "git/fetch_request.h"
#include "git/hold.h"
#include "git/login.h"
#include "git/pack_sink.h"
#include "model/commit_id.h"

namespace greenwave::git {

/// The commit that a followed ref names.
struct Tip {
  CommitId commit;
  std::string ref;           ///< the first of those asked for that exists, by its full name
  bool can_be_held = false;  ///< the server would answer the next poll as late as this changes
};

/// What a server has as the signed tip of a ref: any text.
struct StatedTip {
  std::string ref;  ///< the first of those asked for that has one, by its full name
  std::string text;
  bool can_be_held = false;  ///< as Tip's
};

/// The repository that a device follows, asked with values: it knows nothing of the device's store. One
/// thread.
class Upstream {
 public:
  virtual ~Upstream() = default;

  /// From now on bytes and objects are counted in `progress`, which outlives this.
  virtual void show_in(FetchProgress* progress) { progress_ = progress; }

  /// Throws Error as Transport::poll.
  virtual Tip poll(const std::vector<std::string>& refs) = 0;
  /// For who believes no server: asks for signed tips, and for nothing else. Throws Error (untrusted) where
  /// there is none.
  virtual StatedTip stated_tip(const std::vector<std::string>& refs);
  /// The object that a ref names: of an annotated tag, the tag. Nothing: there is no such ref.
  virtual std::optional<CommitId> find(const std::string& /*ref*/) { return {}; }
  /// Of all refs that begin with one of these, and of what they name: another one once any has changed.
  /// Nothing: asking would not be cheaper than fetching. Throws Error as poll().
  virtual std::optional<Digest> digest_of(const std::vector<std::string>& /*prefixes*/) { return {}; }
  /// Where the last tip can be held: waits until it is another one. The poll that follows within seconds asks
  /// nobody again.
  virtual Held hold(const Hold& /*hold*/) { return Held::refused; }
  /// Whether it sends an object without those that it refers to (FetchRequest::bare).
  virtual bool sends_single_objects() = 0;
  /// False when the haves did not help and nothing came: ask again without them. Throws Error, Unusable.
  virtual bool fetch(const FetchRequest& request, Landing& landing) = 0;
  /// Call it after the last request of a conversation.
  virtual void leave() {}
  /// Nothing is asked for a while.
  virtual void rest() {}
  /// The socket of a connection that is kept for the next request; -1: none.
  virtual int kept_connection() const { return -1; }
  virtual std::uint64_t bytes_received() const = 0;
  /// See Transport.
  virtual Duration retry_after() const { return {}; }

 protected:
  FetchProgress* progress_ = nullptr;
};

/// There is no signed tip of any of the refs.
Error no_signed_tip(const std::vector<std::string>& refs);

/// What a URL's scheme stands for: config::parse_url. `connect` makes every connection. `stop` outlives it:
/// setting it makes a running transfer fail soon with a transient Error.
std::unique_ptr<Upstream> make_upstream(const std::string& address, const LoginSource& login,
                                        const Connect& connect, const std::atomic<bool>& stop);

}  // namespace greenwave::git
