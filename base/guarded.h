#pragma once

#include <mutex>
#include <utility>

namespace lodge {

// A value that can be reached only through its lock. For the few thread seams; the rest lives on the control thread.
//     Guarded<std::map<Id, Watcher>> watchers_;
//     watchers_.lock()->erase(id);
template <class T>
class Guarded {
 public:
  class Handle {
   public:
    T* operator->() { return value_; }
    T& operator*() { return *value_; }

   private:
    friend class Guarded;
    Handle(std::mutex& mutex, T& value) : lock_(mutex), value_(&value) {}
    std::unique_lock<std::mutex> lock_;
    T* value_;
  };

  template <class... Args>
  explicit Guarded(Args&&... args) : value_(std::forward<Args>(args)...) {}

  Handle lock() { return Handle(mutex_, value_); }

 private:
  std::mutex mutex_;
  T value_;
};

}  // namespace lodge
