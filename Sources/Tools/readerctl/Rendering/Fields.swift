/// Names and values, one a line, the values aligned. What has no value is left out.
struct Fields {
    private var rows: [(name: String, value: String)] = []

    mutating func add(_ name: String, _ value: String?) {
        guard let value else { return }
        rows.append((name, shown(value)))
    }

    var lines: [String] {
        let width = rows.map(\.name.count).max() ?? 0
        return rows.map { $0.name + String(repeating: " ", count: width - $0.name.count + 2) + $0.value }
    }
}
