"""Generates clients from the OpenAPI document with others' generators, compiles them, and takes a payment with each.

openapi-python-client and openapi-generator (Go). Nothing is fetched: the generators are in the environment, and what they make needs no package beside
what is there.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def run(*command, **options):
    return subprocess.run([str(word) for word in command], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600, **options)


def python_client(tools, document, directory):
    """The generated package, and how to run a program with it."""
    settings = directory / "python.yml"
    # Ours are the names; what the client makes of streams, which it does not know, is left out by it.
    settings.write_text("package_name_override: readerd_client\nproject_name_override: readerd-client\npost_hooks: []\n")
    made = run(tools / "openapi-python-client", "generate", "--path", document, "--output-path", directory / "python", "--config", settings)
    # Streams are no JSON, and left out; anything else that it cannot read is a fault of the document.
    streams = made.stdout.count("Unsupported content_type application/x-ndjson")
    if made.returncode != 0 or len(re.findall("^WARNING ", made.stdout, re.M)) != streams:
        return made.stdout, None
    compiled = run(sys.executable, "-m", "compileall", "-q", directory / "python")
    environment = {**os.environ, "PYTHONPATH": str(directory / "python")}
    return compiled.stdout, lambda socket: run(sys.executable, HERE / "clients/pay.py", socket, env=environment)


def go_client(tools, document, directory):
    client, program = directory / "go/client", directory / "go/pay"
    made = run(tools / "openapi-generator-cli", "generate", "-i", document, "-g", "go", "-o", client, "--package-name", "readerd",
               "--global-property", "apiTests=false,modelTests=false,apiDocs=false,modelDocs=false")
    if made.returncode != 0 or "[ERROR]" in made.stdout:
        return made.stdout, None
    # One module, without a version of Go that Debian's is too old for; the generated one has no requirement to keep.
    (client / "go.mod").unlink()
    (client / "go.sum").unlink(missing_ok=True)
    (directory / "go/go.mod").write_text("module readerd.example\n\ngo 1.19\n")
    program.mkdir()
    (program / "main.go").write_text((HERE / "clients/pay.go").read_text())
    environment = {**os.environ, "GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "local", "GOCACHE": str(directory / "cache"), "CGO_ENABLED": "0"}
    built = run("go", "build", "-o", directory / "pay", "./pay", cwd=directory / "go", env=environment)
    return built.stdout if built.returncode != 0 else "", lambda socket: run(directory / "pay", socket)


def check(tools, document, directory, socket, result):
    """Both, in a store that is open."""
    for name, make in (("openapi-python-client", python_client), ("openapi-generator (Go)", go_client)):
        said, pay = make(tools, document, directory)
        result(f"{name} makes a client that compiles", pay is not None and not said.strip(), said.strip()[-2000:])
        if pay is None:
            continue
        paid = pay(socket)
        result(f"its client takes a payment: {paid.stdout.strip()[-200:]}" if paid.returncode == 0 else "its client takes a payment", paid.returncode == 0,
               paid.stdout.strip()[-2000:] if paid.returncode else "")
