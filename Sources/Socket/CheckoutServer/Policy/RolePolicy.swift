import CheckoutAPI

/// Which users and groups have which role. What the message says plays no part; only what the kernel says of the peer.
package struct RolePolicy: Sendable {
    package struct Members: Sendable, Hashable {
        package var users: Set<UInt32>
        package var groups: Set<UInt32>

        package init(users: Set<UInt32> = [], groups: Set<UInt32> = []) {
            self.users = users
            self.groups = groups
        }
    }

    package var members: [Role: Members]
    /// The user that the agent runs as: a technician, as root is.
    package var daemonUser: UInt32
    /// Root, a technician too; another number only in tests, which may be run by root.
    package var superuser: UInt32
    package var names: AccountNames

    package init(members: [Role: Members], daemonUser: UInt32, superuser: UInt32 = 0, names: AccountNames = .system) {
        self.members = members
        self.daemonUser = daemonUser
        self.superuser = superuser
        self.names = names
    }

    /// The highest role that the settings give the caller; nil when nothing matches.
    package func role(of peer: PeerCredentials) -> Role? {
        if peer.uid == superuser || peer.uid == daemonUser { return .technician }
        let groups = Set(peer.groups).union([peer.gid])
        return Role.allCases.reversed().first { role in
            guard let members = members[role] else { return false }
            return members.users.contains(peer.uid) || !members.groups.isDisjoint(with: groups)
        }
    }

    /// `not_permitted`, with what would help. May block on the account database.
    package func refusal(of peer: PeerCredentials, has role: Role?, needs needed: Role) -> Problem {
        let name = names.userName(peer.uid)
        let who = "User \(name ?? "(without a name)") (uid \(peer.uid))"
        let detail =
            if let role {
                "\(who) has the role \(role.rawValue); this needs the role \(needed.rawValue)."
            } else {
                "\(who) has no role with readerd: none of its groups and users is mapped to one."
            }
        return Problem(.notPermitted, detail, remedy: remedy(user: name ?? "USER", needed))
    }

    private func remedy(user: String, _ needed: Role) -> String {
        let group = members[needed]?.groups.sorted().lazy.compactMap { names.groupName($0) }.first
        guard let group else {
            return "Add the user or a group to roles.\(needed.rawValue) in /etc/readerd/readerd.toml and restart readerd."
        }
        return "Join the group \(group): sudo usermod -aG \(group) \(user), then log in again or restart the program."
    }
}
