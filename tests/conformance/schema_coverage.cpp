#include "tests/conformance/schema_coverage.h"

#include <libxml/parser.h>
#include <libxml/tree.h>

#include <algorithm>
#include <map>
#include <memory>
#include <stdexcept>
#include <vector>

namespace lodge::conformance {
namespace {

using Document = std::unique_ptr<xmlDoc, decltype(&xmlFreeDoc)>;

std::string str(const xmlChar* text) { return text ? reinterpret_cast<const char*>(text) : ""; }

std::string attribute(const xmlNode* node, const char* name) {
  const std::unique_ptr<xmlChar, decltype(xmlFree)> value(xmlGetProp(node, BAD_CAST name), xmlFree);
  return str(value.get());
}

std::vector<xmlNode*> elements_in(const xmlNode* node) {
  std::vector<xmlNode*> elements;
  for (xmlNode* child = node->children; child; child = child->next) {
    if (child->type == XML_ELEMENT_NODE) elements.push_back(child);
  }
  return elements;
}

// The definitions of a schema and of all it includes. Several of one name are alternatives: none is left out.
class Grammar {
 public:
  explicit Grammar(const std::string& file) { load(file); }

  const std::vector<xmlNode*>& definition(const std::string& name) const {
    static const std::vector<xmlNode*> kNone;
    const auto found = definitions_.find(name);
    return found == definitions_.end() ? kNone : found->second;
  }

  // The elements of the name, wherever the schema has them.
  std::vector<xmlNode*> elements(const std::string& name) const {
    std::vector<xmlNode*> found;
    for (const auto& document : documents_) find(xmlDocGetRootElement(document.get()), name, found);
    return found;
  }

 private:
  void load(const std::string& file) {
    Document document(xmlReadFile(file.c_str(), nullptr, XML_PARSE_NONET | XML_PARSE_NOBLANKS), &xmlFreeDoc);
    if (!document) throw std::runtime_error("cannot read the schema " + file);
    const std::string folder = file.substr(0, file.rfind('/') + 1);
    xmlNode* root = xmlDocGetRootElement(document.get());
    documents_.push_back(std::move(document));
    collect(root, folder);
  }

  void collect(xmlNode* node, const std::string& folder) {
    for (xmlNode* child : elements_in(node)) {
      const std::string kind = str(child->name);
      if (kind == "include" && loaded_.insert(attribute(child, "href")).second) load(folder + attribute(child, "href"));
      if (kind == "define") definitions_[attribute(child, "name")].push_back(child);
      if (kind == "include" || kind == "div") collect(child, folder);
    }
  }

  static void find(xmlNode* node, const std::string& name, std::vector<xmlNode*>& found) {
    if (str(node->name) == "element" && attribute(node, "name") == name) found.push_back(node);
    for (xmlNode* child : elements_in(node)) find(child, name, found);
  }

  std::vector<Document> documents_;
  std::set<std::string> loaded_;
  std::map<std::string, std::vector<xmlNode*>> definitions_;
};

class Walker {
 public:
  explicit Walker(const Grammar& grammar) : grammar_(grammar) {}

  void element(xmlNode* node, const std::string& around) {
    if (std::ranges::count(open_, node) > 0) return;  // it contains itself
    const std::string name = name_of(node);
    if (name.empty()) return;  // any name: somebody else's vocabulary
    const std::string path = around + name + "/";
    places_.insert(path);
    if (!walked_.insert(path + std::to_string(reinterpret_cast<std::uintptr_t>(node))).second) return;
    open_.push_back(node);
    content(node, path, path + ".");
    open_.pop_back();
  }

  std::set<std::string> take() { return std::move(places_); }

 private:
  // The prefix by which libvirt calls the namespace: the last part of its address but the version.
  static std::string name_of(const xmlNode* node) {
    const std::string name = attribute(node, "name");
    std::string ns;
    for (const xmlNode* at = node; at && at->type == XML_ELEMENT_NODE && ns.empty(); at = at->parent)
      ns = attribute(at, "ns");
    if (ns.empty() || name.empty()) return name;
    const std::size_t end = ns.rfind('/');
    return ns.substr(ns.rfind('/', end - 1) + 1, end - ns.rfind('/', end - 1) - 1) + ":" + name;
  }

  // `value`: the place of text that is found here.
  void content(xmlNode* pattern, const std::string& path, const std::string& value) {
    for (xmlNode* child : elements_in(pattern)) {
      const std::string kind = str(child->name);
      if (kind == "element") {
        element(child, path);
      } else if (kind == "attribute") {
        const std::string name = attribute(child, "name");
        if (name.empty()) continue;
        places_.insert(path + "@" + name);
        content(child, path, path + "@" + name);
      } else if (kind == "ref") {
        for (xmlNode* definition : grammar_.definition(attribute(child, "name"))) content(definition, path, value);
      } else if (kind == "value") {
        places_.insert(value);
        const std::unique_ptr<xmlChar, decltype(xmlFree)> text(xmlNodeGetContent(child), xmlFree);
        places_.insert(value + "=" + str(text.get()));
      } else if (kind == "text" || kind == "data") {
        places_.insert(value);
      } else if (kind != "name" && kind != "param") {
        content(child, path, value);
      }
    }
  }

  const Grammar& grammar_;
  std::set<std::string> places_;
  std::set<std::string> walked_;
  std::vector<xmlNode*> open_;
};

}  // namespace

std::set<std::string> schema_places(const std::string& file, const std::string& root) {
  const Grammar grammar(file);
  Walker walker(grammar);
  for (xmlNode* element : grammar.elements(root)) walker.element(element, "");
  return walker.take();
}

}  // namespace lodge::conformance
