#pragma once

#include "drivers/driver.h"
#include "drivers/host/confined.h"
#include "drivers/host/owner.h"

namespace greenwave::drivers::host {

/// Keeps Files and Directories (greenwave.dev/v1).
class FileDriver : public Driver {
 public:
  explicit FileDriver(Host host) : host_(std::move(host)), owners_(host_) {}
  FileDriver(const FileDriver&) = delete;
  FileDriver& operator=(const FileDriver&) = delete;

  bool serves(const ObjectId& id) const override;
  plan::Footprint footprint(const Manifest& manifest, Problems& problems) const override;
  void begin(const Pass& pass) override;
  std::optional<std::string> drift(const Entry& entry,
                                   std::optional<std::vector<FileSignature>>& refreshed) override;
  plan::Difference compare(const plan::Desired& desired, const Entry* entry, const SourceTree& tree) override;
  void apply(std::span<const plan::Step* const> steps, const SourceTree& tree, const Report& report,
             const std::function<bool()>& stop) override;

 private:
  Host host_;
  Owners owners_;
  Pass pass_;
  std::optional<Parents> looking_;  ///< what compare() found last, until the pass ends or the device changes
};

}  // namespace greenwave::drivers::host
