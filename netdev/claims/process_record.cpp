#include "netdev/claims/process_record.h"

#include <fcntl.h>
#include <unistd.h>

#include <optional>
#include <sstream>

#include "netdev/claims/proc.h"

namespace lodge::netdev {
namespace {

constexpr const char* kName = "process";
constexpr std::size_t kLongest = 4096;

// Nothing if it was never spawned, or has ended.
std::optional<MarkedProcess> read_record(const fs::path& file) {
  const auto text = read_file(file, kLongest);
  if (!text) return std::nullopt;
  std::istringstream lines(*text);
  MarkedProcess process;
  std::string stat;
  if (!std::getline(lines, process.claim_id) || !std::getline(lines, process.ledger) ||
      !std::getline(lines, process.domain_uuid) || !std::getline(lines, stat))
    return std::nullopt;
  const auto then = read_stat(stat);
  if (!then) return std::nullopt;
  const auto now = stat_of(then->pid);
  if (!now || now->ended || now->start_time != then->start_time) return std::nullopt;
  process.identity = {.pid = now->pid, .start_time = now->start_time};
  return process;
}

}  // namespace

Result<Fd> make_process_record(const fs::path& folder, std::string_view claim_id, std::string_view ledger,
                               std::string_view domain_uuid) {
  const fs::path file = folder / kName;
  TRY_ASSIGN(Fd record, open_file(file, O_WRONLY | O_CREAT | O_EXCL | O_APPEND));
  const std::string text = fmt::format("{}\n{}\n{}\n", claim_id, ledger, domain_uuid);
  if (::write(record.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return fail_errno(errno, "write {}", file.string());
  return record;
}

std::vector<MarkedProcess> recorded_processes(const fs::path& runs) {
  std::vector<MarkedProcess> processes;
  std::error_code error;
  // A folder that is not there has none; one that goes meanwhile has none any more.
  for (fs::directory_iterator entry(runs, error); !error && entry != fs::directory_iterator(); entry.increment(error))
    if (auto process = read_record(entry->path() / kName)) processes.push_back(std::move(*process));
  return processes;
}

}  // namespace lodge::netdev
