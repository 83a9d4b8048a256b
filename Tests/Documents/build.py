#!/usr/bin/env python3
"""Builds every DocC catalogue of the sources, and allows no warning.

The symbols come from the modules of the ordinary build, so that this takes seconds: no documentation plugin, no second build. It also asks that
everything public of the client library is documented. Usage: build.py BUILD_DIRECTORY OUTPUT_DIRECTORY
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

# Modules whose public symbols are documents too; the other catalogues hold articles alone.
LIBRARIES = ("CheckoutAPI", "CheckoutClient")
# Of these, nothing public may be without a comment.
COMPLETE = ("CheckoutClient",)


def main():
    build, output = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    sources = Path(__file__).resolve().parents[2] / "Sources"
    triple = json.loads(subprocess.run(["swift", "-print-target-info"], capture_output=True, check=True, text=True).stdout)["target"]["unversionedTriple"]
    # C modules that come with a module map, and those for which the build made one.
    maps = sorted(build.glob("*.build/module.modulemap")) + sorted(build.parents[1].glob("checkouts/*/Sources/*/include/module.modulemap"))
    shutil.rmtree(output, ignore_errors=True)
    failed = []
    catalogues = sorted(sources.glob("*/*.docc"))
    if not catalogues:
        raise SystemExit("no catalogue was found")
    for catalogue in catalogues:
        module = catalogue.parent.name
        command = ["docc", "convert", catalogue, "--warnings-as-errors", "--output-path", output / f"{module}.doccarchive",
                   "--fallback-display-name", module, "--fallback-bundle-identifier", f"readerd.{module}"]
        if module in LIBRARIES:
            symbols = output / "symbols" / module
            symbols.mkdir(parents=True)
            subprocess.run(
                ["swift-symbolgraph-extract", "-module-name", module, "-minimum-access-level", "public", "-skip-inherited-docs",
                 "-skip-synthesized-members", "-target", triple, "-I", build / "Modules",
                 *[word for path in maps for word in ("-Xcc", f"-fmodule-map-file={path}")], "-output-dir", symbols], check=True)
            command += ["--additional-symbol-graph-dir", symbols]
            if module in COMPLETE:
                for symbol in json.loads((symbols / f"{module}.symbols.json").read_text())["symbols"]:
                    if "docComment" not in symbol:
                        failed.append(f"{module}: {'.'.join(symbol['pathComponents'])} has no comment")
        done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0 or "warning:" in done.stdout:
            failed.append(f"{catalogue.relative_to(sources.parent)}:\n{done.stdout}")
        else:
            print(f"ok   {module}")
    for text in failed:
        print(f"FAIL {text}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
