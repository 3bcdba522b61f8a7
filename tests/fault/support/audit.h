#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "tests/fault/support/foreign.h"
#include "tests/fault/support/manager.h"

namespace lodge::test {

// What callers were told of a guest, and may rely on. While a call is under way, either outcome is allowed for.
struct Promise {
  enum class Run { off, on, open };

  std::string name;
  // Its definition has one of these titles; an empty one stands for no definition at all.
  std::set<std::string> titles = {""};
  Run run = Run::off;
  pid_t pid = 0;                               // of one that is on; 0 if nobody has looked yet
  std::uint64_t started = 0;                   // and when its process began
  std::map<std::string, std::string> links{};  // names and numbers of what it is to keep
  bool letting_go =
      false;  // of a card, since nobody heard the end of a detach: it may do so at any time, so none is promised

  bool defined() const { return !titles.contains(""); }
  // As it is now.
  void learn(const GuestFacts& facts);
};

// Compares what the host has with what guests need and callers were told.
class Audit {
 public:
  // What is there now, and what is foreign, stays out of it.
  Audit(Manager& manager, Foreign& foreign);

  // After Manager::settle(). What is found wrong has been so for some seconds. What is leaked is found once, by the first look
  // that sees it. The promises are what is, afterwards.
  // Looks are repeated for so long, or until they find `enough`.
  using Enough = std::function<bool(const Figures&)>;
  Figures look(std::span<Promise> promises, const Enough& enough = &Figures::clean);

 private:
  using Guests = std::vector<GuestFacts>;
  void look_at_links(const Guests& guests, Figures& figures) const;
  void look_at_processes(const Guests& guests, Figures& figures) const;
  void look_at_sockets(const Guests& guests, Figures& figures) const;
  void look_at_folders(const Guests& guests, Figures& figures) const;
  void look_at_groups(const Guests& guests, Figures& figures) const;
  void look_at_tables(const Guests& guests, Figures& figures) const;
  void look_at_users_sockets(const Guests& guests, Figures& figures) const;
  void look_at_cards(const Guests& guests, Figures& figures) const;
  Figures look_once(const Guests& guests, std::span<const Promise> promises) const;
  Figures without_known(Figures figures);

  Manager& manager_;
  Foreign& foreign_;
  std::set<std::string> links_;
  std::set<std::string> tables_;
  std::set<std::string> known_;     // leaks that an earlier look has found
  std::set<std::string> standing_;  // leaks that the last one has seen
};

}  // namespace lodge::test
