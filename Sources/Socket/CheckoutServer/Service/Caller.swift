import CheckoutAPI

/// Who asks, as the kernel said when the connection was accepted.
package struct Caller: Sendable, Hashable {
    package var pid: Int32
    package var uid: UInt32
    package var gid: UInt32
    package var groups: [UInt32]
    package var role: Role
    /// The id of this request: the caller's own, or one that the server made.
    package var requestID: String

    package init(pid: Int32, uid: UInt32, gid: UInt32, groups: [UInt32], role: Role, requestID: String) {
        self.pid = pid
        self.uid = uid
        self.gid = gid
        self.groups = groups
        self.role = role
        self.requestID = requestID
    }
}
