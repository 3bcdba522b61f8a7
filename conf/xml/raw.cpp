#include "conf/xml/raw.h"

#include <map>
#include <set>

#include "conf/xml/printer.h"
#include "conf/xml/text.h"
#include "conf/xml/tree.h"

namespace lodge::conf::xml {
namespace {

using Namespaces = std::map<std::string_view, std::string_view>;  // prefix → uri

// The namespaces that the subtree uses but takes from outside.
void collect_foreign(const TreeNode& element, std::multiset<std::string_view>& declared, Namespaces& foreign) {
  for (const auto& declaration : element.declarations) declared.insert(declaration.prefix);
  const auto use = [&](std::string_view prefix, std::string_view uri) {
    if (!uri.empty() && prefix != "xml" && !declared.contains(prefix)) foreign.emplace(prefix, uri);
  };
  use(element.prefix, element.uri);
  for (const auto& attribute : element.attributes) {
    if (!attribute.prefix.empty()) use(attribute.prefix, attribute.uri);
  }
  for (const TreeNode* child = element.first; child; child = child->next) {
    if (child->kind == NodeKind::element) collect_foreign(*child, declared, foreign);
  }
  for (const auto& declaration : element.declarations) declared.extract(declaration.prefix);
}

bool has_element(const TreeNode& parent) {
  for (const TreeNode* child = parent.first; child; child = child->next) {
    if (child->kind != NodeKind::text) return true;
  }
  return false;
}

bool has_words(const TreeNode& parent) {
  for (const TreeNode* child = parent.first; child; child = child->next) {
    if (child->kind == NodeKind::text && !child->blank) return true;
  }
  return false;
}

void print_declaration(std::string& out, std::string_view prefix, std::string_view uri) {
  out += prefix.empty() ? " xmlns" : " xmlns:";
  out += prefix;
  out += "=\"";
  append_escaped_attribute(out, uri, '"');
  out += '"';
}

// libxml2's own style, which libvirt keeps for metadata: double quotes.
class RawPrinter {
 public:
  explicit RawPrinter(std::string& out) : out_(out) {}

  void lines(const TreeNode& parent, std::size_t depth, bool outermost) {
    for (const TreeNode* child = parent.first; child; child = child->next) {
      if (child->kind == NodeKind::text) continue;  // blank: the layout
      out_.append(2 * depth, ' ');
      node(*child, depth, outermost, false);
      out_ += '\n';
    }
  }

  // White space goes with the layout, unless there are words beside it.
  void inside(const TreeNode& parent, bool outermost) {
    const bool layout = has_element(parent) && !has_words(parent);
    for (const TreeNode* child = parent.first; child; child = child->next) {
      if (!layout || child->kind != NodeKind::text) node(*child, 0, outermost, true);
    }
  }

 private:
  void node(const TreeNode& node, std::size_t depth, bool outermost, bool in_line) {
    switch (node.kind) {
      case NodeKind::text: text(node.text); break;
      case NodeKind::comment: out_ += fmt::format("<!--{}-->", node.text); break;
      case NodeKind::instruction:
        out_ += fmt::format("<?{}{}{}?>", node.name, node.text.empty() ? "" : " ", node.text);
        break;
      case NodeKind::element: element(node, depth, outermost, in_line); break;
    }
  }

  // Quotes need no escaping here.
  void text(std::string_view text) {
    for (const char c : text) {
      switch (c) {
        case '&': out_ += "&amp;"; break;
        case '<': out_ += "&lt;"; break;
        case '>': out_ += "&gt;"; break;
        case '\r': out_ += "&#13;"; break;
        default: out_ += c;
      }
    }
  }

  void start_tag(const TreeNode& element, bool outermost) {
    out_ += '<';
    out_ += qualified_name(element);
    if (outermost) {
      std::multiset<std::string_view> declared;
      Namespaces foreign;
      collect_foreign(element, declared, foreign);
      for (const auto& [prefix, uri] : foreign) print_declaration(out_, prefix, uri);
    }
    for (const auto& declaration : element.declarations) print_declaration(out_, declaration.prefix, declaration.uri);
    for (const auto& attribute : element.attributes) {
      out_ += ' ';
      if (!attribute.prefix.empty()) out_ += fmt::format("{}:", attribute.prefix);
      out_ += attribute.name;
      out_ += "=\"";
      append_escaped_attribute(out_, attribute.value, '"');
      out_ += '"';
    }
  }

  void element(const TreeNode& element, std::size_t depth, bool outermost, bool in_line) {
    start_tag(element, outermost);
    if (!element.first) {
      out_ += "/>";
      return;
    }
    out_ += '>';
    if (in_line || has_words(element) || !has_element(element)) {
      inside(element, false);
    } else {
      out_ += '\n';
      lines(element, depth + 1, false);
      out_.append(2 * depth, ' ');
    }
    out_ += "</";
    out_ += qualified_name(element);
    out_ += '>';
  }

  std::string& out_;
};

}  // namespace

Result<RawContent> RawContent::parse(std::string_view xml) {
  const std::string wrapped = fmt::format("<raw>{}</raw>", xml);
  // What a document of full depth and size carried can be printed again: around it there is one level here, for the
  // wrapper, and there were two.
  const ParseOptions document;
  TRY_ASSIGN(auto tree, Tree::parse(wrapped, {.max_bytes = 2 * document.max_bytes,
                                              .max_nodes = 2 * document.max_nodes,
                                              .max_depth = document.max_depth - 1}));
  const TreeNode& root = tree->root();
  return RawContent(std::move(tree), root);
}

bool RawContent::empty() const { return !is_mixed() && !has_element(*parent_); }

bool RawContent::is_mixed() const { return has_words(*parent_); }

void RawContent::print_lines(std::string& out, std::size_t depth) const {
  RawPrinter(out).lines(*parent_, depth, true);
}

void RawContent::print_inline(std::string& out) const { RawPrinter(out).inside(*parent_, true); }

std::string to_string(const RawContent& content) {
  std::string out;
  if (!content.empty()) content.print_inline(out);
  return out;
}

Result<std::string> canonical_raw(std::string_view xml) {
  TRY_ASSIGN(const RawContent content, RawContent::parse(xml));
  return to_string(content);
}

}  // namespace lodge::conf::xml
