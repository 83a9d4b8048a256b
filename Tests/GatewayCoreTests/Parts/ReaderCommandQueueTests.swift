import Testing

@testable import GatewayCore
@testable import GatewayModel
import Moments

/// A reader's commands: one under way, each with one answer.
@Suite struct ReaderCommandQueueTests {
    private typealias Item = ReaderCommandQueue.Item
    private static let holder = CommandOwner.holder(.payment(PaymentID(unchecked: "p1")))
    private static let request = CommandOwner.request(RequestID(1))
    private static let context = TransactionContext(transactionID: "1", startTime: 1)
    private static let collect = ReaderCommand.collect(context, amountMinor: 1, currency: StoreFixture.usd, tip: nil)
    private static let confirm = ReaderCommand.confirm(context, intent: IntentID(unchecked: "pi_1"), card: StoreFixture.card)

    private static func item(_ command: ReaderCommand, _ owner: CommandOwner = holder) -> Item {
        Item(owner: owner, command: command, timeout: 1_000)
    }

    private var queue = ReaderCommandQueue()

    @Test mutating func `one command is under way, and the next departs with its answer, in the order of arrival`() {
        #expect(queue.depart() == nil && queue.isResting)
        for command in [ReaderCommand.clearDisplay(nil), .heartbeat] { #expect(queue.add(Self.item(command, .session)) == nil) }
        let first = queue.depart()
        #expect(first?.item.command == .clearDisplay(nil) && queue.isAsking && queue.depart() == nil)
        #expect(queue.answered(first?.sequence ?? 0)?.command == .clearDisplay(nil))
        let second = queue.depart()
        #expect(second?.item.command == .heartbeat && second?.sequence == 2 && queue.isEmpty)
    }

    @Test mutating func `an answer counts once, and only to the command under way`() {
        _ = queue.add(Self.item(.heartbeat))
        #expect(queue.depart()?.sequence == 1 && queue.isAsking(as: 1) && !queue.isAsking(as: 2))
        let answers = [queue.answered(2), queue.answered(1), queue.answered(1)]
        #expect(answers == [nil, .init(owner: Self.holder, command: .heartbeat, isOfThisSession: true), nil])
    }

    @Test mutating func `what did not depart when its session ended is given back, but for the session's own`() {
        for item in [Self.item(.heartbeat), Self.item(.heartbeat, .session), Self.item(.heartbeat, Self.request)] { _ = queue.add(item) }
        _ = queue.depart()
        #expect(queue.isAwaited)
        let unsent = queue.endSession()
        #expect(unsent == [Self.item(.heartbeat, Self.request)])
        #expect(queue.isEmpty && queue.isAsking && queue.current?.asked.isOfThisSession == false)
    }

    @Test mutating func `an activation waits for the answer to a command of an earlier session`() {
        _ = queue.add(Self.item(.heartbeat))
        _ = queue.depart()
        _ = queue.endSession()
        let activation = ReaderCommand.prove(token: ConnectionToken(Secret("pst")))
        queue.addActivation(activation)
        #expect(queue.departActivation(timeout: 5) == nil && queue.hasActivation)
        #expect(queue.answered(1)?.isOfThisSession == false)
        let departure = queue.departActivation(timeout: 5)
        #expect(departure == .init(sequence: 2, item: .init(owner: .session, command: activation, timeout: 5)))
        #expect(!queue.hasActivation && queue.current?.asked.isOfThisSession == true)
    }

    @Test mutating func `a card is confirmed only in the session in which it was asked for, and by the same holder`() {
        #expect(queue.add(Self.item(Self.confirm)) != nil, "no card was asked for")
        _ = queue.add(Self.item(Self.collect))
        #expect(queue.add(Self.item(Self.confirm)) == nil)
        _ = queue.endSession()
        #expect(queue.add(Self.item(Self.confirm)) == .unreachable(detail: "the session in which the card was read is over"))
        _ = queue.add(Self.item(Self.collect))
        _ = queue.makeWay()
        #expect(queue.add(Self.item(Self.confirm)) != nil, "the card was another holder's")
        #expect(!queue.serves(.request(RequestID(2))))
    }

    @Test mutating func `a new holder has nothing of others before it, and the session keeps its own`() {
        for item in [Self.item(.heartbeat, Self.request), Self.item(.heartbeat, .session)] { _ = queue.add(item) }
        #expect(queue.serves(Self.request))
        let unsent = queue.makeWay()
        #expect(unsent == [Self.item(.heartbeat, Self.request)] && !queue.serves(Self.request))
        #expect(queue.depart()?.item.owner == .session)
    }

    @Test mutating func `who is gone has nothing in the queue, and what departed for it is answered still`() {
        for _ in 1...2 { _ = queue.add(Self.item(.heartbeat)) }
        _ = queue.depart()
        queue.forget(Self.holder)
        #expect(queue.isEmpty && queue.isAsking(for: Self.holder) && queue.serves(Self.holder))
        #expect(queue.answered(1) != nil && queue.isResting)
    }
}
