#include "mirror/passed_tips.h"

#include "base/error.h"
#include "base/file.h"
#include "git/served_tips.h"
#include "git/signed_tip.h"

namespace greenwave::hub {

namespace {

std::string served(const std::filesystem::path& file) {
  try {
    return read_file(file, git::most_tip);
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

void PassedTips::take_charge() const {
  const git::ServedTips tips(git::tips_beside(config_.directory / config_.repository));
}

bool PassedTips::pass() {
  if (!upstream_) return true;
  const auto repository = config_.directory / config_.repository;
  const git::ServedTips tips(git::tips_beside(repository));
  const auto branches = git::branches_of(repository);
  tips.remove_others(branches);
  bool are_all_here = true;
  for (const auto& [ref, commit] : branches) {
    try {
      const auto stated = upstream_->stated_tip({ref});
      const auto tip = git::read_signed_tip(stated.text).tip;
      const bool is_here = tip.ref == ref && tip.commit == commit;
      are_all_here &= is_here;
      if (is_here && served(tips.file_of(ref)) != stated.text) tips.write(ref, stated.text);
    } catch (const Error& error) {
      // Whoever needs a tip says what is missing.
      if (error.fault() != Fault::untrusted && error.fault() != Fault::invalid) throw;
    }
  }
  upstream_->leave();
  return are_all_here;
}

}  // namespace greenwave::hub
