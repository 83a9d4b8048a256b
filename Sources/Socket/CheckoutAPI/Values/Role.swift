/// What a caller may do. Each role may do what the ones before it may.
public enum Role: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
    /// Read, without card data.
    case monitor
    /// Carts, payments, intents and connection tokens.
    case checkout
    /// Readers' registration and release, checks, and resolving a payment by hand.
    case technician

    private var rank: Int {
        switch self {
        case .monitor: 0
        case .checkout: 1
        case .technician: 2
        }
    }

    public static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
}
