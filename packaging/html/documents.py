"""The documents that are rendered, and in which order the index shows them."""

import html
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

# The index: a heading, for whom it is, and the documents under it. One that no line names is shown under its catalogue's.
GROUPS = [
    ("Install it", "For whoever brings readerd onto a store's box and looks after it.",
     ["InstallOnABox", "Settings", "SeveralTills", "SeveralReaders", "ReplaceAReader", "MoveAShop"]),
    ("When something is wrong", "For whoever is called. `sudo readerctl check` comes first.",
     ["TwentyProblems", "Unresolved", "LogFields", "RecordACase"]),
    ("Write a till", "For whoever writes a program that takes payments.",
     ["FirstPayment", "Examples", "Contract", "Routes", "Errors", "CheckoutClient", "Swift"]),
    ("Watch many stores", "For whoever runs more than one store.", ["ChainOfStores", "Metrics"]),
    ("How it works", "For whoever wants to know why.", ["NeverGuessed", "Recovery", "ReaderRPC", "ReaderLink"]),
    ("Manual pages", "Each program's commands and options, as `man` shows them.", ["readerctl.1", "readerd.8", "readerd.toml.5", "readersim.1"]),
    ("The project", "For whoever changes readerd.", ["README", "CHANGELOG", "CONTRIBUTING", "ARCHITECTURE", "SECURITY"]),
]
HOME = {"readerd": "Install it", "CheckoutAPI": "Write a till", "CheckoutClient": "Write a till"}
# A catalogue's root that says nothing but what is in it; the index says that.
ROOTS = {"readerd/readerd", "Gateway/Gateway", "CheckoutAPI/CheckoutAPI"}


@dataclass
class Document:
    name: str
    title: str
    abstract: str
    text: str
    group: str = ""
    source: str = ""
    # Rendered already.
    body: str = ""
    links: set = field(default_factory=set)

    @property
    def file(self):
        return self.name.replace(".", "-") + ".html"


class Faults(list):
    """What is wrong with the documents, told at once at the end."""


def plain(text):
    return re.sub(r"[`*]", "", text)


def read(path, name, source, root_title=None):
    """A DocC article or a file of the project: its title, its first sentence, and its text in plain Markdown."""
    text = re.sub(r"^@\w+\s*\{.*?^\}\n", "", path.read_text(), flags=re.M | re.S)
    title = re.match(r"# (.+)\n", text)
    body = text[title.end():] if title else text
    body = re.sub(r"^## Topics\n.*", "", body, flags=re.M | re.S)
    body = re.sub(r"^## Overview\n\n?", "", body, flags=re.M)
    first = next((block for block in body.strip().split("\n\n") if block[:1] not in "#|`!<>"), "")
    shown = plain(title.group(1)) if title else path.stem
    return Document(name, root_title or shown, " ".join(first.split()), body.strip() + "\n", source=source)


def articles(root):
    """Every article of every catalogue of the sources."""
    for catalogue in sorted((root / "Sources").rglob("*.docc")):
        for path in sorted(catalogue.glob("*.md")):
            place = f"{catalogue.stem}/{path.stem}"
            if place in ROOTS:
                continue
            title = "The Swift client" if path.stem == "CheckoutClient" else None
            document = read(path, path.stem, str(path.relative_to(root)), title)
            document.group = HOME.get(catalogue.stem, "How it works")
            yield document


def project(root):
    names = {"README": "What readerd is", "CHANGELOG": "Changes", "CONTRIBUTING": "Working on readerd", "SECURITY": "Security",
             "ARCHITECTURE": None}
    for name, title in names.items():
        path = root / f"{name}.md"
        if path.exists():
            document = read(path, name, path.name, title)
            document.group = "The project"
            yield document
    examples = read(root / "packaging/examples/README.md", "Examples", "packaging/examples/README.md", "Tills in four languages")
    examples.group = "Write a till"
    yield examples


class Renderer:
    def __init__(self, documents, symbols, faults):
        self.documents = {document.name: document for document in documents}
        self.titles = {document.title: document for document in documents}
        self.symbols = symbols
        self.faults = faults

    def markdown(self, text, document):
        """Markdown with DocC's links, to HTML."""
        pieces = re.split(r"(^```.*?^```$)", text, flags=re.M | re.S)
        for index in range(0, len(pieces), 2):
            piece = re.sub(r"<doc:(\w+)>", lambda match: self.article(match.group(1), document), pieces[index])
            piece = re.sub(r"``([^`]+)``", lambda match: self.symbol(match.group(1)), piece)
            # A document's title in quotes is a link to it, from wherever it is named.
            piece = re.sub(r'"([^"\n`<>]+)"', lambda match: self.quoted(match.group(1), match.group(0)), piece)
            piece = re.sub(r"^> (Note|Warning|Important): ", r"> **\1:** ", piece, flags=re.M)
            pieces[index] = piece
        return self.finish(pandoc("".join(pieces), "gfm"), document)

    def article(self, name, document):
        other = self.documents.get(name)
        if other is None:
            self.faults.append(f"{document.source}: <doc:{name}> is not a document")
            return name
        return f"[{other.title}]({other.file})"

    def quoted(self, title, whole):
        other = self.titles.get(title)
        return f'"[{title}]({other.file})"' if other else whole

    def symbol(self, path):
        # DocC writes the module before the type of the same name.
        short = re.sub(r"^(\w+)/\1\b", r"\1", path)
        shown = short.split("/")[-1]
        anchor = self.symbols.get(short)
        return f"[`{shown}`](Swift.html#{anchor})" if anchor else f"`{shown}`"

    def finish(self, body, document):
        """Links to files of the source lead to where those are here; wide tables scroll by themselves."""
        body = re.sub(r'href="([^"]+)"', lambda match: f'href="{html.escape(self.target(html.unescape(match.group(1)), document))}"', body)
        body = re.sub(r'src="packaging/pictures/', 'src="pictures/', body)
        # What is short is not broken at its hyphens.
        body = re.sub(r"(?<!<pre>)<code>([^<]{1,34})</code>", r'<code class="short">\1</code>', body)
        return re.sub(r"<table>(.*?)</table>", r'<div class="scroll"><table>\1</table></div>', body, flags=re.S)

    def target(self, link, document):
        if re.match(r"(https?|mailto):", link) or link.startswith("#"):
            return link
        place, _, anchor = link.partition("#")
        anchor = "#" + anchor if anchor else ""
        if place.endswith(".md"):
            name = Path(place).stem if Path(place).parent.name != "examples" else "Examples"
            if name in self.documents:
                return self.documents[name].file + anchor
        if place.rstrip("/") == "packaging/examples":
            return "Examples.html"
        if place == "LICENSE":
            return "https://www.apache.org/licenses/LICENSE-2.0"
        if place.startswith("packaging/"):
            return "../examples/" + place.removeprefix("packaging/").removeprefix("examples/") + anchor
        return link


def pandoc(text, kind):
    command = ["pandoc", "--from", kind, "--to", "html5", "--no-highlight", "--wrap=none"]
    return subprocess.run(command, input=text, check=True, capture_output=True, text=True).stdout
