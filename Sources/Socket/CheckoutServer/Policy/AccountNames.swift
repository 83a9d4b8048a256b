import Glibc

/// The system's names of users and groups, for sentences and settings.
package struct AccountNames: Sendable {
    package var userName: @Sendable (UInt32) -> String?
    package var groupName: @Sendable (UInt32) -> String?
    package var userID: @Sendable (String) -> UInt32?
    package var groupID: @Sendable (String) -> UInt32?

    package init(
        userName: @escaping @Sendable (UInt32) -> String?, groupName: @escaping @Sendable (UInt32) -> String?,
        userID: @escaping @Sendable (String) -> UInt32?, groupID: @escaping @Sendable (String) -> UInt32?
    ) {
        self.userName = userName
        self.groupName = groupName
        self.userID = userID
        self.groupID = groupID
    }

    /// The account database of this box (`/etc/passwd`, `/etc/group` and what nsswitch adds). May block.
    package static let system = AccountNames(
        userName: { uid in
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            return withScratch {
                getpwuid_r(uid, &entry, $0, $1, &found)
            } body: {
                found == nil ? nil : String(cString: entry.pw_name)
            }
        },
        groupName: { gid in
            var entry = Glibc.group()
            var found: UnsafeMutablePointer<Glibc.group>?
            return withScratch {
                getgrgid_r(gid, &entry, $0, $1, &found)
            } body: {
                found == nil ? nil : String(cString: entry.gr_name)
            }
        },
        userID: { name in
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            return withScratch {
                getpwnam_r(name, &entry, $0, $1, &found)
            } body: {
                found == nil ? nil : entry.pw_uid
            }
        },
        groupID: { name in
            var entry = Glibc.group()
            var found: UnsafeMutablePointer<Glibc.group>?
            return withScratch {
                getgrnam_r(name, &entry, $0, $1, &found)
            } body: {
                found == nil ? nil : entry.gr_gid
            }
        })

    /// A user or group as the settings name it: a number, or a name of this box.
    package func user(_ setting: String) -> UInt32? { UInt32(setting) ?? userID(setting) }
    package func group(_ setting: String) -> UInt32? { UInt32(setting) ?? groupID(setting) }
}

/// Calls one of the `_r` functions with a buffer that grows while it says ERANGE, and `body` while the buffer is alive.
private func withScratch<Value>(
    _ call: (UnsafeMutablePointer<CChar>, Int) -> CInt, body: () -> Value?
) -> Value? {
    var size = 1024
    while size <= 1 << 20 {
        let scratch = UnsafeMutablePointer<CChar>.allocate(capacity: size)
        defer { scratch.deallocate() }
        switch call(scratch, size) {
        case 0: return body()
        case ERANGE: size *= 4
        default: return nil
        }
    }
    return nil
}
