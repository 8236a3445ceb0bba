#include "base/account.h"

#include <cerrno>
#include <cstddef>
#include <vector>

#include <grp.h>
#include <pwd.h>

namespace greenwave {

namespace {

constexpr std::size_t first_bytes = 4096;
constexpr std::size_t most_bytes = 4 * 1024 * 1024;  ///< a group may have thousands of members

/// `get` is one of getpwnam_r() and its like, with a buffer that grows as they require.
template <typename Record, typename Key, typename Result>
std::optional<Result> look_up(int (*get)(Key, Record*, char*, std::size_t, Record**), Key key,
                              Result (*result)(const Record&)) {
  std::vector<char> buffer(first_bytes);
  for (;;) {
    Record record{};
    Record* found = nullptr;
    const int error = get(key, &record, buffer.data(), buffer.size(), &found);
    if (error == ERANGE && buffer.size() < most_bytes) {
      buffer.resize(buffer.size() * 4);
      continue;
    }
    if (found == nullptr) return {};
    return result(record);
  }
}

User user_in(const passwd& record) {
  return {record.pw_name, record.pw_uid, record.pw_gid, record.pw_dir};
}

gid_t number_of(const group& record) {
  return record.gr_gid;
}

}  // namespace

std::optional<User> user_named(const std::string& name) {
  return look_up(::getpwnam_r, name.c_str(), user_in);
}

std::optional<User> user_of(uid_t uid) {
  return look_up(::getpwuid_r, uid, user_in);
}

std::optional<gid_t> group_named(const std::string& name) {
  return look_up(::getgrnam_r, name.c_str(), number_of);
}

}  // namespace greenwave
