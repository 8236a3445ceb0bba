#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/problem.h"
#include "model/source_tree.h"
#include "render/recipient.h"
#include "render/render.h"

namespace greenwave::render {

/// The files with a device's identities.
using KeyFiles = std::vector<std::filesystem::path>;

/// Renders, with the device's keys or without: in this process (local_engine.h), or in one that can do
/// nothing else (confined/child_engine.h). Lives for one question or one pass. One thread.
class Engine {
 public:
  virtual ~Engine() = default;

  /// See render.h. What it returns is still to be sealed.
  virtual Rendered render(const SourceTree& tree, const Recipient& recipient) = 0;
  virtual Membership membership(const SourceTree& tree, const Recipient& recipient) = 0;
  /// What age or SOPS encrypted as a whole. Throws Error (invalid) where it cannot be opened.
  virtual std::string open(const std::string& path, std::string_view bytes) = 0;
  /// What is wrong with the files of keys.
  virtual Problems key_problems() = 0;
};

using BeginEngine = std::function<std::unique_ptr<Engine>()>;

}  // namespace greenwave::render
