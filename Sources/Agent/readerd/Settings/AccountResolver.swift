import TextSafety
import CheckoutAPI
import Glibc

/// Makes numbers of the users and groups that the settings name.
package struct AccountResolver: Sendable {
    /// The number of a user, by the name; nil when there is none.
    var user: @Sendable (String) -> UInt32?
    var group: @Sendable (String) -> UInt32?

    /// The users and groups that this machine knows.
    package static let system = AccountResolver(user: { lookUpUser($0) }, group: { lookUpGroup($0) })

    /// Who has a role.
    package struct Accounts: Sendable, Equatable {
        package var users: Set<UInt32>
        package var groups: Set<UInt32>
    }

    /// - Parameter problems: gets every name that this machine does not know. That costs those who bear it their role, and not the shop its sales.
    package func resolve(_ roles: [Role: Settings.Members], _ problems: inout [SettingsProblem]) -> [Role: Accounts] {
        var accounts: [Role: Accounts] = [:]
        for role in Role.allCases {
            guard let members = roles[role] else { continue }
            accounts[role] = Accounts(
                users: numbers(members.users, user, "user", "roles.\(role.rawValue).users", &problems),
                groups: numbers(members.groups, group, "group", "roles.\(role.rawValue).groups", &problems))
        }
        return accounts
    }

    /// The number of `socket.group`; nil when there is no such group, which `problems` is told: the socket keeps readerd's own.
    package func groupNumber(_ name: String, _ problems: inout [SettingsProblem]) -> UInt32? {
        numbers([name], group, "group", "socket.group", &problems).first
    }

    private func numbers(
        _ names: [String], _ lookUp: (String) -> UInt32?, _ what: String, _ key: String, _ problems: inout [SettingsProblem]
    ) -> Set<UInt32> {
        var numbers: Set<UInt32> = []
        for name in names {
            // -1 means "nobody in particular" to the kernel, and is no account.
            if let number = UInt32(name), number != .max {
                numbers.insert(number)
            } else if let number = lookUp(name) {
                numbers.insert(number)
            } else {
                let make =
                    what == "group" ? "sudo addgroup --system \(Shown.bounded(name))" : "sudo adduser --system \(Shown.bounded(name))"
                let message =
                    "there is no \(what) \(Shown.bounded(name)) on this machine, so nobody has a role by it; correct it, or: \(make); then: sudo systemctl restart readerd"
                problems.append(SettingsProblem(origin: nil, key: key, message: message))
            }
        }
        return numbers
    }

    private static func lookUpUser(_ name: String) -> UInt32? {
        withLookUpBuffer { (buffer, size) in
            var record = passwd()
            var found: UnsafeMutablePointer<passwd>?
            let code = getpwnam_r(name, &record, buffer, size, &found)
            return (code, found == nil ? nil : record.pw_uid)
        }
    }

    private static func lookUpGroup(_ name: String) -> UInt32? {
        withLookUpBuffer { (buffer, size) in
            var record = group_record()
            var found: UnsafeMutablePointer<group_record>?
            let code = getgrnam_r(name, &record, buffer, size, &found)
            return (code, found == nil ? nil : record.gr_gid)
        }
    }

    /// A group of many members needs much room; the call says when it was too little.
    private static func withLookUpBuffer(_ body: (UnsafeMutablePointer<CChar>, Int) -> (code: Int32, number: UInt32?)) -> UInt32? {
        var size = 4096
        while size <= 1 << 20 {
            let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: size)
            defer { buffer.deallocate() }
            let (code, number) = body(buffer, size)
            if code != ERANGE { return number }
            size *= 4
        }
        return nil
    }
}

/// `struct group`: the resolver has a member of that name.
private typealias group_record = Glibc.group
