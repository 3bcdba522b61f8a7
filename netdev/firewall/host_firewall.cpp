#include "netdev/firewall/host_firewall.h"

#include <fmt/format.h>
#include <nftables/libnftables.h>

#include <algorithm>
#include <memory>
#include <new>

#include "netdev/firewall/script.h"

namespace lodge::netdev {
namespace {

struct Free {
  void operator()(nft_ctx* context) const { nft_ctx_free(context); }
};

// "internal:0:0-0: Error: Could not process rule: File exists\n…": what follows the first "Error: ", to the line's end.
std::string first_complaint(std::string_view text) {
  constexpr std::string_view kError = "Error: ";
  if (const auto at = text.find(kError); at != std::string_view::npos) text.remove_prefix(at + kError.size());
  return std::string(text.substr(0, text.find('\n')));
}

Code code_of(std::string_view complaint) {
  if (complaint.ends_with("File exists")) return Code::already_exists;
  if (complaint.ends_with("No such file or directory")) return Code::not_found;
  if (complaint.ends_with("Operation not permitted")) return Code::permission_denied;
  if (complaint.ends_with("Operation not supported")) return Code::unsupported;
  return Code::internal;
}

// What stands behind `comment` in the first lines of a listed table.
std::string comment_in(std::string_view listing) {
  constexpr std::string_view kComment = "\tcomment \"";
  const auto begin = listing.find(kComment);
  if (begin == std::string_view::npos) return {};
  listing.remove_prefix(begin + kComment.size());
  return std::string(listing.substr(0, listing.find('"')));
}

}  // namespace

Result<std::string> HostFirewall::run(const std::string& script) {
  const std::lock_guard lock(mutex_);
  const std::unique_ptr<nft_ctx, Free> context(nft_ctx_new(NFT_CTX_DEFAULT));
  if (!context) throw std::bad_alloc();
  nft_ctx_output_set_flags(context.get(), NFT_CTX_OUTPUT_NUMERIC_ALL);
  if (nft_ctx_buffer_output(context.get()) != 0 || nft_ctx_buffer_error(context.get()) != 0) throw std::bad_alloc();
  if (nft_run_cmd_from_buffer(context.get(), script.c_str()) == 0)
    return std::string(nft_ctx_get_output_buffer(context.get()));
  const std::string complaint = first_complaint(nft_ctx_get_error_buffer(context.get()));
  return fail(code_of(complaint), "nftables: {}", complaint);
}

Result<std::vector<std::string>> HostFirewall::tables() {
  TRY_ASSIGN(const std::string listing, run("list tables netdev"));
  std::vector<std::string> names;
  for (std::string_view rest = listing; !rest.empty();) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    constexpr std::string_view kTable = "table netdev ";
    if (line.starts_with(kTable)) names.emplace_back(line.substr(kTable.size()));
  }
  return names;
}

Result<std::optional<std::string>> HostFirewall::find_table(std::string_view name) {
  auto listing = run(fmt::format("list table netdev {}", name));
  if (listing) return comment_in(*listing);
  if (listing.error().code() == Code::not_found) return std::nullopt;
  return Failure(std::move(listing).error());
}

Result<void> HostFirewall::create_table(const NewTable& table) {
  TRY_ASSIGN(const std::string script, script_of(table));
  auto made = run(script);
  if (!made) return wrap(std::move(made).error(), "filter what {} sends", table.device);
  return {};
}

Result<void> HostFirewall::delete_table(std::string_view name) {
  auto deleted = run(fmt::format("delete table netdev {}", name));
  if (deleted || deleted.error().code() == Code::not_found) return {};
  return wrap(std::move(deleted).error(), "remove the table {}", name);
}

}  // namespace lodge::netdev
