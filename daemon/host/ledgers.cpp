#include "daemon/host/ledgers.h"

#include <fmt/ranges.h>

namespace lodge::host {

Result<std::set<std::string>> note_ledger(const fs::path& file, const std::string& own) {
  std::set<std::string> all;
  auto text = read_file(file, 1u << 20);
  if (!text && text.error().sys() != ENOENT) return Failure(std::move(text).error());
  std::string_view rest = text ? std::string_view(*text) : std::string_view();
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    if (end > 0) all.emplace(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (all.insert(own).second) {
    TRY(make_folder(file.parent_path()));
    TRY(write_file(file, fmt::format("{}\n", fmt::join(all, "\n"))));
  }
  all.erase(own);
  return all;
}

}  // namespace lodge::host
