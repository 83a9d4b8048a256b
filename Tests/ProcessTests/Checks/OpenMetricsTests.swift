import CheckoutAPI
import CheckoutClient
import StoreSimulator
import TestSupport
import Testing

/// The metrics of the running daemon, read as strictly as OpenMetrics 1.0 may be.
@Suite(.timeLimit(.minutes(30))) struct OpenMetricsTests {
    @Test func `a strict reader understands every line`() async throws {
        try await Store.open { store in
            _ = try await store.pay("m-1", cart: "1")
            store.simulator.fault(Fault("backend.payment_intent", .status(422, body: "{}")))
            _ = try await store.pay("m-2", cart: "2")
            let text = try await store.client.metrics()
            store.remember(answer: text)
            let families = try StrictMetrics.families(text)
            let calls = try #require(families.first { $0.name == "readerd_calls" })
            #expect(calls.type == "counter" && calls.samples.count > 5)
            let ended = try #require(families.first { $0.name == "readerd_payments_ended" })
            #expect(ended.samples.reduce(0) { $0 + $1.value } == 2)
            let durations = try #require(families.first { $0.name == "readerd_payment_duration_seconds" })
            #expect(durations.samples.contains { $0.name.hasSuffix("_count") && $0.value == 1 })
            for sample in families.flatMap(\.samples) {
                for (name, value) in sample.labels {
                    #expect(!["m-1", "m-2", "Reader 1", "tmr"].contains { value.hasPrefix($0) }, "\(name)=\(value) is of no fixed set")
                }
            }
        }
    }

    @Test(arguments: [
        "", "a 1\n# EOF\n", "# TYPE a gauge\na 1\n", "# TYPE a gauge\na 1\n# EOF\n\n", "# TYPE a counter\na 1\n# EOF\n",
        "# TYPE a gauge\na{x=\"1\",x=\"2\"} 1\n# EOF\n", "# TYPE a gauge\na 1\na 1\n# EOF\n",
        "# TYPE a gauge\n# TYPE a gauge\na 1\n# EOF\n",
        "# TYPE a gauge\na{x=\"\\q\"} 1\n# EOF\n", "# TYPE a gauge\n# UNIT a seconds\na 1\n# EOF\n", "# TYPE a gauge\na one\n# EOF\n",
        "# TYPE a histogram\na_bucket{le=\"1.0\"} 2\na_bucket{le=\"+Inf\"} 1\na_count 1\na_sum 1\n# EOF\n",
        "# TYPE a histogram\na_bucket{le=\"1.0\"} 1\na_count 1\na_sum 1\n# EOF\n",
        "# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\na{x=\"1\"} 1\n# EOF\n",
    ])
    func `the strict reader is strict`(text: String) {
        #expect(throws: StrictMetrics.Fault.self) { try StrictMetrics.families(text) }
    }
}

/// Reads OpenMetrics text and accepts nothing that the format forbids (OpenMetrics 1.0, "Text format").
enum StrictMetrics {
    struct Fault: Error, CustomStringConvertible {
        var description: String
    }

    struct Sample: Sendable {
        var name: String
        var labels: [(name: String, value: String)]
        var value: Double
    }

    struct Family: Sendable {
        var name: String
        var type: String
        var unit: String?
        var help: String?
        var samples: [Sample] = []
    }

    private static let suffixes: [String: [String]] = [
        "gauge": [""], "counter": ["_total", "_created"], "histogram": ["_bucket", "_count", "_sum", "_created"], "info": ["_info"],
    ]

