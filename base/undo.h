#pragma once

#include <functional>
#include <utility>
#include <vector>

namespace lodge {

// Steps to take back, newest first, unless commit() says that all went well. For what is not a claim: claims undo
// themselves.
class Undo {
 public:
  Undo() = default;
  Undo(const Undo&) = delete;
  Undo& operator=(const Undo&) = delete;
  ~Undo() {
    while (!steps_.empty()) {
      steps_.back()();
      steps_.pop_back();
    }
  }

  // `step` must not throw.
  void push(std::function<void()> step) { steps_.push_back(std::move(step)); }
  void commit() { steps_.clear(); }

 private:
  std::vector<std::function<void()>> steps_;
};

}  // namespace lodge
