"""Documents with the verdict of graphql-core, the reference implementation in Python.

    reference.py SCHEMA.graphql SEED COUNT     makes documents, some with faults
    reference.py SCHEMA.graphql < documents    judges documents: a JSON list of {name, query, variables, operation}

Prints one JSON object a line: the document and `valid`, with `why` where it is not.
"""
import json, random, sys
from graphql import (
    GraphQLError, GraphQLEnumType, GraphQLInputObjectType, GraphQLList, GraphQLNonNull, build_schema, get_named_type,
    is_abstract_type, is_composite_type, is_leaf_type, parse, validate,
)
from graphql.execution.values import get_variable_values
from graphql.language import (
    DocumentNode, FragmentDefinitionNode, InlineFragmentNode, OperationDefinitionNode, Visitor, visit,
)
from graphql.validation import OverlappingFieldsCanBeMergedRule

schema = build_schema(open(sys.argv[1]).read())


def judge(query, variables, operation):
    """Whether a document is valid and its variables fit, and if not, why."""
    try:
        document = parse(query)
        errors = validate(schema, document)
    except GraphQLError as error:
        return False, error.message
    # The reference misses conflicts between fragments of fragments; it finds them once these are written out.
    errors = errors or validate(schema, written_out(document), [OverlappingFieldsCanBeMergedRule])
    if errors:
        return False, errors[0].message
    operations = [it for it in document.definitions if isinstance(it, OperationDefinitionNode)]
    if operation:
        operations = [it for it in operations if it.name and it.name.value == operation]
    if len(operations) != 1:
        return False, "no operation chosen"
    values = get_variable_values(schema, operations[0].variable_definitions or [], variables or {})
    return (False, values[0].message) if isinstance(values, list) else (True, "")


def written_out(document):
    """The document with inline fragments in the place of named ones."""
    fragments = {it.name.value: it for it in document.definitions if isinstance(it, FragmentDefinitionNode)}

    class Writer(Visitor):
        def enter_fragment_spread(self, spread, *_):
            fragment = fragments[spread.name.value]
            return InlineFragmentNode(type_condition=fragment.type_condition, directives=spread.directives,
                                      selection_set=visit(fragment.selection_set, Writer()))

    operations = (visit(it, Writer()) for it in document.definitions if isinstance(it, OperationDefinitionNode))
    return DocumentNode(definitions=tuple(operations))


