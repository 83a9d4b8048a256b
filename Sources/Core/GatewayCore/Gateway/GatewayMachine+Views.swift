import GatewayModel
import Moments

package struct LaneView: Sendable, Equatable {
    package var name: LaneName
    package var reader: ReaderID?
    package var state: ReaderState?
    package var payment: PaymentID?
    /// How many payments wait for the lane's reader.
    package var waiting: Int
}

extension GatewayMachine {
    /// The payment that holds a reader, unless it has ended.
    package func holding(_ reader: ReaderID) -> PaymentRecord? {
        guard let machine = readers[reader], !machine.isFreeing else { return nil }
        return machine.holder?.payment.flatMap { payments[$0]?.record }
    }

    package var hasOpenPayments: Bool { !payments.isEmpty }

    package var laneViews: [LaneView] {
        policy.lanes.keys.sorted().map { name in
            guard case .success(let id) = resolveReader(nil, lane: name), let machine = readers[id] else {
                return LaneView(name: name, reader: nil, state: nil, payment: nil, waiting: 0)
            }
            return LaneView(
                name: name, reader: id, state: readerView(machine).state, payment: machine.holder?.payment, waiting: machine.waitingCount)
        }
    }

    /// Live or test mode: what a reader said at its activation, else what the seen publishable keys say; nil when it is not known yet.
    package var livemode: Bool? {
        if let said = readers.values.lazy.compactMap({ $0.livemode ?? $0.facts.livemode }).first { return said }
        let keys = carts.values.compactMap { $0.configuration?.publishableKey } + currencies.keys
        if keys.contains(where: { $0.text.hasPrefix("pk_live_") }) { return true }
        return keys.contains { $0.text.hasPrefix("pk_test_") } ? false : nil
    }

    /// Why the last reading of the list of readers failed.
    package var listTrouble: CallFailure? { lists.lastFailure }
}
