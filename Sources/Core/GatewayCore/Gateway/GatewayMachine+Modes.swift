import GatewayModel

/// Live or test mode from both sides, so that the agent can name a mixture.
package struct ModeFacts: Sendable, Equatable {
    /// What the seen publishable keys say; nil when the agent saw none or both kinds.
    package var key: Bool?
    /// What each reader says of itself, by its id.
    package var readers: [String: Bool]
}

extension GatewayMachine {
    package var modes: ModeFacts {
        let keys = (carts.values.compactMap { $0.configuration?.publishableKey } + currencies.keys).map(\.text)
        let isLive = keys.contains { $0.hasPrefix("pk_live_") }
        let isTest = keys.contains { $0.hasPrefix("pk_test_") }
        var modes = ModeFacts(key: isLive == isTest ? nil : isLive, readers: [:])
        for reader in readers.values { modes.readers[reader.id.text] = reader.livemode ?? reader.facts.livemode }
        return modes
    }
}
