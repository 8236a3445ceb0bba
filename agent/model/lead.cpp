#include "model/lead.h"

#include <deque>
#include <string_view>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "model/paths.h"

namespace greenwave {

namespace {

constexpr std::size_t most_links = 40;  ///< as on Linux
constexpr std::size_t longest_target = 4096;

class Follower {
 public:
  explicit Follower(const SourceTree& tree) : tree_(tree) {}

  Lead follow(const std::string& path) {
    push(path);
    while (lead_.refusal.empty() && !rest_.empty()) {
      const auto name = std::move(rest_.front());
      rest_.pop_front();
      if (!step(name)) return std::move(lead_);
    }
    if (!lead_.item && lead_.refusal.empty()) lead_.item = tree_.find(lead_.path);
    return std::move(lead_);
  }

 private:
  void push(std::string_view path) {
    auto names = split(path, '/');
    for (auto name = names.rbegin(); name != names.rend(); ++name) {
      if (!name->empty() && *name != ".") rest_.emplace_front(*name);
    }
  }

  /// Returns false where the way ends.
  bool step(const std::string& name) {
    if (name == "..") return up();
    const auto above = lead_.path;
    lead_.path = join_path(above, name);
    lead_.item = tree_.find(lead_.path);
    if (!lead_.item) return nothing();
    switch (lead_.item->type) {
      case SourceTree::Type::directory:
        return true;
      case SourceTree::Type::link:
        return turn(above);
      case SourceTree::Type::other:
        return refuse(fmt::format("{} is a submodule, which is not read", printable(lead_.path)),
                      "keep its files in this repository");
      default:
        return rest_.empty() || nothing();
    }
  }

  bool up() {
    if (lead_.path.empty()) return refuse_link("leads out of the repository", inside);
    lead_.path = std::string(parent_path(lead_.path));
    lead_.item = {};
    return true;
  }

  /// Goes where the link leads that is at lead_.path.
  bool turn(const std::string& above) {
    link_ = lead_.path;
    std::string target;
    try {
      target = tree_.read(link_, longest_target);
    } catch (const Error& error) {
      if (error.fault() != Fault::invalid) throw;
      return refuse_link("is too long", exists);
    }
    if (++links_ > most_links) return refuse_link("leads back to itself", exists);
    if (target.starts_with('/')) return refuse_link("leads out of the repository", inside);
    if (target.empty() || target.find('\0') != target.npos) return refuse_link("leads to nothing", exists);
    push(target);
    lead_.path = above;
    lead_.item = {};
    return true;
  }

  bool nothing() {
    lead_.item = {};
    if (links_ == 0) return false;
    return refuse_link(fmt::format("leads to {}, which does not exist", printable(lead_.path)), exists);
  }

  bool refuse_link(std::string_view what, std::string_view remedy) {
    return refuse(fmt::format("the link {} {}", printable(link_), what), std::string(remedy));
  }

  bool refuse(std::string what, std::string remedy) {
    lead_.item = {};
    lead_.refusal = std::move(what);
    lead_.remedy = std::move(remedy);
    return false;
  }

  static constexpr std::string_view inside =
      "links are followed within the cluster's directory: let it lead there, or put what it leads to here";
  static constexpr std::string_view exists = "fix the link, or put what it should lead to here";

  const SourceTree& tree_;
  Lead lead_;
  std::deque<std::string> rest_;  ///< the names still to go
  std::string link_;              ///< the last one that was followed
  std::size_t links_ = 0;
};

}  // namespace

Lead follow(const SourceTree& tree, const std::string& path) {
  return Follower(tree).follow(path);
}

}  // namespace greenwave
