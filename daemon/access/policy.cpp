#include "daemon/access/policy.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/access/policy_reader.h"

namespace lodge::access {
namespace {

constexpr std::size_t kLargestFile = 1u << 20;
constexpr std::size_t kLongestProject = 64;

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

}  // namespace

bool is_project_name(std::string_view name) {
  if (name.empty() || name.size() > kLongestProject || !is_letter_or_digit(name.front())) return false;
  return std::ranges::all_of(
      name, [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.' || c == '@'; });
}

std::string user_project(std::string_view name, std::uint32_t uid) {
  std::string project = fmt::format("{}{}", kUserPrefix, name);
  const bool named = !name.empty() && name.front() != '@' && is_project_name(project);
  return named ? project : fmt::format("{}@{}", kUserPrefix, uid);
}

Result<Policy> parse_policy(std::string_view text, const std::string& file) {
  TRY_ASSIGN(Policy policy, read_policy(text, file));
  policy.file = file;
  policy.text = text;
  return policy;
}

Result<Policy> load_policy(const fs::path& file) {
  auto text = read_file(file, kLargestFile);
  if (!text && text.error().sys() == ENOENT) {
    Policy policy;
    policy.file = file.string();
    return policy;
  }
  if (!text) return wrap(std::move(text).error(), "policy");
  return parse_policy(*text, file.string());
}

std::string describe_findings(const Error& error, const std::string& file) {
  std::string lines;
  for (const Finding& finding : error.findings())
    lines += fmt::format("{}{}:{}: {}", lines.empty() ? "" : "\n", file, finding.line, finding.message);
  return lines.empty() ? error.message() : lines;
}

}  // namespace lodge::access
