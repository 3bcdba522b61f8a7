#include "tests/fault/support/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

namespace lodge::test {

void Figures::find(Count count, std::string finding) {
  ++(*this)[count];
  findings.push_back({.count = count, .what = std::move(finding)});
}

bool Figures::clean() const {
  return std::all_of(counts.begin() + 1, counts.end(), [](int count) { return count == 0; });
}

Figures& Figures::operator+=(const Figures& other) {
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
  findings.insert(findings.end(), other.findings.begin(), other.findings.end());
  return *this;
}

std::string Figures::text() const {
  std::string text;
  for (const Finding& one : findings)
    fmt::format_to(std::back_inserter(text), "{}{}: {}", text.empty() ? "" : "\n",
                   kCountNames[static_cast<std::size_t>(one.count)], one.what);
  return text;
}

void print_row(std::string_view what, const Figures& figures) {
  nlohmann::ordered_json row{{"what", what}};
  for (std::size_t i = 0; i < kCountNames.size(); ++i) row[std::string(kCountNames[i])] = figures.counts[i];
  fmt::print("FIGURES: {}\n", row.dump());
  std::fflush(stdout);
}

}  // namespace lodge::test
