#pragma once

#include <span>
#include <string>
#include <string_view>

// Small questions about text that several files of the codec ask.
namespace lodge::conf::xml {

inline bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_blank(std::string_view text);
std::string_view trim(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b);

// "a, b, c"; past `limit` words, "a, b, …".
std::string join(std::span<const std::string> words, std::size_t limit = 16);

// The candidate a typing mistake or two away from `word`; empty if none is near.
std::string_view nearest(std::string_view word, std::span<const std::string> candidates);

}  // namespace lodge::conf::xml
