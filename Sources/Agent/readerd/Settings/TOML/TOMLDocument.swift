/// What stands in a settings file, before anybody asks what it means.
///
/// readerd reads TOML by itself: the libraries that there are for it answer some slips with an assertion, which ends the program and cannot
/// be caught. Whoever could tell beforehand which texts these are would have read the text already.
enum TOMLDocument {
    /// A table; it grows while the text is read.
    final class Table {
        /// How the table came to be, which decides what may still be added to it.
        enum Origin {
            /// By a header that names one below it: its own header may follow.
            case implied
            /// By its own header.
            case header
            /// By a key with dots: further keys may follow, a header may not.
            case dotted
            /// Between braces: whole.
            case inline
        }

        var origin: Origin
        var entries: [String: Node] = [:]

        init(_ origin: Origin) { self.origin = origin }
    }

    enum Node {
        case value(SettingsValue)
        case table(Table)
        /// What `[[name]]` makes.
        case tables([Table])

        /// The value of a key, which no table is.
        var asValue: SettingsValue {
            switch self {
            case .value(let value): value
            case .table: .other("a group of keys")
            case .tables(let tables): .list(tables.map { _ in .other("a group of keys") })
            }
        }
    }

    /// What is wrong with the text, and where. The message never repeats a value.
    struct Slip: Error, Equatable {
        /// The line, from 1.
        var line: Int
        /// The column, from 1, in characters.
        var column: Int
        var message: String
    }

    /// Bounds above what any settings file needs, so that no text costs much or goes deep.
    enum Most {
        /// Names in a key or a header, with dots between.
        static let parts = 16
        /// Bytes of one name.
        static let name = 256
        /// Lists and tables in each other.
        static let depth = 16
        /// Values of all lists, and keys of all tables.
        static let values = 20_000
    }

    static func parse(_ text: String) throws(Slip) -> Table {
        var parser = TOMLParser(text)
        return try parser.document()
    }
}
