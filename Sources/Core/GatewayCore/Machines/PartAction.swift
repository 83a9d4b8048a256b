import GatewayModel

/// An action that a part of the middle wants done. Each part names its own two kinds.
package enum PartAction<Owed: Sendable & Equatable, Begun: Sendable & Equatable>: Sendable, Equatable {
    /// An action that is always carried out, whatever has become of the part meanwhile. It names its object, and doing it twice does no harm.
    ///
    /// Examples are a row of the journal, a release, a cancel at a reader, an answer to a waiting caller, and the return of a reservation.
    case owed(Owed)
    /// An action that is carried out only while the part that wanted it is there and has not ended. Otherwise it is dropped, and its asker is
    /// told.
    ///
    /// Examples are a question, an activation, a collect, a confirm, the making of an intent, and the taking of a lease.
    case begun(Begun)
}

extension ReaderCommand {
    /// Whether the command only takes off the reader what this agent has put there.
    var takesOff: Bool {
        switch self {
        case .cancelCollect, .cancelReusable, .clearDisplay: true
        case .activate, .prove, .heartbeat, .display, .collect, .query, .confirm, .collectReusable, .queryReusable, .confirmReusable: false
        }
    }
}
