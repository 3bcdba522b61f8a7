#include "conf/xml/tree.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <optional>
#include <vector>

#include "conf/xml/prescan.h"
#include "conf/xml/text.h"

namespace lodge::conf::xml {
namespace {

// No network, no DTD, no entities but XML's five, no XInclude, no relaxed limits (XML_PARSE_HUGE is never given).
constexpr int kParserOptions = XML_PARSE_NONET | XML_PARSE_BIG_LINES | XML_PARSE_NOCDATA | XML_PARSE_COMPACT |
                               XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_IGNORE_ENC;

std::string_view view(const xmlChar* text) {
  return text ? std::string_view(reinterpret_cast<const char*>(text)) : std::string_view();
}

// What libxml2 says, in one line.
std::string parser_message(const xmlError& error) {
  std::string text(trim(error.message ? error.message : "not well-formed"));
  std::ranges::replace(text, '\n', ' ');
  return "not well-formed XML: " + text;
}

Failure refuse(const ParseOptions& limits, Finding finding) {
  const std::string where = limits.name.empty() ? fmt::format("line {}", finding.line)
                                                : fmt::format("{}:{}", limits.name, finding.line);
  std::vector<Finding> findings{finding};
  return Failure(
      Error(Code::invalid_argument, fmt::format("{}: {}", where, finding.message)).with_findings(std::move(findings)));
}

}  // namespace

// Receives libxml2's events and builds the tree. All offsets are into the source: it is UTF-8, so nothing is converted.
class TreeBuilder {
 public:
  TreeBuilder(Tree& tree, const ParseOptions& limits) : tree_(tree), limits_(limits), allocator_(&tree.arena_) {}

  // The first thing that was wrong, if anything was.
  std::optional<Finding> run() {
    static std::once_flag once;
    std::call_once(once, xmlInitParser);
    const std::unique_ptr<xmlParserCtxt, decltype(&xmlFreeParserCtxt)> context(
        xmlCreateMemoryParserCtxt(tree_.source_.data(), static_cast<int>(tree_.source_.size())), &xmlFreeParserCtxt);
    if (!context) return Finding{.line = 1, .path = "", .message = "the document is empty"};
    context_ = context.get();
    install_handlers();
    xmlParseDocument(context_);
    if (!finding_ && (!context_->wellFormed || !tree_.root_)) {
      finding_ = Finding{.line = 1, .path = "", .message = "not well-formed XML"};
    }
    return std::move(finding_);
  }

 private:
  static TreeBuilder& self(void* data) { return *static_cast<TreeBuilder*>(data); }

  void install_handlers() {
    xmlSAXHandler& sax = *context_->sax;
    std::memset(&sax, 0, sizeof sax);
    sax.initialized = XML_SAX2_MAGIC;
    sax.startElementNs = [](void* data, const xmlChar* name, const xmlChar* prefix, const xmlChar* uri, int namespaces,
                            const xmlChar** declared, int attributes, int, const xmlChar** values) {
      self(data).start(name, prefix, uri, {declared, 2 * static_cast<std::size_t>(namespaces)},
                       {values, 5 * static_cast<std::size_t>(attributes)});
    };
    sax.endElementNs = [](void* data, const xmlChar*, const xmlChar*, const xmlChar*) { self(data).end(); };
    sax.characters = sax.ignorableWhitespace = sax.cdataBlock = [](void* data, const xmlChar* text, int length) {
      self(data).pending_text_.append(reinterpret_cast<const char*>(text), static_cast<std::size_t>(length));
    };
    sax.comment = [](void* data, const xmlChar* text) { self(data).leaf(NodeKind::comment, {}, view(text)); };
    sax.processingInstruction = [](void* data, const xmlChar* target, const xmlChar* text) {
      self(data).leaf(NodeKind::instruction, view(target), view(text));
    };
    sax.internalSubset = [](void* data, const xmlChar*, const xmlChar*, const xmlChar*) {
      self(data).stop("a DTD (<!DOCTYPE …>) is not accepted");
    };
    sax.serror = [](void* data, xmlErrorPtr error) {
      TreeBuilder& builder = self(data);
      if (error->level < XML_ERR_ERROR || builder.finding_) return;
      builder.finding_ = Finding{.line = error->line, .path = "", .message = parser_message(*error)};
    };
    xmlCtxtUseOptions(context_, kParserOptions);
    sax.cdataBlock = sax.characters;  // XML_PARSE_NOCDATA takes it away
    context_->userData = this;
  }

