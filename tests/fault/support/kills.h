#pragma once

#include "tests/fault/support/load.h"

namespace lodge::test {

struct KillSettings {
  int kills = 40;
  unsigned seed = 0;
  std::string parent;
  fs::path runs;                           // where the manager keeps its folders of runs
  fs::path serials;                        // what guests say goes here
  std::string bridge = {};                 // as in LoadSettings
  std::chrono::milliseconds longest{600};  // a life under load
};

struct Killed {
  Figures figures;
  Work work;
  double seconds = 0;
};

// Lets clients work on a manager of guests, kills it with -9 at some moment, starts it again, looks, and so on. What it finds is
// printed at once, too. The manager does not live yet, nor does it afterwards.
Killed kill_at_random(Manager& manager, const KillSettings& settings);

}  // namespace lodge::test
