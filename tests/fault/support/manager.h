#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "tests/fault/support/figures.h"

namespace lodge::test {

// What a card of a guest that runs is to be on the host.
struct CardFacts {
  bool up = true;
  bool limited = false;   // in what its link sends
  bool isolated = false;  // from other such ports of its bridge
  bool filtered = false;
};

// How a guest is, as its manager says.
struct GuestFacts {
  std::string name;
  std::string title;                         // of its definition
  bool running = false;                      // or paused
  pid_t pid = 0;                             // of a running one
  std::vector<std::string> links;            // of a running one, on the host
  std::map<std::string, CardFacts> cards{};  // by link; empty if the manager is not held to them
};

// Something on disk for a run of a guest; of each kind a run has one.
struct RunFile {
  std::string guest;
  std::string kind;
  fs::path path;
};

enum class Answer {
  done,
  refused,
  none,  // the manager died, or took too long: it may have been done or not
};

struct Said {
  Answer answer = Answer::none;
  std::string why = {};  // of a refusal

  bool done() const { return answer == Answer::done; }
};

enum class Verb { start, start_paused, suspend, resume, reset, reboot, shutdown, destroy, undefine, autostart };

// What manages guests, as a harness sees it: lodged, and libvirtd beside it. Calls on guests may come from any thread.
class Manager {
 public:
  virtual ~Manager() = default;

  virtual std::string_view name() const = 0;
  // Returns when it answers.
  virtual void start() = 0;
  // kill -9.
  virtual void kill() = 0;
  // Returns when what a start has to see to is done, and no operation is under way.
  virtual void settle() = 0;

  virtual Said define(const std::string& document) = 0;
  virtual Said act(Verb verb, const std::string& guest) = 0;
  // A macvtap on `parent` for a guest that runs.
  virtual Said attach(const std::string& guest, const std::string& parent, const std::string& mac) = 0;
  virtual Said detach(const std::string& guest, const std::string& mac) = 0;
  // The cable of a card: pulled or plugged.
  virtual Said set_link(const std::string& guest, const std::string& mac, bool up) = 0;

  // Of all guests that it knows.
  virtual std::vector<GuestFacts> guests() = 0;
  // None if it does not answer.
  virtual std::optional<GuestFacts> find(const std::string& guest) = 0;
  virtual std::vector<RunFile> run_files() = 0;
  // Counts what its ledger should not hold, if it has one.
  virtual void audit_ledger(Figures& figures) = 0;
  // The names it takes next for links that are to be made: for macvtaps and for taps.
  virtual std::vector<std::string> next_names() = 0;
};

}  // namespace lodge::test
