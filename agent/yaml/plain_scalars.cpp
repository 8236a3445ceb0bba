#include "yaml/plain_scalars.h"

#include "yaml/libyaml.h"

namespace greenwave::yaml {

namespace {

constexpr std::string_view own_tags = "tag:yaml.org,2002:";

}  // namespace

PlainScalars::PlainScalars(std::string_view text) {
  Parser parser(text);
  for (bool ended = false; !ended;) {
    Event event;
    if (yaml_parser_parse(&parser.raw, &event.raw) != 1) return;  // load() says why
    ended = event.raw.type == YAML_STREAM_END_EVENT;
    if (event.raw.type != YAML_SCALAR_EVENT) continue;
    const auto& scalar = event.raw.data.scalar;
    auto tag = view(scalar.tag);
    if (tag.empty() && scalar.plain_implicit == 0) continue;
    if (!tag.empty() && !tag.starts_with(own_tags)) continue;
    if (!tag.empty()) tag.remove_prefix(own_tags.size());
    const auto& mark = event.raw.start_mark;
    scalars_.try_emplace(
        {static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)},
        Scalar{std::string(value_of(event)), std::string(tag)});
  }
}

const PlainScalars::Scalar* PlainScalars::at(const Place& place) const {
  const auto found = scalars_.find({place.line, place.column});
  return found == scalars_.end() ? nullptr : &found->second;
}

}  // namespace greenwave::yaml
