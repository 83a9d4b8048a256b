/// Where the reader is, as far as is known.
extension ReaderMachine {
    /// Every address on the LAN at which it may be spoken to now.
    var places: Set<PrivateAddress> {
        var texts: [String] = []
        if let address = facts.address { texts.append(address) }
        if case .lan(let address) = route?.link { texts.append(address) }
        return Set(texts.compactMap { Self.address($0) })
    }

    /// Nil: what Stripe says is no address that would be dialled.
    private static func address(_ text: String) -> PrivateAddress? {
        do throws(PrivateAddress.Problem) {
            return try PrivateAddress(text)
        } catch {
            return nil
        }
    }
}
