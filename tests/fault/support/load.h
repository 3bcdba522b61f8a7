#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "tests/fault/support/audit.h"

namespace lodge::test {

// How many calls of clients
struct Work {
  int done = 0;     // were done,
  int started = 0;  // of them starts of guests,
  int cut_off = 0;  // or were under way when the manager died
};

struct LoadSettings {
  std::string parent;  // for the guests' macvtaps
  fs::path serials;    // a folder for what guests say
  std::string bridge;  // guests have more_devices() in it; empty: they have not
  fs::path sockets;    // for theirs
  int clients = 4;
  int guests_each = 2;
  unsigned seed = 0;
};

// Clients at work, each with guests of its own: they define, start, suspend, plug, unplug, shut down, destroy and undefine them,
// as chance will have it, and note what they were told.
class Load {
 public:
  Load(Manager& manager, LoadSettings settings);
  ~Load();

  std::span<Promise> promises() { return promises_; }
  // Clients begin, and go on until stop().
  void go();
  // Each finishes the call it is at. Gives the calls that were refused without a reason.
  Figures stop();
  // Of all clients so far.
  Work work() const;

 private:
  class Client;

  std::vector<Promise> promises_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<std::thread> threads_;
  std::atomic<bool> over_ = false;
};

}  // namespace lodge::test
