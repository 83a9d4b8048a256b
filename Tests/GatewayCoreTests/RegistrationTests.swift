import GatewayCore
import GatewayModel
import Moments
import Testing

@Suite struct RegistrationTests {
    static let code = RegistrationCode(Secret("amber-birch-cedar"))
    static let front = BackendReader(id: ReaderID(unchecked: "tmr_1"), label: "Front")
    static let bar = BackendReader(id: ReaderID(unchecked: "tmr_2"), label: "Bar")

    static func registering(_ label: String = "Bar") -> RegistrationMachine {
        RegistrationMachine(.register(code, label: label, location: nil), patience: 30_000)
    }

    /// The change has been sent.
    static func sent(_ machine: inout RegistrationMachine, before: [BackendReader] = [front]) {
        #expect(machine.begin() == [.list(location: nil)])
        #expect(machine.listed(.success(before), at: 0) == [.send(machine.job)])
    }

    static func refusal(_ actions: [RegistrationMachine.Action]) -> Refusal? {
        if case .owed(.ended(.failure(let refusal)))? = actions.first { return refusal }
        return nil
    }

    @Test func `a new reader with the label ends the registration`() {
        var machine = Self.registering()
        Self.sent(&machine)
        #expect(machine.told(.success(()), at: 10) == [.list(location: nil)])
        #expect(machine.listed(.success([Self.front]), at: 20) == [])
        #expect(machine.nextWake == 270)
        #expect(machine.tick(at: 270) == [.list(location: nil)])
        #expect(machine.listed(.success([Self.front, Self.bar]), at: 280) == [.ended(.success(Self.bar.id))])
        #expect(machine.nextWake == nil)
    }

    @Test func `a label in use is refused before anything is sent`() {
        var machine = Self.registering("Front")
        _ = machine.begin()
        let refusal = Self.refusal(machine.listed(.success([Self.front]), at: 0))
        #expect(refusal?.code == .labelInUse)
        #expect(refusal?.candidates == [Self.front.id])
    }

    @Test func `a lost answer is settled by the list`() {
        var machine = Self.registering()
        Self.sent(&machine)
        #expect(machine.told(.failure(.unavailable(detail: "cut", mayHaveActed: true)), at: 10) == [.list(location: nil)])
        #expect(machine.listed(.success([Self.front, Self.bar]), at: 20) == [.ended(.success(Self.bar.id))])
    }

    @Test func `what was never sent is not waited for`() {
        var machine = Self.registering()
        Self.sent(&machine)
        #expect(
            Self.refusal(machine.told(.failure(.unavailable(detail: "no route", mayHaveActed: false)), at: 10))?.code == .backendUnavailable
        )
    }

    @Test func `a refused code ends it at once, with the advice to make another`() throws {
        var machine = Self.registering()
        Self.sent(&machine)
        let refusal = try #require(Self.refusal(machine.told(.failure(.rejected(status: 422, detail: "not valid")), at: 10)))
        #expect(refusal.code == .backendRejected)
        #expect(refusal.remedy?.contains("new code") == true)
    }

    @Test func `another box's reader of another label is not taken for ours, and is told of`() throws {
        var machine = Self.registering()
        Self.sent(&machine)
        _ = machine.told(.success(()), at: 10)
        let other = BackendReader(id: ReaderID(unchecked: "tmr_3"), label: "Terrace")
        var now: MonoTime = 20
        var ended: [RegistrationMachine.Action] = machine.listed(.success([Self.front, other]), at: now)
        while let wake = machine.nextWake {
            now = wake
            #expect(machine.tick(at: now) == [.list(location: nil)])
            ended = machine.listed(.success([Self.front, other]), at: now)
        }
        let refusal = try #require(Self.refusal(ended))
        #expect(refusal.code == .registrationFailed)
        #expect(refusal.detail.contains("tmr_3 labelled Terrace"))
        #expect(now == 30_000)
    }

    @Test func `two new readers of the label are not told apart`() throws {
        var machine = Self.registering()
        Self.sent(&machine)
        _ = machine.told(.success(()), at: 10)
        let twin = BackendReader(id: ReaderID(unchecked: "tmr_3"), label: "Bar")
        let refusal = try #require(Self.refusal(machine.listed(.success([Self.front, Self.bar, twin]), at: 20)))
        #expect(refusal.code == .registrationFailed)
        #expect(refusal.candidates == [Self.bar.id, twin.id])
    }

    @Test func `a list that cannot be read is read again, and said so at the end`() throws {
        var machine = Self.registering()
        Self.sent(&machine)
        _ = machine.told(.failure(.unavailable(detail: "cut", mayHaveActed: true)), at: 10)
        let trouble = CallFailure.unavailable(detail: "down", mayHaveActed: false)
        var ended = machine.listed(.failure(trouble), at: 20)
        while let wake = machine.nextWake {
            _ = machine.tick(at: wake)
            ended = machine.listed(.failure(trouble), at: wake)
        }
        #expect(try #require(Self.refusal(ended)).detail.contains("down"))
    }

    @Test func `a label that the reader has already needs no call`() {
        var machine = RegistrationMachine(.relabel(Self.front.id, "Front"), patience: 30_000)
        _ = machine.begin()
        #expect(machine.listed(.success([Self.front]), at: 0) == [.ended(.success(Self.front.id))])
    }

    @Test func `a removal is over when the reader is gone from the list`() {
        var machine = RegistrationMachine(.remove(Self.front.id), patience: 30_000)
        Self.sent(&machine, before: [Self.front, Self.bar])
        _ = machine.told(.failure(.invalidAnswer(detail: "not JSON")), at: 10)
        #expect(machine.listed(.success([Self.bar]), at: 20) == [.ended(.success(Self.front.id))])
    }

    @Test func `answers that nobody waits for change nothing`() {
        var machine = Self.registering()
        #expect(machine.listed(.success([]), at: 0) == [])
        #expect(machine.told(.success(()), at: 0) == [])
        #expect(machine.tick(at: 0) == [])
        _ = machine.begin()
        #expect(machine.begin() == [])
    }

    @Test func `nobody waits for a turn longer than a minute, and what is refused then was not sent`() throws {
        var store = StoreFixture()
        store.holds = { if case .terminals = $0 { true } else { false } }
        func register(_ label: String) -> Request { .register(Self.code, label: label, location: nil) }
        let requests = ["One", "Two", "Three"].map { store.ask(register($0)) }
        store.wait(59_000)
        let late = store.ask(register("Four"))
        #expect(store.responses.isEmpty, "the first is under way, the others wait")
        store.wait(1_500)
        for request in requests.dropFirst() {
            let refusal = try #require(store.refusal(request))
            #expect(refusal.code == .queueFull && refusal.remedy != nil)
        }
        #expect(store.responses[late] == nil && store.responses[requests[0]] == nil)
        store.answer(.backendReaders(.failure(.unavailable(detail: "down", mayHaveActed: false)))) {
            if case .terminals = $0 { true } else { false }
        }
        #expect(store.refusal(requests[0]) != nil)
        #expect(store.calls.contains { if case .terminals = $0.call { true } else { false } }, "it is the fourth's turn")
        #expect(!store.made.contains { if case .registerTerminal = $0.call { true } else { false } })
    }
}