  void stop(std::string message) {
    if (!finding_) finding_ = Finding{.line = current_line(), .path = "", .message = std::move(message)};
    xmlStopParser(context_);
  }

  int current_line() const { return context_->input ? context_->input->line : 1; }

  std::string_view keep(std::string_view text) {
    if (text.empty()) return {};
    char* copy = static_cast<char*>(allocator_.allocate_bytes(text.size(), 1));
    std::memcpy(copy, text.data(), text.size());
    return {copy, text.size()};
  }

  // As long as entities are not replaced (and they never are), libxml2 hands out every & in an attribute's value as &#38;.
  std::string_view keep_value(std::string_view value) {
    if (value.find('&') == value.npos) return keep(value);
    std::string decoded;
    for (std::size_t i = 0; i < value.size(); ++i) {
      decoded += value[i];
      if (value.substr(i).starts_with("&#38;")) i += 4;
    }
    return keep(decoded);
  }

  // Names and namespaces repeat all the time, and libxml2 keeps one copy of each as long as it parses.
  std::string_view keep_name(const xmlChar* name) {
    if (!name) return {};  // most have no prefix
    Name& slot = names_[reinterpret_cast<std::uintptr_t>(name) / 8 % names_.size()];
    if (slot.given != name) slot = {name, keep(view(name))};
    return slot.kept;
  }

  TreeNode* add(NodeKind kind) {
    if (++nodes_ > limits_.max_nodes) {
      stop(fmt::format("more than {} elements and texts", limits_.max_nodes));
      return nullptr;
    }
    auto* node = allocator_.new_object<TreeNode>();
    node->kind = kind;
    node->line = static_cast<std::uint32_t>(current_line());
    if (!open_.empty()) {
      Open& parent = open_.back();
      node->parent = parent.node;
      (parent.last ? parent.last->next : parent.node->first) = node;
      parent.last = node;
    }
    return node;
  }

  void flush_text() {
    if (pending_text_.empty()) return;
    if (TreeNode* node = open_.empty() ? nullptr : add(NodeKind::text)) {
      node->blank = is_blank(pending_text_);
      node->text = keep(pending_text_);
    }
    pending_text_.clear();
  }

  void leaf(NodeKind kind, std::string_view target, std::string_view text) {
    flush_text();
    if (open_.empty()) return;  // around the root: nobody keeps it
    if (TreeNode* node = add(kind)) {
      node->name = keep(target);
      node->text = keep(text);
    }
  }

  // libxml2 stands at the end of a start tag when it reports it: the tag begins at the last '<', which no attribute's
  // value can contain.
  void locate(TreeNode& node) {
    const auto& input = *context_->input;
    const std::size_t end = input.consumed + static_cast<std::size_t>(input.cur - input.base);
    const std::string_view source = tree_.source_;
    const std::size_t begin = end == 0 || end > source.size() ? source.npos : source.rfind('<', end - 1);
    if (begin == source.npos) return;
    node.begin = static_cast<std::uint32_t>(begin);
    node.line -= static_cast<std::uint32_t>(std::ranges::count(source.substr(begin, end - begin), '\n'));
  }

  void start(const xmlChar* name, const xmlChar* prefix, const xmlChar* uri, std::span<const xmlChar*> declared,
             std::span<const xmlChar*> values) {
    flush_text();
    if (open_.size() >= static_cast<std::size_t>(limits_.max_depth)) {
      return stop(fmt::format("elements are more than {} deep", limits_.max_depth));
    }
    TreeNode* node = add(NodeKind::element);
    if (!node) return;
    locate(*node);
    node->name = keep_name(name);
    node->prefix = keep_name(prefix);
    node->uri = keep_name(uri);
    node->declarations = declarations(declared);
    node->attributes = attributes(values);
    if (open_.empty()) tree_.root_ = node;
    open_.push_back({node, nullptr});
  }

  std::span<const NamespaceDeclaration> declarations(std::span<const xmlChar*> declared) {
    if (declared.empty()) return {};
    const std::size_t count = declared.size() / 2;
    auto* out = allocator_.allocate_object<NamespaceDeclaration>(count);
    for (std::size_t i = 0; i < count; ++i) {
      new (out + i) NamespaceDeclaration{keep_name(declared[2 * i]), keep_name(declared[2 * i + 1])};
    }
    return {out, count};
  }

