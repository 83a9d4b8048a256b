/// The state in which a holder leaves the reader.
package enum ReaderLeft: Sendable, Equatable {
    /// The reader has said that nothing of this holder runs on it.
    case idle
    /// The reader may still be asking for a card or authorising. The lease stays until it is seen idle.
    case unknown
}
