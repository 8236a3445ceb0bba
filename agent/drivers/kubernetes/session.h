#pragma once

#include <functional>
#include <optional>

#include "drivers/driver.h"
#include "drivers/kubernetes/listings.h"
#include "drivers/kubernetes/server.h"

namespace greenwave::drivers::kubernetes {

/// A look at the objects of this device, with all of their lists at once.
class ServerSession : public Session {
 public:
  ServerSession(Server& server, const LookOptions& options, std::span<const Entry* const> entries,
                const std::function<void()>& while_waiting);

  Drift drift(const Entry& entry) override;
  std::unique_ptr<Comparison> compare(const Render& render, std::span<const Candidate> candidates) override;
  std::vector<Health> health(std::span<const Entry* const> entries, Duration patience) override;
  std::optional<std::string> unreachable() const override;

  /// Why the server cannot be reached in this session: it is not tried again for each object.
  const std::optional<Error>& trouble() const { return trouble_; }
  /// Calls `questions`, which ask the server. A failure that concerns all objects becomes the trouble.
  void ask(const std::function<void()>& questions);
  void note_outage();
  /// What the look has shown of an object; null: nothing.
  const Seen* seen(const Target& target) const;

 private:
  Server& server_;
  const LookOptions options_;
  const std::function<void()>& while_waiting_;
  Listings listings_;
  std::optional<Error> trouble_;
};

}  // namespace greenwave::drivers::kubernetes
