#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_map>

#include "base/guarded.h"

namespace lodge::rpc {

// How often each of many may do something: so many times at once, and so many times a second after that. Any thread.
class Rations {
 public:
  using Clock = std::chrono::steady_clock;

  Rations(double at_once, double a_second) : at_once_(at_once), a_second_(a_second) {}

  // Whether this one may once more, now.
  bool take(const std::string& key, Clock::time_point now = Clock::now());
  // Puts one back that was taken.
  void give(const std::string& key, Clock::time_point now = Clock::now());

 private:
  struct Ration {
    double left;
    Clock::time_point when;
  };
  using ByKey = std::unordered_map<std::string, Ration>;

  double left_at(const Ration& ration, Clock::time_point now) const;

  const double at_once_;
  const double a_second_;
  Guarded<ByKey> rations_;
};

}  // namespace lodge::rpc
