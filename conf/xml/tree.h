#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "conf/xml/codec.h"

namespace lodge::conf::xml {

struct Attribute {
  std::string_view name;  // without its prefix
  std::string_view prefix;
  std::string_view uri;  // of its namespace; empty if none
  std::string_view value;
};

struct NamespaceDeclaration {
  std::string_view prefix;  // empty for the default namespace
  std::string_view uri;
};

enum class NodeKind : std::uint8_t { element, text, comment, instruction };

// One node of a document. It lives in its Tree's arena, and its strings with it.
struct TreeNode {
  NodeKind kind = NodeKind::element;
  bool blank = false;       // text of nothing but white space
  std::uint32_t line = 0;   // 1-based, where the start tag begins
  std::uint32_t begin = 0;  // byte offset of the start tag in the source
  std::string_view name;    // elements: without prefix; instructions: the target
  std::string_view prefix;
  std::string_view uri;
  std::string_view text;  // of texts, comments and instructions
  std::span<const Attribute> attributes;
  std::span<const NamespaceDeclaration> declarations;
  const TreeNode* parent = nullptr;
  const TreeNode* first = nullptr;
  const TreeNode* next = nullptr;
};

// A document as it was written, with the line of everything. libxml2 parses; nothing of it outlives parse().
class Tree {
 public:
  // Error: invalid_argument with one finding: not UTF-8, not well-formed, a DTD, too big, too deep.
  static Result<std::shared_ptr<const Tree>> parse(std::string_view xml, const ParseOptions& limits);

  const TreeNode& root() const { return *root_; }

  // 1-based line of an attribute's name.
  int line_of(const TreeNode& element, std::string_view attribute) const;
  // /domain/devices/interface[2]; the number is there where siblings share the name.
  static std::string path_of(const TreeNode& element);
  // The element's own text. Rarely (a comment splits it) it must be put together, in `scratch`.
  static std::string_view text_of(const TreeNode& element, std::string& scratch);

 private:
  friend class TreeBuilder;
  explicit Tree(std::string_view xml) : source_(xml), arena_(4 * xml.size() + 4096) {}

  std::string source_;
  std::pmr::monotonic_buffer_resource arena_;
  const TreeNode* root_ = nullptr;
};

// An element's name as documents show it.
std::string qualified_name(const TreeNode& element);

}  // namespace lodge::conf::xml
