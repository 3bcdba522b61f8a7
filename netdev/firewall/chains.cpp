#include "netdev/firewall/chains.h"

#include <nftables/libnftables.h>

#include <memory>
#include <nlohmann/json.hpp>

namespace lodge::netdev {
namespace {

using Json = nlohmann::json;
using Context = std::unique_ptr<nft_ctx, void (*)(nft_ctx*)>;

std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

FilterChain read_chain(const Json& chain) {
  return {.family = text_at(chain, "family"),
          .table = text_at(chain, "table"),
          .name = text_at(chain, "name"),
          .hook = text_at(chain, "hook"),
          .device = text_at(chain, "dev"),
          .end = text_at(chain, "policy") == "drop" ? FilterChain::End::drops : FilterChain::End::accepts};
}

// What counts or logs lets pass; a condition, a jump or a verdict does not.
bool lets_pass(const Json& statement) { return statement.contains("counter") || statement.contains("log"); }

// Whether every frame that comes to the rule ends there, by being dropped or rejected.
bool refuses_everything(const Json& rule) {
  const auto statements = rule.find("expr");
  if (statements == rule.end() || !statements->is_array()) return false;
  for (const Json& statement : *statements) {
    if (statement.contains("drop") || statement.contains("reject")) return true;
    if (!lets_pass(statement)) return false;
  }
  return false;
}

Result<std::string> ask_nftables(const std::string& command) {
  const Context context(::nft_ctx_new(NFT_CTX_DEFAULT), ::nft_ctx_free);
  if (!context) return fail(Code::resource_exhausted, "nftables: out of memory");
  ::nft_ctx_output_set_flags(context.get(), NFT_CTX_OUTPUT_JSON);
  ::nft_ctx_buffer_output(context.get());
  ::nft_ctx_buffer_error(context.get());
  if (::nft_run_cmd_from_buffer(context.get(), command.c_str()) != 0) {
    std::string why = ::nft_ctx_get_error_buffer(context.get());
    return fail(Code::unavailable, "nftables: {}", why.substr(0, why.find('\n')));
  }
  return std::string(::nft_ctx_get_output_buffer(context.get()));
}

// In JSON, where a name may be anything: others name their chains, and nft's own words have no quotes for them.
std::string list_chain(const FilterChain& chain) {
  const Json named = {{"family", chain.family}, {"table", chain.table}, {"name", chain.name}};
  return Json{{"nftables", Json::array({{{"list", {{"chain", named}}}}})}}.dump();
}

}  // namespace

Result<std::vector<FilterChain>> parse_filter_chains(std::string_view json) {
  const Json ruleset = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  const auto entries = ruleset.is_object() ? ruleset.find("nftables") : ruleset.end();
  if (entries == ruleset.end() || !entries->is_array())
    return fail(Code::data_loss, "what nftables says of its rules cannot be read");
  std::vector<FilterChain> chains;
  for (const Json& entry : *entries) {
    if (const auto chain = entry.find("chain"); chain != entry.end() && chain->contains("hook"))
      chains.push_back(read_chain(*chain));
    const auto rule = entry.find("rule");
    if (rule == entry.end() || !refuses_everything(*rule)) continue;
    for (FilterChain& chain : chains)
      if (chain.family == text_at(*rule, "family") && chain.table == text_at(*rule, "table") &&
          chain.name == text_at(*rule, "chain"))
        chain.end = FilterChain::End::refuses;
  }
  return chains;
}

Result<std::vector<FilterChain>> read_filter_chains() {
  // First without rules, of which there may be many; then those of the base chains.
  TRY_ASSIGN(const std::string overview, ask_nftables("list chains"));
  TRY_ASSIGN(std::vector<FilterChain> chains, parse_filter_chains(overview));
  for (FilterChain& chain : chains) {
    const auto whole = ask_nftables(list_chain(chain));
    if (!whole) continue;  // it has gone meanwhile
    TRY_ASSIGN(const std::vector<FilterChain> read, parse_filter_chains(*whole));
    if (!read.empty()) chain.end = read.front().end;
  }
  return chains;
}

}  // namespace lodge::netdev
