/// The facts of the journal, a key and a value each: their spelling is the stored format and never changes.
package enum StoredFacts {
    /// The currency that a publishable key has shown; the key follows.
    package static let currencyKey = "currency."
    /// The key has shown more than one currency: it tells nothing any more.
    package static let severalCurrencies = "several"

    /// How a technician's word on a payment stands; the payment's id follows.
    package static let resolutionKey = "resolution."
    /// A resolved payment that the backend may yet contradict. The journal keeps the payment as long, however old it is.
    package static let watchedResolution = "watched"
    /// The backend has contradicted the technician; what it said follows.
    package static let contradictedResolution = "contradicted: "
    /// Nobody asks about the resolved payment any more.
    package static let settledResolution = "settled"

    /// Whether somebody has agreed to the loss of a journal that was set aside; its file's name follows.
    package static let lossKey = "journal.lost."
    package static let lossNotAccepted = "not accepted"
    package static let lossAccepted = "accepted"

    /// Resolved payments that are watched still: a start needs their records.
    package static func watchedResolutions(_ facts: [String: String]) -> [PaymentID] {
        facts.filter {
            $0.key.hasPrefix(resolutionKey) && ($0.value == watchedResolution || $0.value.hasPrefix(contradictedResolution))
        }
        .map { PaymentID(unchecked: String($0.key.dropFirst(resolutionKey.count))) }.sorted()
    }
}
