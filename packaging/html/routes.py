"""The reference of the socket's interface, from its OpenAPI document."""

import html
import json
import re


def words(text):
    """A sentence with code marks."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text or "", quote=False))


def reference(schema):
    return schema["$ref"].rsplit("/", 1)[-1]


def kind(schema):
    """What a value is, in few words."""
    if "$ref" in schema:
        name = reference(schema)
        return f'<a href="#schema-{name}">{name}</a>'
    for alternatives in ("oneOf", "anyOf", "allOf"):
        if alternatives in schema:
            kinds = [kind(part) for part in schema[alternatives]]
            kinds = [part for part in kinds if part]
            return " or ".join(dict.fromkeys(kinds))
    if "enum" in schema:
        shown = [json.dumps(value) for value in schema["enum"] if value is not None]
        return " ".join(f"<code>{html.escape(value)}</code>" for value in shown) + (" or null" if None in schema["enum"] else "")
    if "const" in schema:
        return f"<code>{html.escape(json.dumps(schema['const']))}</code>"
    type_ = schema.get("type", "")
    if isinstance(type_, list):
        return " or ".join(kind({**schema, "type": part}) for part in type_)
    if type_ == "array":
        return "list of " + kind(schema.get("items", {}))
    bounds = [f"{schema[key]} {sign}" if first else f"{sign} {schema[key]}" for key, sign, first in
              (("minimum", "or more", True), ("maximum", "at most", False), ("maxLength", "length at most", False), ("maxItems", "length at most", False))
              if key in schema]
    named = {"date-time": "time", "uri": "address"}.get(schema.get("format", ""), {"boolean": "true or false", "string": "text"}.get(type_, type_))
    return named + (f' <span class="quiet">({", ".join(bounds)})</span>' if bounds else "")


def table(heads, rows):
    head = "".join(f"<th>{cell}</th>" for cell in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def fields(schema):
    needed = schema.get("required", [])
    return [(f"<code>{html.escape(name)}</code>" + ("" if name in needed else ' <span class="quiet">optional</span>'), kind(part),
             words(part.get("description"))) for name, part in schema.get("properties", {}).items()]


def example(value):
    return "<pre><code>" + html.escape(json.dumps(value, indent=2, ensure_ascii=False), quote=False) + "</code></pre>"


class Reference:
    def __init__(self, document):
        self.document = document
        self.components = document["components"]

    def resolve(self, part):
        """What a reference to a component stands for."""
        if "$ref" not in part:
            return part
        _, _, section, name = part["$ref"].split("/")
        return self.components[section][name]

    def body(self):
        out = [f"<p>{words(self.document['info']['description'])}</p>",
               '<p>Generators of clients read <a href="../openapi.json">openapi.json</a>; a running agent serves it at '
               "<code>GET /v1/openapi.json</code>.</p>"]
        operations = [(method.upper(), path, operation) for path, methods in self.document["paths"].items() for method, operation in methods.items()]
        for tag in self.document["tags"]:
            of = [entry for entry in operations if tag["name"] in entry[2]["tags"]]
            if not of:
                continue
            out.append(f'<h2 id="{tag["name"]}">{tag["name"].capitalize()}</h2>')
            out += [self.operation(*entry) for entry in of]
        out.append('<h2 id="schemas">Schemas</h2>')
        for name, schema in sorted(self.components["schemas"].items()):
            out.append(f'<h3 id="schema-{name}">{name}</h3><p>{words(schema.get("description"))}</p>')
            rows = fields(schema)
            out.append(table(["field", "is", "meaning"], rows) if rows else f"<p>{kind({k: v for k, v in schema.items() if k != 'description'})}</p>")
        return "\n".join(out)

    def operation(self, method, path, operation):
        out = [f'<section class="route" id="{operation["operationId"]}"><h3><span class="method">{method}</span> <code>{html.escape(path)}</code></h3>',
               f'<p><strong>{words(operation["summary"])}.</strong> {words(operation["description"])} '
               f'<span class="quiet">Role: {operation["x-readerd-role"]}.</span></p>']
        parameters = [self.resolve(part) for part in operation.get("parameters", [])]
        if parameters:
            out.append(table(["parameter", "is", "meaning"], [
                (f'<code>{html.escape(part["name"])}</code> <span class="quiet">{part["in"]}</span>', kind(part["schema"]),
                 words(part.get("description") or part["schema"].get("description"))) for part in parameters]))
        if "requestBody" in operation:
            content = self.resolve(operation["requestBody"])["content"]["application/json"]
            out.append(f'<p>Body: {kind(content["schema"])}</p>')
            if "example" in content:
                out.append(example(content["example"]))
        good, refused = [], []
        for status, answer in operation["responses"].items():
            # What a route says of its own refusals goes before what is said of all.
            answer = {**self.resolve(answer), **answer}
            (good if status[0] == "2" else refused).append((status, answer))
        for status, answer in good:
            out.append(f'<p><strong>{status}</strong> {words(answer["description"])}')
            shown = None
            for content in answer.get("content", {}).values():
                out.append(" " + kind(content["schema"]))
                shown = shown or next((entry["value"] for entry in content.get("examples", {}).values()), None)
            out.append("</p>")
            if isinstance(shown, (dict, list)):
                out.append(f"<details><summary>Example</summary>{example(shown)}</details>")
        rows = [(f"<strong>{status}</strong>", words(answer["description"])) for status, answer in refused]
        out.append(f"<details><summary>Refusals</summary>{table(['status', 'codes'], rows)}</details></section>")
        return "\n".join(out)
