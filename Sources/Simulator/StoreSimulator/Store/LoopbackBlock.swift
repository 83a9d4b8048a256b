/// A few neighbouring addresses of 127.0.0.0/8, chosen at random so that many stores fit on one machine.
struct LoopbackBlock {
    private let prefix: String
    private var next: Int

    init() {
        prefix = "127.\(Int.random(in: 16...250)).\(Int.random(in: 1...250))"
        next = Int.random(in: 2...40)
    }

    mutating func address() -> String {
        defer { next = next % 250 + 1 }
        return "\(prefix).\(next)"
    }
}
