/// How long something took, as precisely as it matters.
enum Lasting {
    /// Milliseconds in words: "0 ms", "84 ms", "1.24 s", "12.3 s", "2 min 5 s", "3 h 12 min", "4 d 2 h".
    static func words(_ milliseconds: Int64) -> String {
        let milliseconds = max(0, milliseconds)
        let seconds = milliseconds / 1000
        return switch milliseconds {
        case ..<1000: "\(milliseconds) ms"
        case ..<10_000: "\(seconds).\(two(milliseconds % 1000 / 10)) s"
        case ..<60_000: "\(seconds).\(milliseconds % 1000 / 100) s"
        case ..<3_600_000: "\(seconds / 60) min \(seconds % 60) s"
        case ..<86_400_000: "\(seconds / 3600) h \(seconds % 3600 / 60) min"
        default: "\(seconds / 86400) d \(seconds % 86400 / 3600) h"
        }
    }

    private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
