#include "site/site.h"

namespace greenwave::hub {

/// For a hub that is built without its page.
std::span<const PageFile> page_files() {
  return {};
}

}  // namespace greenwave::hub
