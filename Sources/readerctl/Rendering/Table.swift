/// Aligned columns within a width. Columns are as wide as what they hold; when that is too much, the flexible one gives way.
struct Table {
    struct Column {
        var title: String
        var alignsRight = false
        /// May be shortened when the table is too wide.
        var gives = false
    }

    var columns: [Column]
    var width = 80
    private(set) var rows: [[String]] = []

    init(_ columns: [Column], width: Int = 80) {
        self.columns = columns
        self.width = width
    }

    /// Cells are text from outside: they are stripped of what a terminal would act on.
    mutating func add(_ cells: [String]) {
        rows.append(cells.map { shown($0) })
    }

    var lines: [String] {
        let gap = 2
        var widths = columns.enumerated().map { index, column in
            rows.reduce(column.title.count) { max($0, index < $1.count ? $1[index].count : 0) }
        }
        let total = widths.reduce(0, +) + gap * max(0, columns.count - 1)
        var excess = total - width
        for index in columns.indices where columns[index].gives && excess > 0 {
            let least = max(columns[index].title.count, 6)
            let cut = min(excess, max(0, widths[index] - least))
            widths[index] -= cut
            excess -= cut
        }
        return ([columns.map(\.title)] + rows).map { row in
            var line = ""
            for (index, column) in columns.enumerated() {
                let cell = fitted(index < row.count ? row[index] : "", to: widths[index])
                let padding = String(repeating: " ", count: max(0, widths[index] - cell.count))
                if index > 0 { line += String(repeating: " ", count: gap) }
                line += column.alignsRight ? padding + cell : cell + padding
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    private func fitted(_ text: String, to width: Int) -> String {
        text.count <= width ? text : text.prefix(max(0, width - 1)) + "…"
    }
}
