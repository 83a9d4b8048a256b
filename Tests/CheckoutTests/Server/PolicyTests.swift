import CheckoutAPI
import Testing

@testable import CheckoutServer

@Suite struct PolicyTests {
    private static let names = AccountNames(
        userName: { [1000: "anna", 1001: "till"][$0] },
        groupName: { [500: "readerd-monitor", 600: "readerd-checkout", 700: "readerd-admin"][$0] },
        userID: { ["anna": 1000][$0] }, groupID: { ["readerd-checkout": 600][$0] })

    private static let policy = RolePolicy(
        members: [
            .monitor: RolePolicy.Members(groups: [500]), .checkout: RolePolicy.Members(users: [1001], groups: [600]),
            .technician: RolePolicy.Members(groups: [700]),
        ], daemonUser: 990, names: names)

    private func peer(_ uid: UInt32, _ gid: UInt32, _ groups: [UInt32] = []) -> PeerCredentials {
        PeerCredentials(pid: 1, uid: uid, gid: gid, groups: groups)
    }

    @Test func `the highest role that matches counts`() {
        func role(_ uid: UInt32, _ gid: UInt32, _ groups: [UInt32] = []) -> Role? { Self.policy.role(of: peer(uid, gid, groups)) }
        #expect(role(0, 0) == .technician)
        #expect(role(990, 990) == .technician)
        #expect(role(1000, 1000) == nil)
        #expect(role(1000, 1000, [27, 44]) == nil)
        #expect(role(1000, 500) == .monitor)
        #expect(role(1000, 1000, [500]) == .monitor)
        #expect(role(1000, 1000, [500, 600]) == .checkout)
        #expect(role(1000, 700, [500, 600]) == .technician)
        #expect(role(1001, 1001) == .checkout)
        #expect(role(1001, 1001, [500]) == .checkout)
        #expect(role(1001, 1001, [700]) == .technician)
        // A group's number is no user's number.
        #expect(role(600, 1000) == nil)
        #expect(role(1000, 1001) == nil)
        #expect(role(65_534, 65_534, [65_534]) == nil)
    }

    @Test func `no settings at all let in root and the agent's own user only`() {
        let policy = RolePolicy(members: [:], daemonUser: 990, names: Self.names)
        #expect(policy.role(of: peer(0, 0)) == .technician)
        #expect(policy.role(of: peer(990, 0)) == .technician)
        #expect(policy.role(of: peer(1000, 0, [0])) == nil)
    }

    @Test func `a refusal names the group to join and the command`() throws {
        let problem = Self.policy.refusal(of: peer(1000, 1000), has: nil, needs: .checkout)
        #expect(problem.code == .notPermitted && problem.status == 403 && !problem.retryable)
        #expect(problem.detail == "User anna (uid 1000) has no role with readerd: none of its groups and users is mapped to one.")
        #expect(
            problem.remedy
                == "Join the group readerd-checkout: sudo usermod -aG readerd-checkout anna, then log in again or restart the program.")
        let low = Self.policy.refusal(of: peer(1001, 1001), has: .checkout, needs: .technician)
        #expect(low.detail == "User till (uid 1001) has the role checkout; this needs the role technician.")
        #expect(low.remedy?.contains("usermod -aG readerd-admin till") == true)
    }

    @Test func `without a group to join the settings are named`() {
        let policy = RolePolicy(members: [.checkout: .init(groups: [4242])], daemonUser: 990, names: Self.names)
        let problem = policy.refusal(of: peer(77, 77), has: nil, needs: .checkout)
        #expect(problem.detail.contains("(without a name) (uid 77)"))
        #expect(problem.remedy?.contains("roles.checkout") == true)
    }

    @Test func `the system knows its accounts by number and by name`() {
        let system = AccountNames.system
        #expect(system.userName(0) == "root" && system.groupName(0) == "root")
        #expect(system.user("root") == 0 && system.group("root") == 0)
        #expect(system.user("4711") == 4711 && system.group("4711") == 4711)
        #expect(system.user("no-such-user-here") == nil && system.group("no-such-group-here") == nil)
        #expect(system.userName(4_000_000_001) == nil && system.groupName(4_000_000_001) == nil)
    }
}