  std::span<const Attribute> attributes(std::span<const xmlChar*> values) {
    if (values.empty()) return {};
    const std::size_t count = values.size() / 5;
    auto* out = allocator_.allocate_object<Attribute>(count);
    for (std::size_t i = 0; i < count; ++i) {
      const auto* field = values.data() + 5 * i;  // name, prefix, uri, begin and end of the value
      new (out + i) Attribute{
          keep_name(field[0]), keep_name(field[1]), keep_name(field[2]),
          keep_value({reinterpret_cast<const char*>(field[3]), static_cast<std::size_t>(field[4] - field[3])})};
    }
    return {out, count};
  }

  void end() {
    flush_text();
    if (!open_.empty()) open_.pop_back();
  }

  struct Name {
    const xmlChar* given = nullptr;
    std::string_view kept;
  };

  struct Open {
    TreeNode* node;
    TreeNode* last;  // child
  };

  Tree& tree_;
  const ParseOptions& limits_;
  std::pmr::polymorphic_allocator<> allocator_;
  xmlParserCtxtPtr context_ = nullptr;
  std::vector<Open> open_;
  std::string pending_text_;
  std::array<Name, 64> names_{};
  std::size_t nodes_ = 0;
  std::optional<Finding> finding_;
};

Result<std::shared_ptr<const Tree>> Tree::parse(std::string_view xml, const ParseOptions& limits) {
  if (xml.size() > limits.max_bytes) {
    return refuse(limits,
                  {.line = 1,
                   .path = "",
                   .message = fmt::format("the document has {} bytes; the limit is {}", xml.size(), limits.max_bytes)});
  }
  if (auto finding = prescan(xml)) return refuse(limits, std::move(*finding));
  std::shared_ptr<Tree> tree(new Tree(xml));
  if (auto finding = TreeBuilder(*tree, limits).run()) return refuse(limits, std::move(*finding));
  return tree;
}

int Tree::line_of(const TreeNode& element, std::string_view attribute) const {
  const std::string_view source = source_;
  int line = static_cast<int>(element.line);
  for (std::size_t i = element.begin; i < source.size() && source[i] != '>'; ++i) {
    if (source[i] == '\n') ++line;
    if (source[i] == '\'' || source[i] == '"') {
      const std::size_t close = source.find(source[i], i + 1);
      if (close == source.npos) break;
      line += static_cast<int>(std::ranges::count(source.substr(i, close - i), '\n'));
      i = close;
      continue;
    }
    const bool starts_here = i > element.begin && (is_space(source[i - 1]) || source[i - 1] == ':');
    if (!starts_here || !source.substr(i).starts_with(attribute)) continue;
    const std::size_t after = i + attribute.size();
    if (after < source.size() && (source[after] == '=' || is_space(source[after]))) return line;
  }
  return static_cast<int>(element.line);
}

std::string qualified_name(const TreeNode& element) {
  return element.prefix.empty() ? std::string(element.name) : fmt::format("{}:{}", element.prefix, element.name);
}

std::string Tree::path_of(const TreeNode& element) {
  std::string path = element.parent ? path_of(*element.parent) : std::string();
  path += '/';
  path += qualified_name(element);
  if (!element.parent) return path;
  int position = 0, count = 0;
  for (const TreeNode* sibling = element.parent->first; sibling; sibling = sibling->next) {
    if (sibling->kind != NodeKind::element || sibling->name != element.name || sibling->uri != element.uri) continue;
    ++count;
    if (sibling == &element) position = count;
  }
  if (count > 1) path += fmt::format("[{}]", position);
  return path;
}

std::string_view Tree::text_of(const TreeNode& element, std::string& scratch) {
  const TreeNode* only = nullptr;
  bool joined = false;
  for (const TreeNode* child = element.first; child; child = child->next) {
    if (child->kind != NodeKind::text) continue;
    if (!only) {
      only = child;
    } else {
      if (!joined) scratch = only->text;
      scratch += child->text;
      joined = true;
    }
  }
  return joined ? std::string_view(scratch) : only ? only->text : std::string_view();
}

}  // namespace lodge::conf::xml
