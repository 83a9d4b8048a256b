/// A question from outside the middle, whose caller waits for the answer.
package struct RequestID: Sendable, Hashable {
    package let value: UInt64
    package init(_ value: UInt64) { self.value = value }
}
