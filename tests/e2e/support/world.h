#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "tests/e2e/support/process.h"

namespace lodge::test {

// One daemon with everything it keeps below a folder of its own. Only in a sandbox.
//
//     World world;
//     world.start();
//     CHECK(world.lodge({"list", "--all"}).out == "…");
//     world.kill();
//     world.start();
class World {
 public:
  // The folder is made below `parent`: by default the sandbox's tmpfs, which goes with the sandbox.
  explicit World(const fs::path& parent = "/run");
  // Kills the daemon and removes the folder. What the daemon had started ends with the sandbox.
  ~World();

  const fs::path& root() const { return root_; }
  fs::path socket() const { return root_ / "lodge.sock"; }
  std::string uri() const { return "lodge+unix://" + socket().string(); }
  // Makes the file and its folders; returns its path.
  fs::path write(const fs::path& relative, std::string_view content) const;

  struct Start {
    std::vector<std::string> arguments = {};    // besides --root
    std::vector<std::string> wrapper = {};      // a command that execs what follows it
    int in = -1;                                // standard input, for the wrapper
    std::vector<std::string> environment = {};  // e.g. LODGE_FAILPOINT=start.planned:crash
    std::string netns = {};
    Deadline deadline = Deadline::after(kPatience);
  };
  // Starts lodged and returns when it has told READY=1. Throws, with its log, if it ends instead.
  void start() { start(Start{}); }
  void start(Start options);
  // For a start that must fail: its exit status. Throws if it succeeds.
  int start_in_vain() { return start_in_vain(Start{}); }
  int start_in_vain(Start options);
  // SIGTERM; the exit status.
  int stop();
  // SIGKILL.
  void kill();
  const Process& daemon() const;
  // Waits for it to end by itself: a crash at a failpoint.
  int wait_for_end(Deadline deadline = Deadline::after(kPatience));

  // What all daemons of this world have logged.
  std::string log() const;
  // Waits for a line with this text; returns it. Throws, with the log, if there is none by the deadline.
  std::string wait_for_log(std::string_view text, Deadline deadline = Deadline::after(kPatience)) const;

  // Runs `lodge --connect URI ARGUMENTS…`.
  Finished lodge(std::vector<std::string> arguments, RunOptions options = {}) const;
  // The same, and it must succeed; what it printed.
  std::string must_lodge(std::vector<std::string> arguments, RunOptions options = {}) const;

 private:
  // Its exit status, if it ended before it was ready.
  std::optional<int> launch(Start options);

  fs::path root_;
  std::optional<Process> daemon_;
};

// Waits until `file` contains `text`, and returns the line with it; none by the deadline. The file need not exist yet.
std::optional<std::string> wait_for_text(const fs::path& file, std::string_view text, Deadline deadline);

// --- links, by the `ip` command, in the sandbox's network namespace ---

// ip("link add br0 type bridge"): the arguments are split at blanks. Throws if it fails; returns what it printed.
std::string ip(std::string_view arguments);

// A veth pair, both ends up: `name` here, its peer `name`-peer here or, if `netns` is given, there.
void add_uplink(const std::string& name, const std::string& netns = {});

// A bridge that is up, with an address that its ports do not change.
void add_bridge(const std::string& name);

// A network namespace with `lo` up.
void add_netns(const std::string& name);

}  // namespace lodge::test
