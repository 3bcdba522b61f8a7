#include "daemon/host/failpoints.h"

#include <fmt/ranges.h>
#include <unistd.h>

#include <vector>

namespace lodge::host {
namespace {

enum class Action { fail, crash };

struct Point {
  std::string name;  // a trailing '*' stands for anything
  Action action;

  bool matches(std::string_view reached) const {
    if (!name.ends_with('*')) return reached == name;
    return reached.starts_with(std::string_view(name).substr(0, name.size() - 1));
  }
};

Result<void> check_listed(const Point& point) {
  const auto matches = [&](std::string_view name) { return point.matches(name); };
  if (std::ranges::any_of(kFailpoints, matches)) return {};
  return fail(Code::invalid_argument, "no failpoint is called '{}'; there are {}", point.name,
              fmt::join(kFailpoints, ", "));
}

Result<Point> parse_point(std::string_view text) {
  const auto colon = text.find(':');
  const std::string_view action = colon == text.npos ? "" : text.substr(colon + 1);
  if (colon == 0 || (action != "fail" && action != "crash")) {
    return fail(Code::invalid_argument, "failpoint '{}' does not read NAME:fail or NAME:crash", text);
  }
  return Point{std::string(text.substr(0, colon)), action == "fail" ? Action::fail : Action::crash};
}

}  // namespace

Failpoint Failpoint::driver_step(int number) {
  constexpr std::array kSteps = {Failpoint("start.driver-step-1"), Failpoint("start.driver-step-2"),
                                 Failpoint("start.driver-step-3")};
  return kSteps[std::min<std::size_t>(static_cast<std::size_t>(number), kSteps.size()) - 1];
}

Result<Failpoints> Failpoints::parse(std::string_view text) {
  std::vector<Point> points;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    TRY_ASSIGN(Point point, parse_point(one));
    TRY(check_listed(point));
    points.push_back(std::move(point));
  }
  if (points.empty()) return Failpoints();
  return Failpoints([points = std::move(points)](std::string_view reached) -> Result<void> {
    for (const Point& point : points) {
      if (!point.matches(reached)) continue;
      // 137 is what a shell shows for a process that was killed with -9.
      if (point.action == Action::crash) ::_exit(137);
      return fail(Code::internal, "made to fail at {}", reached);
    }
    return {};
  });
}

}  // namespace lodge::host
