#include "render/confined/asking_tree.h"

#include <algorithm>

#include "base/error.h"
#include "model/paths.h"
#include "render/confined/codec.h"
#include "render/confined/messages.h"

namespace greenwave::render::confined {

using sandbox::Malformed;
using sandbox::Reader;

std::optional<SourceTree::Item> AskingTree::find(const std::string& path) const {
  if (path.empty()) return Item{.name = "", .type = Type::directory, .oid = ""};
  const auto& items = directory(std::string(parent_path(path)));
  const auto name = std::string_view(path).substr(path.rfind('/') + 1);
  const auto found =
      std::ranges::lower_bound(items, name, {}, [](const Item& item) { return std::string_view(item.name); });
  if (found == items.end() || found->name != name) return {};
  return *found;
}

const std::vector<SourceTree::Item>& AskingTree::directory(const std::string& path) const {
  if (const auto known = directories_.find(path); known != directories_.end()) return known->second;
  channel_.send(message(Answer::list, path));
  const auto bytes = channel_.receive();
  Reader reader(bytes);
  if (reader.one<Ask>() != Ask::items) throw Malformed("not the list of a directory");
  return directories_.emplace(path, reader.one<std::vector<Item>>()).first->second;
}

std::string AskingTree::read(const std::string& path, std::size_t cap) const {
  channel_.send(message(Answer::read, path, cap));
  const auto bytes = channel_.receive();
  Reader reader(bytes);
  const auto word = reader.one<Ask>();
  if (word == Ask::text) return reader.one<std::string>();
  if (word != Ask::refusal) throw Malformed("not a file");
  auto why = reader.one<std::string>();
  throw Error(Fault::invalid, std::move(why), reader.one<std::string>());
}

}  // namespace greenwave::render::confined
