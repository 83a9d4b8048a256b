#!/usr/bin/env python3
"""Builds the documents, and allows no fault in them.

DocC reads every catalogue with its symbols and warns of what leads nowhere; everything public of the client library has to have a comment. Then all is
rendered as plain HTML, and the pages are held against what a reader needs: every link and picture leads somewhere, every page is reached from the
index, nothing is loaded from outside. Usage: build.py BUILD_DIRECTORY OUTPUT_DIRECTORY
"""

import html.parser
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

# Modules whose public symbols are documents too; the other catalogues hold articles alone.
LIBRARIES = ("CheckoutAPI", "CheckoutClient")
# Of these, nothing public may be without a comment.
COMPLETE = ("CheckoutClient",)
ROOT = Path(__file__).resolve().parents[2]


def symbol_graphs(build, output):
    triple = json.loads(subprocess.run(["swift", "-print-target-info"], capture_output=True, check=True, text=True).stdout)["target"]["unversionedTriple"]
    # C modules that come with a module map, and those for which the build made one.
    maps = sorted(build.glob("*.build/module.modulemap")) + sorted(build.parents[1].glob("checkouts/*/Sources/*/include/module.modulemap"))
    for module in LIBRARIES:
        (output / module).mkdir()
        subprocess.run(
            ["swift-symbolgraph-extract", "-module-name", module, "-minimum-access-level", "public", "-skip-inherited-docs",
             "-skip-synthesized-members", "-target", triple, "-I", build / "Modules",
             *[word for path in maps for word in ("-Xcc", f"-fmodule-map-file={path}")], "-output-dir", output / module], check=True)


def docc(symbols, output):
    """What DocC finds in the catalogues."""
    failed = []
    catalogues = sorted((ROOT / "Sources").rglob("*.docc"))
    if not catalogues:
        raise SystemExit("no catalogue was found")
    for catalogue in catalogues:
        module = catalogue.parent.name
        command = ["docc", "convert", catalogue, "--warnings-as-errors", "--output-path", output / f"{module}.doccarchive",
                   "--fallback-display-name", module, "--fallback-bundle-identifier", f"readerd.{module}"]
        if module in LIBRARIES:
            command += ["--additional-symbol-graph-dir", symbols / module]
            if module in COMPLETE:
                for symbol in json.loads((symbols / module / f"{module}.symbols.json").read_text())["symbols"]:
                    if "docComment" not in symbol:
                        failed.append(f"{module}: {'.'.join(symbol['pathComponents'])} has no comment")
        done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0 or "warning:" in done.stdout:
            failed.append(f"{catalogue.relative_to(ROOT)}:\n{done.stdout}")
        else:
            print(f"ok   {module}")
    return failed


class Page(html.parser.HTMLParser):
    """The links, the anchors, and what is loaded."""

    # They have no end.
    EMPTY = {"meta", "link", "img", "br", "hr", "input", "col", "wbr"}

    def __init__(self, text):
        super().__init__()
        self.links, self.anchors, self.loaded, self.open, self.faults, self.words = [], set(), [], [], [], []
        self.feed(text)
        if self.open:
            self.faults.append(f"never closed: {self.open}")

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if "id" in values:
            if values["id"] in self.anchors:
                self.faults.append(f"two things are called #{values['id']}")
            self.anchors.add(values["id"])
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag in ("img", "script", "iframe", "source"):
            self.loaded.append(values.get("src") or "")
        if tag == "link":
            self.loaded.append(values.get("href") or "")
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in self.EMPTY:
            return
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes something else")

    def handle_data(self, data):
        self.words.append(data)


def pages(output):
    """What is wrong with the rendered pages."""
    faults = []
    read = {path: Page(path.read_text()) for path in sorted((output / "html").glob("*.html"))}
    for path, page in read.items():
        faults += [f"{path.name}: {fault}" for fault in page.faults]
        for loaded in page.loaded:
            if urlsplit(loaded).scheme or not (path.parent / unquote(loaded)).is_file():
                faults.append(f"{path.name}: {loaded} is not beside it")
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme in ("https", "http", "mailto"):
                continue
            target = path if not parts.path else (path.parent / unquote(parts.path)).resolve()
            if parts.scheme or not target.exists():
                faults.append(f"{path.name}: the link {link} leads nowhere")
            elif parts.fragment and target in read and unquote(parts.fragment) not in read[target].anchors:
                faults.append(f"{path.name}: the link {link} leads to no place on that page")
        text = "".join(page.words)
        for mark in ("``", "<doc:", "@Metadata", "](", "**"):
            if mark in text:
                faults.append(f"{path.name}: {mark} stands in the text: {text[max(0, text.index(mark) - 40):text.index(mark) + 40]!r}")
    index = read[output / "html/index.html"]
    for path in read:
        if path.name != "index.html" and path.name not in index.links:
            faults.append(f"{path.name} is not reached from the index")
    articles = [path for path in (ROOT / "Sources").rglob("*.docc/*.md")]
    missing = [path.name for path in articles if f"{path.stem}.html" not in index.links and path.parent.stem != path.stem]
    return faults + [f"{name} is not among the pages" for name in missing]


def linked():
    """The README and its kin: every link leads to a file of the source."""
    faults = []
    for path in [*ROOT.glob("*.md"), ROOT / "packaging/examples/README.md"]:
        for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text()):
            if not re.match(r"[a-z]+:", link) and not (path.parent / link).exists():
                faults.append(f"{path.relative_to(ROOT)}: the link {link} leads nowhere")
    return faults


def main():
    build, output = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    with tempfile.TemporaryDirectory(prefix="readerd-documents-") as directory:
        here = Path(directory)
        (here / "symbols").mkdir()
        (here / "manuals").mkdir()
        symbol_graphs(build, here / "symbols")
        failed = docc(here / "symbols", here)
        subprocess.run([ROOT / "packaging/manuals", build, here / "manuals"], check=True)
        (here / "openapi.json").write_bytes(subprocess.run([build / "readerd", "--openapi"], check=True, capture_output=True).stdout)
        shutil.rmtree(output, ignore_errors=True)
        rendered = subprocess.run(
            [ROOT / "packaging/html/build", output, "--openapi", here / "openapi.json", "--manuals", here / "manuals",
             *[word for module in LIBRARIES for word in ("--symbols", here / "symbols" / module / f"{module}.symbols.json")]],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if rendered.returncode != 0:
            failed.append(rendered.stdout)
        else:
            failed += pages(output)
            print(f"ok   {len(list((output / 'html').glob('*.html')))} pages")
    failed += linked()
    for text in failed:
        print(f"FAIL {text}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
