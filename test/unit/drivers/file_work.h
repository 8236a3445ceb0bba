#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <git2.h>

#include "drivers/host/file_driver.h"
#include "drivers/host/file_spec.h"
#include "plan/places.h"
#include "support/memory_tree.h"
#include "unit/drivers/one_look.h"
#include "unit/drivers/temporary_root.h"
#include "yaml/load.h"

namespace greenwave::test {

/// A device below a temporary root with a FileDriver, and an inventory that follows what the driver says.
class FileWork {
 public:
  explicit FileWork(std::map<std::string, std::string> files = {}) : tree(std::move(files)) {
    git_libgit2_init();
  }
  FileWork(const FileWork&) = delete;
  FileWork& operator=(const FileWork&) = delete;
  ~FileWork() { git_libgit2_shutdown(); }

  TemporaryRoot root;
  MemoryTree tree;
  drivers::host::FileDriver driver{root.host()};
  std::map<std::string, Entry> inventory;                             ///< by name
  drivers::LookOptions options{.distrust = false, .describe = true};  ///< as the last drift() had it
  std::vector<plan::Desired> render;  ///< of the commit; empty: what is applied is all of it
  plan::Places* places = nullptr;     ///< kept up to date
  Problems problems;
  std::string note;

  /// `spec` is in YAML's flow or block style.
  Manifest manifest(const std::string& kind, const std::string& name, const std::string& spec) {
    const auto text = "apiVersion: greenwave.dev/v1\nkind: " + kind + "\nmetadata: {name: " + name +
                      "}\nspec:\n" + indented(spec);
    Problems reading;
    auto document = yaml::load(text, "base/" + name + ".yaml", reading);
    INFO(text);
    REQUIRE(document);
    Manifest result;
    result.id = {std::string(own_api), kind, "", name};
    result.document = std::move(*document);
    const auto* source = result.spec().find("source");
    if (source != nullptr && source->string() != nullptr) {
      if (const auto item = tree.find(*source->string())) {
        result.source = Source{*source->string(), item->oid, item->type == SourceTree::Type::directory};
      }
    }
    seal(result, "");
    return result;
  }

  plan::Desired desired(const std::string& kind, const std::string& name, const std::string& spec) {
    plan::Desired object;
    object.manifest = manifest(kind, name, spec);
    const auto footprint =
        kind == "File" ? drivers::host::file_footprint : drivers::host::directory_footprint;
    object.footprint = footprint(root.host(), object.manifest, problems);
    return object;
  }

  const Entry* entry(const std::string& name) const {
    const auto found = inventory.find(name);
    return found == inventory.end() ? nullptr : &found->second;
  }

  std::vector<Entry> entries() const {
    std::vector<Entry> all;
    for (const auto& [name, entry] : inventory) all.push_back(entry);
    return all;
  }

  plan::Difference compare(const plan::Desired& object, bool succeeds = false) {
    return difference_of(driver, object, entry(object.manifest.id.name), tree, options, entries(), succeeds);
  }

  plan::Step step(const plan::Desired& object) {
    using Kind = plan::Difference::Kind;
    plan::Step made;
    made.id = object.manifest.id;
    made.desired = &object;
    made.entry = entry(made.id.name);
    made.difference = compare(object);
    const auto kind = made.difference.kind;
    if (kind == Kind::none) {
      made.verb = made.entry != nullptr ? plan::Verb::accept : plan::Verb::adopt;
    } else if (made.entry == nullptr) {
      made.verb = kind == Kind::create ? plan::Verb::create : plan::Verb::adopt;
    } else {
      made.verb = made.entry->digest == object.manifest.digest ? plan::Verb::repair : plan::Verb::update;
    }
    return made;
  }

  /// The power goes before the first change: of what was to be done, the inventory has only the intent.
  void cut_short(const plan::Desired& object) {
    auto intent = step(object).difference.record;
    auto& entry = inventory[object.manifest.id.name];
    entry.id = object.manifest.id;
    entry.claims = object.footprint.claims;
    entry.record = std::move(intent);
    entry.intended = true;
  }

  std::vector<drivers::StepResult> run(const std::vector<plan::Step>& steps) {
    std::vector<const plan::Step*> pointers;
    for (const auto& one : steps) pointers.push_back(&one);
    auto desired = render;
    for (const auto& one : steps) {
      if (one.desired != nullptr && render.empty()) desired.push_back(*one.desired);
    }
    std::vector<drivers::StepResult> outcomes;
    const auto before = entries();  // which the results change
    apply_with(
        driver, pointers, {desired, tree, places, before},
        [&](const plan::Step& done, drivers::StepResult outcome) {
          if (done.desired != nullptr) {
            auto known = outcome.entry;
            known.id = done.id;
            known.claims = done.desired->footprint.claims;
            known.rank = done.desired->footprint.rank;
            known.intended = !outcome.ok;
            if (outcome.ok) known.digest = done.desired->manifest.digest;
            inventory[done.id.name] = std::move(known);
          } else if (outcome.ok) {
            inventory.erase(done.id.name);
          }
          if (places != nullptr) {
            const auto known = entry(done.id.name);
            known != nullptr ? places->put(*known) : places->forget(done.id);
          }
          note = outcome.note;
          outcomes.push_back(std::move(outcome));
        },
        options);
    return outcomes;
  }

  /// Compares and applies; the error, or empty.
  std::string apply(const plan::Desired& object) { return run({step(object)}).front().error; }
  std::string apply(const std::string& kind, const std::string& name, const std::string& spec) {
    const auto object = desired(kind, name, spec);
    return apply(object);
  }

  std::string remove(const std::string& name) {
    plan::Step gone;
    gone.verb = plan::Verb::remove;
    gone.id = inventory.at(name).id;
    const Entry before = inventory.at(name);
    gone.entry = &before;
    return run({gone}).front().error;
  }

  std::optional<std::string> drift(const std::string& name, bool distrust = false) {
    refreshed.reset();
    options.distrust = distrust;
    auto found = drift_of(driver, inventory.at(name), options);
    refreshed = std::move(found.refreshed);
    return std::move(found.how);
  }
  std::optional<std::vector<FileSignature>> refreshed;

 private:
  static std::string indented(const std::string& text) {
    std::string out = "  ";
    for (const char letter : text) {
      out += letter;
      if (letter == '\n') out += "  ";
    }
    return out + "\n";
  }
};

}  // namespace greenwave::test
