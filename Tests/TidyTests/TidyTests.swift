import Foundation
import Testing

/// What keeps the house easy to live in, and what no compiler looks at.
@Suite(.serialized) struct TidyTests {
    private static let tree = Result { try SourceTree() }

    // MARK: Layers

    /// Which folders of Sources a folder may know. The edges and the tools know the nouns of Core alone.
    private static let knows: [String: Set<String>] = [
        "Base": ["Base"], "Core": ["Base", "Core"], "Edges": ["Base", "Edges"], "Socket": ["Base", "Socket"],
        "Agent": ["Base", "Core", "Edges", "Socket", "Agent"], "Tools": ["Base", "Socket", "Tools"],
        "Simulator": ["Base", "Socket", "Simulator"],
    ]
    /// What may hold a machine: what runs it, and what proves it.
    private static let holdsMachines: Set<String> = ["GatewayCore", "GatewaySimulation", "Gateway", "readerd", "simulate"]

    @Test func `a layer knows those inside it, and only what runs the middle knows its machines`() throws {
        let tree = try Self.tree.get()
        var layers: [String: String] = [:]
        for file in tree.sources { if let target = file.target { layers[target.name] = target.layer } }
        #expect(layers["GatewayCore"] == "Core" && layers.count > 20)
        for file in tree.sources {
            guard let target = file.target else {
                Issue.record("\(file.path) stands in no target")
                continue
            }
            let known = try #require(Self.knows[target.layer], "\(file.path): Sources has no layer \(target.layer)")
            for module in file.imports {
                guard let layer = layers[module] else { continue }
                let isNoun = module == "GatewayModel"
                #expect(
                    known.contains(layer) || isNoun || (target.name == "simulate" && layer == "Core"), "\(file.path) imports \(module)")
                if module == "GatewayCore" { #expect(Self.holdsMachines.contains(target.name), "\(file.path) imports a machine") }
            }
        }
    }

    @Test func `every target that a target depends on is imported by it`() throws {
        let tree = try Self.tree.get()
        let manifest = try SourceTree.manifest()
        var imported: [String: Set<String>] = [:]
        for file in tree.files {
            let parts = file.path.split(separator: "/").map(String.init)
            imported[file.target?.name ?? parts[1], default: []].formUnion(file.imports)
        }
        let declared = Manifest.targets(manifest)
        let libraries = Set(declared.filter { $0.kind == "library" }.map(\.name))
        #expect(libraries.count > 15)
        for target in declared {
            for dependency in target.quoted where libraries.contains(dependency) && dependency != target.name {
                #expect(imported[target.name]?.contains(dependency) == true, "\(target.name) depends on \(dependency) and does not use it")
            }
        }
    }

    // MARK: The middle

    private static func owners() throws -> OwnerGraph {
        OwnerGraph(try tree.get().files.filter { $0.path.hasPrefix("Sources/Core/GatewayCore/") })
    }

    @Test func `no two owners of the middle name each other, and the page of the house shows them as they stand`() throws {
        let graph = try Self.owners()
        try #require(graph.names.count > 40)
        for knot in graph.knots { Issue.record("\(knot)") }
        let page = try String(contentsOf: SourceTree.root.appending(path: "ARCHITECTURE.md"), encoding: .utf8)
        let isShown = page.contains(graph.picture)
        #expect(isShown, "The page should show:\n\(graph.picture)")
    }

    @Test func `no part that the machine stores names another, but for the queue of what they all want`() throws {
        let graph = try Self.owners()
        let machine = try #require(try Self.tree.get().files.first { $0.name == "GatewayMachine.swift" })
        let stored = machine.lines.prefix { !$0.contains("init(") }.filter { $0.hasPrefix("    var ") }
        var parts = Set(stored.compactMap { Code.types(in: $0.prefix { $0 != "<" }).first.flatMap { graph.owners[$0] } })
        parts.subtract(["Policy", "ActionQueue"])
        try #require(parts.count > 12)
        for part in parts {
            for (other, places) in graph.names[part, default: [:]] where parts.contains(other) {
                Issue.record("\(part) names \(other): \(places.joined(separator: ", "))")
            }
        }
    }

    // MARK: Size

    @Test func `a file holds one owner, in at most 400 lines`() throws {
        for file in try Self.tree.get().files {
            let lines = file.lines.count - 1
            #expect(lines <= 400, "\(file.path) has \(lines) lines")
        }
    }

    @Test func `a function has at most 70 lines`() throws {
        for file in try Self.tree.get().files {
            for function in Functions.of(file.lines) where function.length > 70 {
                Issue.record("\(file.path):\(function.line): \(function.length) lines")
            }
        }
    }

    // MARK: What nobody uses

    /// Called by whom we do not see: a protocol of a library, or what starts a program.
    private static let calledFromOutside: Set<String> = [
        "didSendRequestHead", "didReceiveHead", "didReceiveBodyPart", "didFinishRequest", "InboundOut", "allKeys", "Simulate", "Readersim",
        "Fuzz",
    ]

    @Test func `what is declared is used`() throws {
        let tree = try Self.tree.get()
        var seen: [Substring: Int] = [:]
        for file in tree.files { for word in file.words { seen[word, default: 0] += 1 } }
        for file in tree.files {
            for name in Declarations.names(of: file.lines) where seen[name] == 1 && !Self.calledFromOutside.contains(String(name)) {
                // A suite of tests is found by the runner.
                if file.path.hasPrefix("Tests/"), name.hasSuffix("Tests") { continue }
                Issue.record("\(file.path): \(name) is declared and never used")
            }
        }
    }

    // MARK: Words

    @Test func `every place that the page of the house names is there`() throws {
        let page = try String(contentsOf: SourceTree.root.appending(path: "ARCHITECTURE.md"), encoding: .utf8)
        let marked = page.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
        let places = marked.filter { $0.contains("/") && !$0.contains(" ") }
        try #require(places.count > 40)
        for place in places {
            // The parts of the middle are named from its folder.
            let isThere = ["", "Sources/Core/GatewayCore/"].contains { folder in
                FileManager.default.fileExists(atPath: SourceTree.root.appending(path: folder + place).path)
            }
            #expect(isThere, "\(place) is nowhere")
        }
    }

    @Test func `the documents that comments name are in the repository`() throws {
        let tree = try Self.tree.get()
        for file in tree.files {
            for line in file.lines {
                guard let comment = line.range(of: "//") else { continue }
                for word in line[comment.upperBound...].split(whereSeparator: { " ()`,;:<>\"".contains($0) }) where word.hasSuffix(".md") {
                    let name = String(word.split(separator: "/").last ?? word)
                    #expect(tree.names.contains(name), "\(file.path) names \(word)")
                }
            }
        }
    }
}
