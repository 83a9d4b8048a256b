"""The reference of the Swift library, from the symbol graphs of its modules."""

import html
import json
import re

KINDS = ["swift.protocol", "swift.struct", "swift.class", "swift.enum"]


def anchor(path):
    # An operator has no letters of its own.
    path = re.sub(r"[^A-Za-z0-9_/().: ,-]", lambda sign: f"-{ord(sign.group()):x}-", path)
    return re.sub(r"[^A-Za-z0-9]+", "-", path).strip("-")


class Symbols:
    def __init__(self, files):
        self.all = {}
        for file in files:
            graph = json.loads(file.read_text())
            module = graph["module"]["name"]
            for symbol in graph["symbols"]:
                path = "/".join(symbol["pathComponents"])
                self.all.setdefault(path, (module, symbol))

    def anchors(self):
        return {path: anchor(path) for path in self.all}

    def body(self, render):
        out = ["<p>The product <code>CheckoutClient</code> of readerd's Swift package brings two modules: <code>CheckoutClient</code>, the calls, and "
               "<code>CheckoutAPI</code>, what they take and give.</p>"]
        for module in ("CheckoutClient", "CheckoutAPI"):
            tops = sorted((path, symbol) for path, (of, symbol) in self.all.items()
                          if of == module and "/" not in path and symbol["kind"]["identifier"] in KINDS)
            if not tops:
                continue
            out.append(f'<h2 id="module-{module}">{module}</h2>')
            for path, symbol in tops:
                out.append(self.entry(path, symbol, "h3", render))
                for below in sorted(other for other in self.all if other.startswith(path + "/")):
                    out.append(self.entry(below, self.all[below][1], "h4", render))
        return "\n".join(out)

    def entry(self, path, symbol, head, render):
        declaration = "".join(part["spelling"] for part in symbol["declarationFragments"])
        comment = "\n".join(line["text"] for line in symbol.get("docComment", {}).get("lines", []))
        comment = re.sub(r"^- Parameter (\w+):", r"- `\1`:", comment, flags=re.M)
        return (f'<{head} id="{anchor(path)}">{html.escape(path.split("/")[-1])}</{head}>'
                f'<pre><code>{html.escape(declaration, quote=False)}</code></pre>' + (render(comment) if comment else ""))
