#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace lodge::host {

// Named places between two steps at which a test can make the daemon fail or die, to show that every step can be taken
// back. Passed to whoever has such places; the production one does nothing unless LODGE_FAILPOINT was set at start.
class Failpoints {
 public:
  // Called with the name of the place that was reached; an error makes the operation fail there.
  using Hook = std::function<Result<void>(std::string_view)>;

  Failpoints() = default;
  explicit Failpoints(Hook hook) : hook_(std::move(hook)) {}

  // From "NAME:ACTION[,NAME:ACTION…]", as LODGE_FAILPOINT holds it. ACTION is `fail`, or `crash`: the process ends at once
  // as if killed. A name that ends in `*` stands for every place that begins so. Empty: none. invalid_argument if unreadable.
  static Result<Failpoints> parse(std::string_view text);

  // Any thread. "start.ports-made", …: verb, dot, what has just been done.
  Result<void> reached(std::string_view name) const { return hook_ ? hook_(name) : Result<void>{}; }

 private:
  Hook hook_;
};

}  // namespace lodge::host