    static func families(_ text: String) throws -> [Family] {
        guard text.hasSuffix("# EOF\n") else { throw Fault(description: "it does not end with # EOF") }
        var families: [Family] = []
        for line in text.dropLast("# EOF\n".count).split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            if line.hasPrefix("# ") { try describe(line, &families) } else { try add(line, &families) }
        }
        for family in families { try check(family) }
        return families
    }

    private static func describe(_ line: Substring, _ families: inout [Family]) throws {
        guard let match = line.wholeMatch(of: #/# (TYPE|UNIT|HELP) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)/#) else {
            throw Fault(description: "\(line)")
        }
        let (keyword, name, rest) = (match.1, String(match.2), String(match.3))
        if keyword == "TYPE" {
            guard !families.contains(where: { $0.name == name }), suffixes[rest] != nil else { throw Fault(description: "\(line)") }
            families.append(Family(name: name, type: rest))
            return
        }
        guard var family = families.popLast(), family.name == name, family.samples.isEmpty else {
            throw Fault(description: "\(line): not at the head of its family")
        }
        if keyword == "UNIT" {
            guard family.unit == nil, name.hasSuffix("_" + rest) else {
                throw Fault(description: "\(line): the name does not end in the unit")
            }
            family.unit = rest
        } else {
            guard family.help == nil, isEscaped(rest, "\\n\"") else { throw Fault(description: "\(line)") }
            family.help = rest
        }
        families.append(family)
    }

    private static func add(_ line: Substring, _ families: inout [Family]) throws {
        guard let match = line.wholeMatch(of: #/([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)/#), let value = number(match.3) else {
            throw Fault(description: "\(line)")
        }
        let sample = Sample(name: String(match.1), labels: try labels(match.2 ?? ""), value: value)
        guard var family = families.popLast(), let known = suffixes[family.type], known.contains(where: { family.name + $0 == sample.name })
        else {
            throw Fault(description: "\(line): not of the family before it")
        }
        let isThere = family.samples.contains { other in
            other.name == sample.name && other.labels.count == sample.labels.count
                && zip(other.labels, sample.labels).allSatisfy { $0 == $1 }
        }
        guard !isThere else { throw Fault(description: "\(line): twice") }
        family.samples.append(sample)
        families.append(family)
    }

    private static func labels(_ text: Substring) throws -> [(name: String, value: String)] {
        var found: [(name: String, value: String)] = []
        var rest = text
        while !rest.isEmpty {
            guard let match = rest.prefixMatch(of: #/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/#) else {
                throw Fault(description: "labels \(text)")
            }
            guard !found.contains(where: { $0.name == match.1 }) else { throw Fault(description: "labels \(text): one twice") }
            found.append((String(match.1), String(match.2)))
            rest = rest[match.range.upperBound...]
        }
        return found
    }

    private static func check(_ family: Family) throws {
        for sample in family.samples {
            if family.type == "info", sample.value != 1 { throw Fault(description: "\(sample.name) is not 1") }
            if family.type != "gauge", sample.value < 0 { throw Fault(description: "\(sample.name) is negative") }
        }
        guard family.type == "histogram" else { return }
        let groups = Dictionary(grouping: family.samples) { sample in
            sample.labels.filter { $0.name != "le" }.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
        }
        for (labels, samples) in groups {
            let buckets = samples.filter { $0.name == family.name + "_bucket" }
            let bounds = try buckets.map { bucket in
                guard let bound = bucket.labels.first(where: { $0.name == "le" }).flatMap({ number(Substring($0.value)) }) else {
                    throw Fault(description: "\(family.name) {\(labels)}: a bucket without a bound")
                }
                return bound
            }
            let counts = buckets.map(\.value)
            guard bounds == bounds.sorted(), Set(bounds).count == bounds.count, bounds.last == .infinity, counts == counts.sorted(),
                counts.last == samples.first(where: { $0.name == family.name + "_count" })?.value,
                samples.contains(where: { $0.name == family.name + "_sum" })
            else { throw Fault(description: "\(family.name) {\(labels)}: \(bounds) \(counts)") }
        }
    }

    private static func number(_ text: Substring) -> Double? {
        if text == "+Inf" { return .infinity }
        return text.wholeMatch(of: #/[+-]?\d+(\.\d+)?([eE][+-]?\d+)?/#) == nil ? nil : Double(text)
    }

    /// Every backslash begins one of these.
    private static func isEscaped(_ text: String, _ allowed: String) -> Bool {
        var isOpen = false
        for character in text {
            if isOpen {
                guard allowed.contains(character) else { return false }
                isOpen = false
            } else {
                isOpen = character == "\\"
            }
        }
        return !isOpen
    }
}
