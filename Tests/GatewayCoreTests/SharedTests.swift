import Testing

@testable import GatewayCore

@Suite struct SharedTests {
    @Test func `a change of one of two that share a value does not show in the other`() {
        let first = Shared([1])
        var second = first
        #expect(second.isSame(as: first))
        second.value.append(2)
        #expect(first.value == [1] && second.value == [1, 2])
        #expect(!second.isSame(as: first))
    }

    @Test func `what is shared with nobody is changed where it stands`() {
        var only = Shared([1])
        let before = only.value.withUnsafeBufferPointer { $0.baseAddress }
        only.value[0] = 5
        let after = only.value.withUnsafeBufferPointer { $0.baseAddress }
        #expect(only.value == [5] && before == after)
    }

    @Test func `what is read is the value as it is now`() {
        var shared = Shared([1])
        shared.value.append(2)
        #expect(shared.read { $0.count } == 2)
    }
}
