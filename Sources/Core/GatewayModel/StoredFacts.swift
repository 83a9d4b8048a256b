/// The facts of the journal, each a key and a value. Their spelling is the stored format and never changes.
package enum StoredFacts {
    /// The start of the key for the currency that a publishable key has shown. The publishable key follows.
    package static let currencyKey = "currency."
    /// The value for a key that has shown more than one currency, so that it gives no hint any more.
    package static let severalCurrencies = "several"

    /// The start of the key for the standing of a technician's word on a payment. The payment's id follows.
    package static let resolutionKey = "resolution."
    /// The value for a resolved payment that the backend may yet contradict. The journal keeps such a payment however old it is.
    package static let watchedResolution = "watched"
    /// The start of the value for a technician's word that the backend has contradicted. The backend's words follow.
    package static let contradictedResolution = "contradicted: "
    /// The value for a resolved payment about which the agent asks no more.
    package static let settledResolution = "settled"

    /// The start of the key for a technician's agreement to the loss of a journal that was set aside. Its file's name follows.
    package static let lossKey = "journal.lost."
    package static let lossNotAccepted = "not accepted"
    package static let lossAccepted = "accepted"

    /// The resolved payments that the agent still watches. A start needs their records.
    package static func watchedResolutions(_ facts: [String: String]) -> [PaymentID] {
        facts.filter {
            $0.key.hasPrefix(resolutionKey) && ($0.value == watchedResolution || $0.value.hasPrefix(contradictedResolution))
        }
        .map { PaymentID(unchecked: String($0.key.dropFirst(resolutionKey.count))) }.sorted()
    }
}
