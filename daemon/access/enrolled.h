#pragma once

#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>

namespace lodge::access {

// The names of the clients that have enrolled: they may come in as if tls.allow listed them. Any thread.
class Enrolled {
 public:
  void add(std::string name) {
    const std::unique_lock lock(mutex_);
    names_.insert(std::move(name));
  }
  bool has(const std::string& name) const {
    const std::shared_lock lock(mutex_);
    return names_.contains(name);
  }
  bool empty() const {
    const std::shared_lock lock(mutex_);
    return names_.empty();
  }

 private:
  mutable std::shared_mutex mutex_;
  std::set<std::string> names_;
};

}  // namespace lodge::access
