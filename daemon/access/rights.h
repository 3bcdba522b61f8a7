#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/access/verb.h"

namespace lodge::access {

// The project of those who may do everything, and of every guest from before there were projects.
inline constexpr std::string_view kDefaultProject = "default";

// Where a guest is, or would be.
struct Place {
  std::string_view project;
  std::string_view name = {};
  std::string_view uuid = {};
};

// A role that somebody has somewhere.
struct Holding {
  std::string role;
  std::string project;  // "*": every one
  std::string object;   // only this guest of it, by name or uuid; every one if empty
  VerbSet verbs;

  bool covers(const Place& place) const;
};

// Who somebody is and what they may, as the policy said when they were asked about. Immutable: any thread.
class Rights {
 public:
  Rights(std::string identity, std::string home, std::vector<Holding> holdings);
  // Everything, everywhere.
  static std::shared_ptr<const Rights> everything(std::string identity);

  const std::string& identity() const { return identity_; }  // "uid:1000", "tls:admin.example"
  // The project that is meant when none is named.
  const std::string& home() const { return home_; }
  const std::vector<Holding>& holdings() const { return holdings_; }

  // Whether they may do this to what is there.
  bool may(const Verb& verb, const Place& place) const;
  // Whether there is any place where they may.
  bool may_somewhere(const Verb& verb) const;
  bool may_everywhere(const Verb& verb) const;
  // Whether there is any guest of the project, there or to come, that they may do this to.
  bool may_in(const Verb& verb, std::string_view project) const;
  // Something that gives them this right, and that `now`, the rights they have by now, gives no more; null if nothing is lost.
  const Holding* lost(const Verb& verb, const Rights& now) const;
  // Whether they have any role there. Who has none is a stranger, and is told the same of what is there and of what is not.
  bool sees(const Place& place) const;

 private:
  std::string identity_;
  std::string home_;
  std::vector<Holding> holdings_;
};

using RightsPtr = std::shared_ptr<const Rights>;

}  // namespace lodge::access
