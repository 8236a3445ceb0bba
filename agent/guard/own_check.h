#pragma once

#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/problem.h"
#include "config/config.h"
#include "guard/candidate.h"
#include "guard/own_files.h"
#include "model/source_tree.h"
#include "plan/step.h"

namespace greenwave::guard {

/// What the agent did not come back with, by path.
using Failed = std::map<std::string, std::set<Digest>>;

struct OwnCheckInput {
  const config::Config& config;
  const OwnFiles& files;
  const Failed& failed;  ///< empty where people insist
  const SourceTree& tree;
  Candidates& candidates;
  const std::function<void()>& heartbeat;  ///< called while a candidate runs; may be empty
};

/// Which objects would write a file that the agent could not start with: they are refused. Contents are
/// judged as they stand, and a program is tried with the configuration that will be there. What passes may
/// still be wrong, which the Guard is for. No message repeats what was encrypted.
std::vector<ObjectId> refuse_unusable(std::span<const plan::Desired> desired, const OwnCheckInput& input,
                                      Problems& problems);

/// What is wrong with the ExecStart= lines of a unit file or drop-in, or with a file that it names; empty:
/// nothing that can be seen in them. `comes` says whether a file will be there that is not there yet.
std::string wrong_start(std::string_view unit_file, const std::function<bool(const std::string&)>& comes);

}  // namespace greenwave::guard
