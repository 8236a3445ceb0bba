#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "git/upstream.h"

namespace greenwave::git {

/// A repository on this device's disk (a mirror, a mounted stick): opened and read directly. Its signed tips
/// are beside it, in PATH.tip/REF.
class FileUpstream : public Upstream {
 public:
  explicit FileUpstream(std::filesystem::path path);

  Tip poll(const std::vector<std::string>& refs) override;
  StatedTip stated_tip(const std::vector<std::string>& refs) override;
  std::optional<CommitId> find(const std::string& ref) override;
  bool sends_single_objects() override { return false; }
  bool fetch(const FetchRequest& request, Landing& landing) override;
  std::uint64_t bytes_received() const override { return received_; }

 private:
  std::filesystem::path path_;
  std::uint64_t received_ = 0;
};

}  // namespace greenwave::git
