import StoreSimulator

/// The ways in which somebody else's answer goes wrong, each for every call.
package enum OddAnswer: String, CaseIterable {
    case unauthorized, forbidden, rejected, serverError, silence, truncated, huge, garbage

    package var effect: FaultEffect {
        switch self {
        case .unauthorized: .status(401, body: #"{"detail": "The token is invalid or has expired."}"#)
        case .forbidden: .status(403, body: #"{"detail": "You do not have permission to perform this action."}"#)
        case .rejected: .status(422, body: #"{"detail": "Unprocessable."}"#)
        case .serverError: .status(500, body: "<html>Server Error (500)</html>")
        case .silence: .silence
        case .truncated: .truncate
        case .huge: .huge
        case .garbage: .garbage
        }
    }

    /// Whether the call does what it asks for all the same.
    package var acts: Bool {
        switch self {
        case .unauthorized, .forbidden, .rejected, .serverError, .silence: false
        case .truncated, .huge, .garbage: true
        }
    }
}
