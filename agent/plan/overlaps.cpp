#include "plan/overlaps.h"

#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/contains.h"

namespace greenwave::plan {

namespace {

struct Overlap {
  std::string message;
  std::string_view remedy;
};

constexpr std::string_view purge_remedy =
    "put it into the source, choose a path outside, or remove purge; until then neither is applied";
constexpr std::string_view source_remedy =
    "take it out of the source, or choose another path; until then neither is applied";
constexpr std::string_view path_remedy =
    "choose another path for one of the two; until then neither is applied";

std::string with_place(const Manifest& manifest) {
  return fmt::format("{} ({})", to_string(manifest.id), to_string(manifest.place()));
}

/// Two objects: `inner` has a claim below one of `outer`'s.
class Pair {
 public:
  Pair(const Desired& inner, std::string_view claim, const Desired& outer, std::string_view above,
       const Contents& contents)
      : inner_(inner), claim_(claim), outer_(outer), above_(above), contents_(contents) {}

  std::optional<Overlap> overlap() const {
    if (!is_directory(outer_.manifest.id)) return below_file();
    switch (contents_.at(outer_, claim_)) {
      case Contents::At::nothing:
        break;
      case Contents::At::below_file:
        return below_file_of_source();
      case Contents::At::file:
        return both_claim(claim_);
      case Contents::At::directory:
        if (!is_directory(inner_.manifest.id)) return both_claim(claim_);
        if (const auto place = contents_.shared(outer_, inner_)) return both_claim(*place);
        if (purges(inner_, claim_)) return purged_by_inner();
        break;
    }
    return purges(outer_, above_) ? std::optional(purged_by_outer()) : std::nullopt;
  }

 private:
  static bool purges(const Desired& one, std::string_view claim) {
    return contains(one.footprint.purges, claim);
  }

  std::string inner() const { return to_string(inner_.manifest.id); }
  std::string outer() const { return with_place(outer_.manifest); }

  Overlap below_file() const {
    return {fmt::format("{} claims {}, which lies below {} of {}", inner(), claim_in_words(claim_),
                        claim_in_words(above_), outer()),
            path_remedy};
  }

  Overlap below_file_of_source() const {
    return {fmt::format("{} claims {}, and the source of {} has a file where a directory above it would be",
                        inner(), claim_in_words(claim_), outer()),
            source_remedy};
  }

  Overlap both_claim(std::string_view place) const {
    return {fmt::format("{} and the source of {} both claim {}", inner(), outer(), claim_in_words(place)),
            source_remedy};
  }

  Overlap purged_by_outer() const {
    return {fmt::format("{} claims {}, and {} removes what is not in its own source there", inner(),
                        claim_in_words(claim_), outer()),
            purge_remedy};
  }

  Overlap purged_by_inner() const {
    return {
        fmt::format("the source of {} has files in {}, and {} removes what is not in its own source there",
                    outer(), claim_in_words(claim_), inner()),
        purge_remedy};
  }

  const Desired& inner_;
  std::string_view claim_;
  const Desired& outer_;
  std::string_view above_;
  const Contents& contents_;
};

}  // namespace

void refuse_overlaps(const Claims& claims, const Contents& contents, Objects& objects, Problems& problems) {
  const auto refuse = [&](std::size_t number, std::string_view claim, std::string_view above) {
    const auto outer = claims.owner(above);
    if (!outer || *outer == number) return false;
    const auto& inner = objects.desired(number);
    const auto found = Pair(inner, claim, objects.desired(*outer), above, contents).overlap();
    if (!found) return false;
    problems.error(inner.manifest.place(), found->message, std::string(found->remedy));
    objects.refuse(number);
    objects.refuse(*outer);
    return true;
  };
  for (std::size_t i = 0; i < objects.declared(); ++i) {
    for (const std::string_view claim : objects.desired(i).footprint.claims) {
      if (!claim.starts_with(path_claim)) continue;
      auto above = claim.substr(0, claim.rfind('/'));
      while (above.size() > path_claim.size() && !refuse(i, claim, above)) {
        above = above.substr(0, above.rfind('/'));
      }
    }
  }
}

}  // namespace greenwave::plan
