import Moments
import Testing

@testable import GatewayCore
@testable import GatewayModel

@Suite struct RegistrationQueueTests {
    private static let reader = ReaderID(unchecked: "tmr_1")

    private func relabel(_ number: Int) -> RegistrationQueue.Job { .relabel(Self.reader, "Label \(number)") }

    private func add(
        _ queue: inout RegistrationQueue, _ job: RegistrationQueue.Job, for request: UInt64, at moment: MonoTime = 0
    ) -> [RegistrationQueue.Action] {
        queue.add(job, for: RequestID(request), patience: 30_000, at: moment) { _ in nil }
    }

    private func begun(_ actions: [RegistrationQueue.Action]) -> [RegistrationQueue.Job] {
        actions.compactMap { if case .machine(let job, .begun(.list)) = $0 { job } else { nil } }
    }

    private func refused(_ actions: [RegistrationQueue.Action]) -> [RequestID] {
        actions.flatMap { action -> [RequestID] in if case .refuse(let requests, _) = action { requests } else { [] } }
    }

    @Test func `one change at a time; the next begins when the first is over`() {
        var queue = RegistrationQueue()
        let actions = [add(&queue, relabel(1), for: 1), add(&queue, relabel(2), for: 2)].map(begun)
        #expect(actions == [[relabel(1)], []])
        let ended = queue.takeEnded()
        #expect(ended?.requests == [RequestID(1)])
        let next = queue.beginNext { _ in nil }
        #expect(begun(next) == [relabel(2)] && queue.current == relabel(2))
    }

    @Test func `the same change, repeated, joins the one that is under way`() {
        var queue = RegistrationQueue()
        _ = add(&queue, relabel(1), for: 1)
        _ = add(&queue, relabel(1), for: 2)
        #expect(queue.count == 1)
        let ended = queue.takeEnded()
        #expect(ended?.requests == [RequestID(1), RequestID(2)])
    }

    @Test func `a ninth change is refused`() {
        var queue = RegistrationQueue()
        for number in 1...RegistrationQueue.limit { _ = add(&queue, relabel(number), for: UInt64(number)) }
        let actions = add(&queue, relabel(99), for: 99)
        #expect(refused(actions) == [RequestID(99)] && queue.count == RegistrationQueue.limit)
    }

    @Test func `nobody waits longer than a minute for a turn, and the change under way is not touched`() {
        var queue = RegistrationQueue()
        _ = add(&queue, relabel(1), for: 1, at: 0)
        _ = add(&queue, relabel(2), for: 2, at: 1_000)
        #expect(queue.nextWake == 61_000)
        let early = queue.tick(at: 60_999)
        let late = queue.tick(at: 61_000)
        #expect(refused(early).isEmpty && refused(late) == [RequestID(2)] && queue.count == 1)
    }

    @Test func `a change whose asker has gone never begins, and one that has begun goes on`() {
        var queue = RegistrationQueue()
        _ = add(&queue, relabel(1), for: 1)
        _ = add(&queue, relabel(2), for: 2)
        queue.forget(RequestID(1))
        queue.forget(RequestID(2))
        #expect(queue.current == relabel(1))
        _ = queue.takeEnded()
        let next = queue.beginNext { _ in nil }
        #expect(next.isEmpty && queue.count == 0)
    }

    @Test func `a removal whose reader became busy while it waited is refused, and the next begins`() {
        var queue = RegistrationQueue()
        _ = add(&queue, relabel(1), for: 1)
        _ = add(&queue, .remove(Self.reader), for: 2)
        _ = add(&queue, relabel(3), for: 3)
        _ = queue.takeEnded()
        let next = queue.beginNext { _ in Refusal(.readerBusy, "It is held.") }
        #expect(refused(next) == [RequestID(2)] && begun(next) == [relabel(3)])
    }

    @Test func `a list that nobody waits for changes nothing`() {
        var queue = RegistrationQueue()
        let actions = queue.listed(.success([]), at: 0) + queue.told(.success(()), at: 0)
        let ended = queue.takeEnded()
        #expect(actions.isEmpty && ended == nil)
    }
}
