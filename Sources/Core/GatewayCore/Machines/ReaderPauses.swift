import GatewayModel

/// How often and how soon a session is tried again with one reader.
struct ReaderPauses: Sendable {
    /// The longest pause for a reader whose software does not serve this interface, in milliseconds. A technician can ask for an earlier
    /// try.
    private static let longestForSoftware: Int64 = 1_800_000

    /// The tries for the present holder.
    private var attempts = 0
    private var backoff = Backoff(base: 1_000, ceiling: 30_000)
    /// How often in a row the reader has said that it does not serve the interface.
    private var unsupportedTries = 0

    /// Whether a holder that waits is worth one more try at once.
    var isFirstTry: Bool { attempts < 2 }

    mutating func failed() { attempts += 1 }

    /// Begins to count for a holder.
    mutating func holderAwaits() { attempts = 0 }

    /// Notes that the reader serves the interface.
    mutating func understood() { unsupportedTries = 0 }

    /// Notes that the reader was proved idle.
    mutating func proved() {
        understood()
        backoff.reset()
    }

    /// Notes that a session is open.
    mutating func opened() {
        backoff.reset()
        attempts = 0
    }

    /// The pause after a failed try, in milliseconds. One odd answer proves nothing of the software, so that pause grows only with each
    /// repetition.
    mutating func next(after trouble: ReaderTrouble, random: inout SeededRandom) -> Int64 {
        guard trouble.kind == .softwareUnsupported else { return 500 + backoff.next(random: &random) }
        unsupportedTries += 1
        return min(Self.longestForSoftware, 15_000 << Int64(2 * min(unsupportedTries - 1, 5)))
    }
}
