#pragma once

#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "tests/e2e/support/process.h"

namespace lodge::test {

// Somebody who makes links under the names that come next after ours, by an `ip` of his own, and deletes them again. In a sandbox.
class Rival {
 public:
  struct Deeds {
    int made = 0;
    int too_late = 0;                  // the name was ours by then
    std::vector<std::string> touched;  // his links that were not there any more, or not his
  };

  // His macvtaps hang on `parent`.
  explicit Rival(std::string parent);
  ~Rival();
  // Deletes what he has, and says what he did.
  Deeds stop();

 private:
  void work();
  void make(const std::string& name);
  void remove_oldest();
  void say(const std::string& command);

  const std::string parent_;
  Fd pipe_;
  std::optional<Process> ip_;
  std::vector<std::pair<std::string, std::string>> links_;  // names and numbers, the oldest first
  Deeds deeds_;
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

}  // namespace lodge::test
