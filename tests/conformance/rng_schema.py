"""A RELAX NG schema as a graph: what can follow what, what is reached from where, what can be written at all."""
import pathlib
import xml.etree.ElementTree as ET

RNG = "{http://relaxng.org/ns/structure/1.0}"


class Node:
    __slots__ = ("kind", "kids", "name", "ns", "scope", "value", "params", "number", "reach", "size", "nested", "refined")

    def __init__(self, kind, scope):
        self.kind, self.scope = kind, scope
        self.kids, self.params = [], []
        self.name = self.ns = self.value = self.refined = None
        self.number = self.reach = 0
        self.size = None


class Scope:
    """One grammar: its definitions, and where it starts."""

    def __init__(self):
        self.defines, self.combine, self.start = {}, {}, None


class Schema:
    def __init__(self, path, refined):
        self.nodes = []
        self.refined = refined  # names of definitions to be marked
        self.depth = 0
        self.root = self.grammar(ET.parse(path).getroot(), pathlib.Path(path).parent)
        self.link()

    def grammar(self, element, folder):
        scope = Scope()
        self.depth += 1
        self.read_into(scope, element, folder, set())
        self.depth -= 1
        start = self.new("group", scope)
        start.kids = [scope.start]
        return start

    def new(self, kind, scope):
        node = Node(kind, scope)
        node.nested = self.depth > 1
        node.number = len(self.nodes)
        self.nodes.append(node)
        return node

    def read_into(self, scope, element, folder, overridden):
        for child in element:
            tag = str(child.tag).removeprefix(RNG)
            if tag == "start" and "start" not in overridden:
                scope.start = self.contents(child, scope, folder, child.get("ns", ""))
            elif tag == "define" and child.get("name") not in overridden:
                self.define(scope, child, folder)
            elif tag == "div":
                self.read_into(scope, child, folder, overridden)
            elif tag == "include":
                own = {c.get("name") if c.tag == RNG + "define" else "start" for c in child}
                path = folder / child.get("href")
                self.read_into(scope, ET.parse(path).getroot(), path.parent, overridden | own)
                self.read_into(scope, child, folder, overridden)

    def define(self, scope, element, folder):
        name = element.get("name")
        pattern = self.contents(element, scope, folder, element.get("ns", ""))
        self.mark_refined(pattern, name)
        scope.defines.setdefault(name, []).append(pattern)
        if element.get("combine"):
            scope.combine[name] = element.get("combine")

    def mark_refined(self, pattern, name):
        if name in self.refined:
            pattern.refined = name

    def contents(self, element, scope, folder, ns):
        kids = [self.pattern(child, scope, folder, ns) for child in element if isinstance(child.tag, str) and
                child.tag.startswith(RNG) and child.tag not in (RNG + "anyName", RNG + "param", RNG + "except")]
        if len(kids) == 1:
            return kids[0]
        group = self.new("group", scope)
        group.kids = kids
        return group

    def pattern(self, element, scope, folder, ns):
        tag = element.tag.removeprefix(RNG)
        ns = element.get("ns", ns)
        if tag == "grammar":
            return self.grammar(element, folder)
        node = self.new(tag, scope)
        node.ns = ns
        if tag in ("element", "attribute"):
            node.name = element.get("name")  # none: any
            if tag == "attribute":
                node.ns = element.get("ns", "")
            inner = [c for c in element if isinstance(c.tag, str) and c.tag != RNG + "anyName"]
            node.kids = [self.contents(element, scope, folder, ns)]
            if tag == "attribute" and not inner:
                node.kids = [self.new("text", scope)]
        elif tag in ("ref", "parentRef"):
            node.name = element.get("name")
        elif tag == "value":
            node.value = element.text or ""
        elif tag == "data":
            node.value = element.get("type")
            node.params = [(p.get("name"), p.text or "") for p in element.iter(RNG + "param")]
            for excluded in element.iter(RNG + "except"):
                node.params += [("except", v.text) for v in excluded.iter(RNG + "value")]
        else:
            whole = self.contents(element, scope, folder, ns)
            node.kids = whole.kids if whole.kind == "group" and tag in ("choice", "interleave", "group") else [whole]
        return node

    def targets_of(self, node):
        """What stands for a reference."""
        return node.scope.defines[node.name]

    def link(self):
        """What can be reached from where, and the least number of elements that a part needs (None: it cannot be)."""
        changed = True
        while changed:
            changed = False
            for node in reversed(self.nodes):
                kids = self.targets_of(node) if node.kind == "ref" else node.kids
                size = self.least(node, kids)
                if size is not None and (node.size is None or size < node.size):
                    node.size, changed = size, True
        changed = True
        while changed:
            changed = False
            for node in reversed(self.nodes):
                if node.size is None:
                    continue
                reach = 1 << node.number if self.counts(node) else 0
                for kid in self.targets_of(node) if node.kind == "ref" else node.kids:
                    if kid.size is not None:
                        reach |= kid.reach
                if reach != node.reach:
                    node.reach, changed = reach, True

    @staticmethod
    def counts(node):
        return not node.nested and node.kind in ("element", "attribute", "value", "data") and node.size is not None

    def least(self, node, kids):
        sizes = [kid.size for kid in kids]
        if node.kind == "notAllowed":
            return None
        if node.kind in ("optional", "zeroOrMore", "empty", "text", "value", "data"):
            return 0
        if node.kind == "choice" or node.kind == "ref" and node.scope.combine.get(node.name) == "choice":
            known = [size for size in sizes if size is not None]
            return min(known) if known else None
        if any(size is None for size in sizes):
            return None
        return sum(sizes) + (node.kind == "element")
