#include "daemon/confined.h"

#include <string_view>
#include <utility>

#include "base/error.h"
#include "git/confined/fetcher.h"
#include "render/confined/serve.h"
#include "sandbox/child.h"

namespace greenwave::daemon {

std::optional<int> run_if_confined(int argc, char** argv) {
  if (argc != 3 || argv[1] != sandbox::confined_option) return {};
  const std::string_view role = argv[2];
  Fd channel(sandbox::channel_descriptor);
  if (role == to_string(sandbox::Role::fetcher)) return git::confined::run_fetcher(std::move(channel));
  if (role == to_string(sandbox::Role::renderer)) return render::confined::serve(std::move(channel));
  throw Error(Fault::internal, "there is no such process");
}

}  // namespace greenwave::daemon
