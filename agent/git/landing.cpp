#include "git/landing.h"

namespace greenwave::git {

void leave_out_large(git_odb* odb, std::vector<git_oid>& oids) {
  std::erase_if(oids, [odb](const git_oid& oid) {
    std::size_t size = 0;
    git_object_t type{};
    return git_odb_read_header(&size, &type, odb, &oid) == 0 && size > largest_object;
  });
}

}  // namespace greenwave::git
