#include "drivers/host/own_rules.h"

#include <fmt/format.h>

namespace greenwave::drivers::host {

namespace {

constexpr mode_t written_by_others = 0022;

std::string named(const config::OwnPath& own) {
  return fmt::format("{} ({})", in_words(own.part), own.path);
}

void check_mode(const config::OwnPath& own, std::string_view key, mode_t mode, yaml::Fields& spec) {
  if ((mode & written_by_others) == 0) return;
  spec.error(key, fmt::format("{} {:04o} lets others than root change {}", key, mode, named(own)),
             fmt::format("write {}: \"{:04o}\"", key, mode & ~written_by_others));
}

}  // namespace

void check_own(const Host& host, const Having& having, yaml::Fields& spec) {
  const auto* at = own_at(host.own, having.path);
  const auto* below = own_below(host.own, having.path);
  const auto* own = at != nullptr ? at : below;
  if (own == nullptr) return;
  if (below != nullptr && !having.is_directory) {
    spec.error("path", fmt::format("a file here takes the place of the directory of {}", named(*below)),
               "choose another path");
  }
  if (below != nullptr && having.purges) {
    spec.error("purge", fmt::format("purge removes {}", named(*below)),
               "leave purge out, or choose a directory that has nothing of the agent's");
  }
  check_mode(*own, "mode", having.mode, spec);
  if (having.file_mode) check_mode(*own, "fileMode", *having.file_mode, spec);
  if (having.owner != "root" && having.owner != "0") {
    spec.error("owner", fmt::format("another owner than root can change {}", named(*own)),
               "leave owner out: root is the default");
  }
}

}  // namespace greenwave::drivers::host
