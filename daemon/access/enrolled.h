#pragma once

#include <map>
#include <optional>
#include <shared_mutex>
#include <string>

#include "daemon/access/rights.h"

namespace lodge::access {

// The clients that have enrolled, by name, and what the token of each gave it. Any thread.
class Enrolled {
 public:
  // In place of what was said of this name before.
  void put(std::string name, Holding holding) {
    const std::unique_lock lock(mutex_);
    holdings_.insert_or_assign(std::move(name), std::move(holding));
  }
  void remove(const std::string& name) {
    const std::unique_lock lock(mutex_);
    holdings_.erase(name);
  }
  std::optional<Holding> holding_of(const std::string& name) const {
    const std::shared_lock lock(mutex_);
    const auto found = holdings_.find(name);
    return found == holdings_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  mutable std::shared_mutex mutex_;
  std::map<std::string, Holding> holdings_;
};

}  // namespace lodge::access
