import FoundationEssentials
import Testing

@Suite(.timeLimit(.minutes(5)))
struct DocumentTests {
    @Test func `manual pages are made from the commands, one for each program`() throws {
        let scratch = try Scratch()
        let made = try shell("\(Place.packaging)/manuals \(try Place.programs()) \(scratch.path)", in: scratch)
        #expect(made.status == 0, "\(made.output)")
        #expect(Place.text(scratch.path + "/readerd.8").contains(".SH EXIT STATUS"))
        let control = Place.text(scratch.path + "/readerctl.1")
        for command in ["status", "watch", "pay", "payments list", "resolve", "check", "report", "bundle"] {
            #expect(control.contains(".SS readerctl \(command)\n"), "\(command)")
        }
        #expect(Place.text(scratch.path + "/readersim.1").contains(".SH COMMANDS"))
        for page in ["readerd.8", "readerctl.1", "readersim.1"] {
            let text = Place.text(scratch.path + "/" + page)
            for section in ["EXIT STATUS", "FILES", "EXAMPLES", "SEE ALSO"] {
                #expect(text.contains(".SH \(section)\n"), "\(page): \(section)")
            }
        }
        // What every command takes is told once.
        #expect(control.split(separator: "\n").count { $0.hasPrefix("\\fB\\-\\-socket\\fR") } == 1)
        let settings = Place.text(scratch.path + "/readerd.toml.5")
        for key in ["location", "backend.token_file", "timeouts.authorization_window_s", "log.format"] {
            #expect(settings.contains("\\fB\(key)\\fR = "), "\(key)")
        }
        for page in ["readerd.8", "readerctl.1", "readersim.1", "readerd.toml.5"] {
            let drawn = try shell("groff -Kutf8 -man -Tutf8 -wall \(scratch.path)/\(page) > /dev/null", in: scratch)
            #expect(drawn.status == 0 && drawn.output == "", "\(page): \(drawn.output)")
        }
    }

    @Test func `the first payment of the README is one command, so that it can be pasted`() throws {
        let scratch = try Scratch()
        let readme = Place.text(Place.root + "/README.md")
        let block = try #require(readme.split(separator: "```\n").first { $0.hasPrefix("(\n") && $0.contains("readersim run") })
        // Each stands for its program, and eats what waits on standard input, as a question for a password does.
        let fakes = """
            mkdir -p \(scratch.path)/bin \(scratch.path)/work && cd \(scratch.path)/bin
            for name in sudo readersim; do printf '#!/bin/sh\\ncat > /dev/null\\necho %s "$@" >> \(scratch.path)/said\\necho ready\\n' $name > $name; done
            chmod 755 sudo readersim
            """
        #expect(try shell(fakes, in: scratch).status == 0)
        #expect(
            FileManager.default.createFile(
                atPath: scratch.path + "/block", contents: Data((String(block) + "echo after >> \(scratch.path)/said\n").utf8)))
        let ran = try shell("cd \(scratch.path)/work && PATH=\(scratch.path)/bin:$PATH bash < \(scratch.path)/block", in: scratch)
        #expect(ran.status == 0, "\(ran.output)")
        let said = Place.text(scratch.path + "/said").split(separator: "\n").map(String.init)
        #expect(said.contains { $0.hasPrefix("sudo readerctl pay ") }, "\(said)")
        #expect(said.count { $0.hasPrefix("sudo ") } == block.split(separator: "\n").count { $0.contains("sudo ") }, "\(said)")
    }

    @Test func `the README leads to every document`() throws {
        let readme = Place.text(Place.root + "/README.md")
        let linked = Set(readme.matches(of: #/\]\(([^)#]+\.md)\)/#).map { String($0.1) })
        var documents = ["packaging/examples/README.md"]
        for name in try FileManager.default.contentsOfDirectory(atPath: Place.root) where name.hasSuffix(".md") && name != "README.md" {
            documents.append(name)
        }
        for path in try Place.sources() where path.hasSuffix(".md") { documents.append("Sources/" + path) }
        // The root of a catalogue that only lists its articles.
        let lists = ["readerd.docc/readerd.md", "Gateway.docc/Gateway.md", "CheckoutAPI.docc/CheckoutAPI.md"]
        let missing = documents.filter { document in !linked.contains(document) && !lists.contains { document.hasSuffix($0) } }
        #expect(documents.count > 25 && missing.isEmpty, "\(missing)")
    }

    @Test func `what a person is told to type is a command, with the right to run it`() throws {
        // Only who has a role may run these, and root has them all.
        let commands = [
            "labels apply", "register", "resolve", "payments acknowledge", "journal accept-loss", "readers connect", "readers remove",
            "readers identify", "discover", "trial tells", "carts open CART",
        ]
        let routes = ["GET", "PUT", "POST", "DELETE"].map { "\($0) /v1/" }
        var read = 0
        for path in try Place.sources() where path.hasSuffix(".swift") && !path.contains("/OpenAPI/") {
            read += 1
            for line in Place.text(Place.root + "/Sources/" + path).split(separator: "\n") where !line.contains("///") {
                // Whoever asks for a route that there is not is a program's developer.
                for route in routes where line.contains(route) && line.contains("\"") && !line.contains("/v1/openapi.json") {
                    Issue.record("\(path): a route is no advice for a person: \(line)")
                }
                // A command is copied to its end: no sentence goes on behind it.
                let isCopied = line.contains("sudo ") || line.contains("/credentials/")
                #expect(!(isCopied && line.contains(". readerd")), "\(path): the command does not end where it seems to: \(line)")
                guard !path.hasPrefix("Tools/"), !path.hasPrefix("Simulator/") else { continue }
                let bare = line.replacing("sudo readerctl", with: "")
                for command in commands where bare.contains("readerctl \(command)") {
                    Issue.record("\(path): sudo is missing, without which only who has the role may run \(command): \(line)")
                }
            }
        }
        #expect(read > 400)
    }

    @Test func `the units start what the package brings`() throws {
        let unit = Place.text(Place.packaging + "/systemd/readerd-metrics.service")
        #expect(unit.contains("ExecStart=/usr/libexec/readerd/write-metrics\n"))
        #expect(Place.text(Place.packaging + "/debian/readerd.install").contains("bin/write-metrics usr/libexec/readerd\n"))
    }

    @Test(arguments: ["bash", "zsh", "fish"], ["readerd", "readerctl"])
    func `completions are made from the commands`(language: String, program: String) throws {
        let scratch = try Scratch()
        let made = try shell("\(try Place.programs())/\(program) --generate-completion-script \(language)", in: scratch)
        #expect(made.status == 0)
        #expect(made.output.contains(program == "readerd" ? "check-config" : "payments"))
        if program == "readerctl" { for command in ["watch", "report", "bundle"] { #expect(made.output.contains(command), "\(command)") } }
    }
}