class Maker:
    """Makes one document: a query over the schema, in which each choice may be a wrong one."""

    def __init__(self, chance):
        self.chance, self.variables, self.fragments = chance, {}, []

    def wrong(self):
        return self.chance.random() < 0.006

    def document(self):
        root = self.selection(schema.query_type, 0)
        declared, values = [], {}
        for name, (kind, default, value) in self.variables.items():
            declared.append(f"${name}: {kind}" + (f" = {default}" if default is not None else ""))
            if value is not ...:
                values[name] = value
        if self.wrong():
            declared.append("$unused: Int")
        head = f"query Q({', '.join(declared)}) " if declared else "query Q "
        fragments = [f"fragment {name} on {kind} {text}" for name, kind, text in self.fragments]
        if self.wrong() and fragments:
            fragments.append(self.chance.choice(fragments))
        return " ".join([head + root, *fragments]), values

    def selection(self, parent, depth):
        if not is_composite_type(parent):
            return "{ __typename }"
        count = self.chance.randint(1, 3)
        return "{ " + " ".join(self.part(parent, depth) for _ in range(count)) + " }"

    def part(self, parent, depth):
        roll = self.chance.random()
        if roll < 0.12 and len(self.fragments) < 4:
            name = f"F{len(self.fragments)}" if not self.wrong() else "on"
            self.fragments.append(None)
            at, kind = len(self.fragments) - 1, self.condition(parent)
            self.fragments[at] = (name, kind.name, self.selection(kind, depth))
            return f"...{name}{self.directive()}"
        if roll < 0.22:
            kind = self.condition(parent)
            on = "" if kind is parent and self.chance.random() < 0.5 else f" on {kind.name}"
            return f"...{on}{self.directive()} {self.selection(kind, depth)}"
        if is_abstract_type(parent) and not getattr(parent, "fields", None):
            return "__typename"
        fields = {name: field for name, field in parent.fields.items() if self.reaches(field, depth)}
        name = self.chance.choice(sorted(fields) or ["__typename"])
        alias = self.chance.choice(["", "", "", "a: ", "b: "])
        if name == "__typename" or self.wrong():
            # The reference overlooks that `__typename` has another type than a field with the same alias.
            return "__typename" if self.chance.random() < 0.6 else alias + "nosuch"
        field = fields[name]
        arguments = [it for it in (self.argument(*pair) for pair in field.args.items()) if it]
        text = alias + name + (f"({', '.join(arguments)})" if arguments else "") + self.directive()
        composite = is_composite_type(get_named_type(field.type))
        if composite != self.wrong():
            below = get_named_type(field.type) if composite else parent
            text += " " + (self.selection(below, depth + 1) if depth < 3 else "{ __typename }")
        return text

    def reaches(self, field, depth):
        """Leaves anywhere; below the third level nothing else."""
        return depth < 3 or is_leaf_type(get_named_type(field.type))

    def condition(self, parent):
        if is_abstract_type(parent):
            return self.chance.choice([parent, *schema.get_possible_types(parent)])
        if self.wrong():
            return self.chance.choice([schema.type_map[it] for it in ("Run", "Suggestion", "RunStatus", "RunFilter")])
        nodes = [it for it in parent.interfaces] if hasattr(parent, "interfaces") else []
        return self.chance.choice([parent, parent, *nodes])

    def directive(self):
        if self.chance.random() > 0.08:
            return ""
        name = self.chance.choice(["include", "skip"]) if not self.wrong() else "nosuch"
        kind = schema.directives[0].args["if"].type
        once = f" @{name}(if: {self.value(kind, False)})"
        return once * 2 if self.wrong() else once

    def argument(self, name, argument):
        required = isinstance(argument.type, GraphQLNonNull) and "Undefined" in repr(argument.default_value)
        if not (required != self.wrong() or self.chance.random() < 0.3):
            return None
        has_default = "Undefined" not in repr(argument.default_value)
        text = f"{name if not self.wrong() else 'nosuch'}: {self.value(argument.type, has_default)}"
        return f"{text}, {text}" if self.wrong() else text

    def value(self, kind, has_default):
        if self.chance.random() < 0.3:
            return self.variable(kind, has_default)
        return self.literal(kind)

    def variable(self, kind, has_default):
        fitting = [name for name, (known, *_) in self.variables.items() if known == str(kind)]
        if fitting and self.chance.random() < 0.5:
            return "$" + self.chance.choice(fitting)
        if self.wrong() and self.variables:
            return "$" + self.chance.choice([*self.variables, "nosuch"])
        name, nullable, default = f"v{len(self.variables)}", str(kind).rstrip("!"), None
        declared = str(kind)
        roll = self.chance.random()
        if roll < 0.15 or (roll < 0.25 and not isinstance(kind, GraphQLNonNull)):
            default = self.literal(kind, constant=True) if not self.wrong() else "null"
            declared = nullable if self.chance.random() < 0.6 else declared
        elif roll < 0.35 and has_default or self.wrong():
            declared = nullable
        if self.wrong():
            declared = self.chance.choice(["Int", "String!", "[ID!]", "RunFilter", "Nosuch", "Run"])
        value = self.json(kind)
        absent = (default is not None or not declared.endswith("!") or self.wrong()) and self.chance.random() < 0.3
        self.variables[name] = (declared, default, ... if absent else value)
        return "$" + name

    def literal(self, kind, constant=False, depth=0):
        if self.wrong():
            return self.chance.choice(['"x"', "1", "1.5", "null", "NOSUCH", "true", "[]", "{}", "[[1]]", "{x: 1}", "007"])
        if isinstance(kind, GraphQLNonNull):
            return self.literal(kind.of_type, constant, depth)
        if isinstance(kind, GraphQLList):
            if self.chance.random() < 0.2:
                return self.literal(kind.of_type, constant, depth)
            one = lambda: self.value(kind.of_type, False) if not constant and self.chance.random() < 0.2 else self.literal(kind.of_type, constant, depth)
            return "[" + ", ".join(one() for _ in range(self.chance.randint(0, 2))) + "]"
        if isinstance(kind, GraphQLEnumType):
            return self.chance.choice(sorted(kind.values))
        if isinstance(kind, GraphQLInputObjectType):
            parts = []
            for name, field in kind.fields.items():
                needed = isinstance(field.type, GraphQLNonNull) and "Undefined" in repr(field.default_value)
                if needed != self.wrong() or (depth < 2 and self.chance.random() < 0.15):
                    inner = (self.value(field.type, not needed) if not constant and self.chance.random() < 0.3
                             else self.literal(field.type, constant, depth + 1))
                    parts += [f"{name}: {inner}"] * (2 if self.wrong() else 1)
            return "{" + ", ".join(parts) + "}"
        return {
            "Int": lambda: self.chance.choice(["1", "2", "-0"]), "Float": lambda: self.chance.choice(["1", "0.5", "1e2"]),
            "Boolean": lambda: self.chance.choice(["true", "false"]), "Long": lambda: "7",
            "DateTime": lambda: '"2030-01-31T09:00:00Z"', "ID": lambda: self.chance.choice(['"x"', "4"]),
            "String": lambda: self.chance.choice(['"x"', '"\\u00e9"', '"""a "b" """', '""']),
        }[kind.name]()

    def json(self, kind):
        if self.wrong():
            return self.chance.choice(["x", 1, 1.5, None, True, [], {}, [[1]], {"x": 1}, 5.0])
        if isinstance(kind, GraphQLNonNull):
            return self.json(kind.of_type)
        if isinstance(kind, GraphQLList):
            items = [self.json(kind.of_type) for _ in range(self.chance.randint(0, 2))]
            return self.json(kind.of_type) if self.chance.random() < 0.2 else items
        if isinstance(kind, GraphQLEnumType):
            return self.chance.choice(sorted(kind.values))
        if isinstance(kind, GraphQLInputObjectType):
            needed = {name: field for name, field in kind.fields.items()
                      if isinstance(field.type, GraphQLNonNull) and "Undefined" in repr(field.default_value)}
            return {name: self.json(field.type) for name, field in needed.items() if not self.wrong()}
        return {"Int": 3, "Float": 1.5, "Boolean": True, "Long": 7, "DateTime": "2030-01-31T09:00:00Z", "ID": "x",
                "String": "x"}[kind.name]


def documents():
    if len(sys.argv) == 2:
        yield from json.load(sys.stdin)
        return
    for at in range(int(sys.argv[3])):
        query, variables = Maker(random.Random(int(sys.argv[2]) * 1_000_003 + at)).document()
        yield {"query": query, "variables": variables}


for document in documents():
    valid, why = judge(document["query"], document.get("variables"), document.get("operation"))
    print(json.dumps({**document, "valid": valid, "why": why}))
