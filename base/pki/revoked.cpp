#include "base/pki/revoked.h"

#include <algorithm>

#include "base/pki/bytes.h"

namespace lodge::pki {
namespace {

constexpr std::string_view kFingerprint = "sha256:";
constexpr std::string_view kSerial = "serial:";
constexpr std::size_t kFingerprintBytes = 32;
constexpr std::size_t kLongestSerial = 20;  // @source RFC 5280, 4.1.2.2
constexpr std::size_t kLargestFile = 4u << 20;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const auto first = text.find_first_not_of(kBlank);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// The entry as it is kept: lower case, no colons, no leading zeros in a serial number.
Result<std::string> canonical(std::string_view entry) {
  const bool fingerprint = entry.starts_with(kFingerprint);
  if (!fingerprint && !entry.starts_with(kSerial))
    return fail(Code::invalid_argument, "'{}' begins neither with {} nor with {}", entry, kFingerprint, kSerial);
  const std::string_view prefix = fingerprint ? kFingerprint : kSerial;
  auto bytes = from_hex(entry.substr(prefix.size()));
  if (!bytes || bytes->empty())
    return fail(Code::invalid_argument, "what follows {} must be an even number of hexadecimal digits", prefix);
  if (fingerprint && bytes->size() != kFingerprintBytes)
    return fail(Code::invalid_argument, "a fingerprint has {} digits, not {}", kFingerprintBytes * 2,
                bytes->size() * 2);
  if (!fingerprint) bytes->erase(0, std::min(bytes->find_first_not_of('\0'), bytes->size() - 1));
  if (!fingerprint && bytes->size() > kLongestSerial)
    return fail(Code::invalid_argument, "a serial number has at most {} digits", kLongestSerial * 2);
  return std::string(prefix) + hex(*bytes);
}

Result<void> append(const fs::path& file, const std::string& entry, std::string_view remark) {
  auto text = read_file(file, kLargestFile);
  if (!text && text.error().sys() != ENOENT) return Failure(std::move(text).error());
  std::string content = text.value_or("# Certificates that lodged lets in no more; see lodge(1), pki revoke.\n");
  if (!content.empty() && content.back() != '\n') content += '\n';
  std::string one_line(remark);
  std::ranges::replace_if(one_line, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  content += entry + (one_line.empty() ? "" : "  # " + one_line) + "\n";
  return write_file(file, content, 0644);
}

}  // namespace

RevocationList::Read RevocationList::parse(std::string_view text) {
  Read read;
  for (int number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto hash = std::min(line.find('#'), line.size());
    const std::string_view entry = trimmed(line.substr(0, hash));
    if (entry.empty()) continue;
    if (auto key = canonical(entry))
      read.list.entries_.emplace(std::move(*key), trimmed(line.substr(std::min(hash + 1, line.size()))));
    else if (!read.damaged)
      read.damaged = fmt::format("{}: {}", number, key.error().message());
  }
  return read;
}

std::optional<std::string> RevocationList::reason(const Certificate& certificate) const {
  if (entries_.empty()) return {};
  auto found = entries_.find(std::string(kFingerprint) + certificate.fingerprint());
  if (found == entries_.end()) found = entries_.find(std::string(kSerial) + certificate.serial());
  return found == entries_.end() ? std::nullopt : std::optional(found->second);
}

void RevocationList::add(const RevocationList& other) { entries_.insert(other.entries_.begin(), other.entries_.end()); }

Result<RevocationList> load_revoked(const fs::path& file) {
  auto text = read_file(file, kLargestFile);
  if (!text && text.error().sys() == ENOENT) return RevocationList();
  if (!text) return Failure(std::move(text).error());
  RevocationList::Read read = RevocationList::parse(*text);
  if (read.damaged) return fail(Code::invalid_argument, "{}:{}", file.string(), *read.damaged);
  return std::move(read.list);
}

Result<void> revoke(const fs::path& file, const Certificate& certificate, std::string_view remark) {
  TRY_ASSIGN(const RevocationList known, load_revoked(file));
  if (known.reason(certificate))
    return fail(Code::already_exists, "{}: {} is in it already", file.string(), certificate.identity());
  return append(file, std::string(kFingerprint) + certificate.fingerprint(), remark);
}

Result<void> revoke(const fs::path& file, std::string_view entry, std::string_view remark) {
  TRY(load_revoked(file));
  TRY_ASSIGN(const std::string key, canonical(entry));
  return append(file, key, remark);
}

}  // namespace lodge::pki
