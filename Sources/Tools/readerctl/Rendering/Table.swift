/// Aligned columns within a width. Columns are as wide as what they hold; when that is too much, the flexible one gives way.
struct Table {
    struct Column {
        var title: String
        var alignsRight = false
        /// Whether it may be shortened when the table is too wide.
        var gives = false
        /// The turn in which it is left out when the table is too wide for the shortest form of what gives; the highest number first. Nil
        /// stays.
        var leaves: Int?
    }

    /// Columns that give are not made shorter than this.
    private static let shortest = 6
    private static let gap = 2

    var columns: [Column]
    var width: Int
    private(set) var rows: [[String]] = []

    init(_ columns: [Column], width: Int = TextWidth.table) {
        self.columns = columns
        self.width = width
    }

    /// Cells are text from outside: they are stripped of what a terminal would act on.
    mutating func add(_ cells: [String]) {
        rows.append(cells.map { shown($0) })
    }

    var lines: [String] {
        var kept = Array(columns.indices)
        while least(kept) > width, let leaver = kept.filter({ columns[$0].leaves != nil }).max(by: { rank($0) < rank($1) }) {
            kept.removeAll { $0 == leaver }
        }
        var widths = kept.map(natural)
        var excess = widths.reduce(0, +) + Self.gap * max(0, kept.count - 1) - width
        for (place, index) in kept.enumerated() where columns[index].gives && excess > 0 {
            let cut = min(excess, max(0, widths[place] - shortest(index)))
            widths[place] -= cut
            excess -= cut
        }
        return ([columns.map(\.title)] + rows).map { row in
            var line = ""
            for (place, index) in kept.enumerated() {
                let cell = fitted(index < row.count ? row[index] : "", to: widths[place])
                let padding = String(repeating: " ", count: max(0, widths[place] - cell.columns))
                if place > 0 { line += String(repeating: " ", count: Self.gap) }
                line += columns[index].alignsRight ? padding + cell : cell + padding
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    private func natural(_ index: Int) -> Int {
        rows.reduce(columns[index].title.columns) { max($0, index < $1.count ? $1[index].columns : 0) }
    }

    private func shortest(_ index: Int) -> Int {
        columns[index].gives ? min(natural(index), max(columns[index].title.columns, Self.shortest)) : natural(index)
    }

    /// How wide these columns are when all that give have given all.
    private func least(_ kept: [Int]) -> Int {
        kept.reduce(Self.gap * max(0, kept.count - 1)) { $0 + shortest($1) }
    }

    private func rank(_ index: Int) -> Int { columns[index].leaves ?? -1 }
}
