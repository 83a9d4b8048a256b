internal import CheckoutAPI
internal import Glibc
internal import WebCall

extension Checkup {
    /// The box itself: files, disk, socket, limits.
    func boxLooks(_ agent: CheckedAgent) -> [Look] {
        let place = place
        return [
            Look("settings", nil, "The settings file is readable and safe.") { Self.settings(place) },
            Look("state", nil, "The state directory is readerd's own.") { Self.state(place) },
            Look("socket", nil, "The tills may open the socket.") { Self.socket(place) },
            Look("disk", nil, "There is room on the disk for the journal.") { Self.disk(place) },
            Look("journal", nil, "Payments can be journaled.") { Self.journal(agent.status) },
            Look("descriptors", nil, "There are file descriptors left.") { Self.descriptors(place) },
            Look("proxy", nil, "No proxy is set in the environment.") { Self.proxy(place) },
            Look("payments", nil, "No payment waits for somebody to find out what became of it.") { Self.payments(agent.status) },
        ]
    }

    static func settings(_ place: Place) -> Finding {
        guard let facts = FileFacts(place.settingsFile) else {
            return .warn(
                "\(place.settingsFile) cannot be looked at: \(FileFacts.reason). readerd runs with what it read at its start.",
                "Put the file back before the next restart: without it readerd will not start. Try it with: sudo readerd --check-config")
        }
        guard facts.mode & 0o022 == 0 else {
            return .fail(
                "\(place.settingsFile) can be changed by others than its owner (mode \(facts.modeText)): whoever changes it can lead payments elsewhere.",
                "sudo chmod go-w \(place.settingsFile)")
        }
        return .pass("\(place.settingsFile), mode \(facts.modeText).")
    }

    static func state(_ place: Place) -> Finding {
        guard let facts = FileFacts(place.stateDirectory), facts.isDirectory else {
            return .fail(
                "\(place.stateDirectory) is not there: \(FileFacts.reason). The journal lives in it.",
                "Put it back from a backup if it was moved; do not start with an empty one while payments are open.")
        }
        let own = geteuid()
        guard facts.owner == own || own == 0 else {
            return .fail(
                "\(place.stateDirectory) belongs to \(Accounts.user(facts.owner)), but readerd runs as \(Accounts.user(own)).",
                "sudo chown -R \(Accounts.user(own)): \(place.stateDirectory)")
        }
        guard facts.mode & 0o027 == 0 else {
            return .warn(
                "\(place.stateDirectory) is open to other users (mode \(facts.modeText)): they can see what was paid.",
                "sudo chmod 0700 \(place.stateDirectory)")
        }
        for name in names(in: place.stateDirectory) ?? [] where name.hasPrefix("journal.sqlite") {
            guard let file = FileFacts(place.stateDirectory + "/" + name), file.mode & 0o077 != 0 else { continue }
            return .warn(
                "\(place.stateDirectory)/\(name) is open to other users (mode \(file.modeText)): they can see what was paid.",
                "sudo chmod 0600 \(place.stateDirectory)/\(name)")
        }
        guard access(place.stateDirectory, W_OK) == 0 else {
            return .fail(
                "readerd may not write into \(place.stateDirectory): \(FileFacts.reason).",
                "See whether the disk is mounted read-only (mount | grep ' ro,'), and restart the box: a disk that fails does that.")
        }
        return .pass("\(place.stateDirectory), mode \(facts.modeText), of \(Accounts.user(facts.owner)).")
    }

    static func socket(_ place: Place) -> Finding {
        guard let facts = FileFacts(place.socketPath) else {
            return .fail(
                "There is no socket at \(place.socketPath): \(FileFacts.reason). No till can reach readerd.",
                "sudo systemctl restart readerd.socket readerd")
        }
        let group = Accounts.group(facts.group)
        let tills = place.roles[.checkout] ?? .init(users: [], groups: [])
        let technicians = place.roles[.technician] ?? .init(users: [], groups: [])
        guard !(tills.users + tills.groups + technicians.users + technicians.groups).isEmpty else {
            return .warn(
                "The settings give nobody the role of a checkout: only root and readerd's own user may take payments, and a till's program that runs as another user is refused.",
                "Name the tills' users or a group under roles.checkout in \(place.settingsFile), then: sudo systemctl restart readerd")
        }
        for name in tills.groups + technicians.groups where UInt32(name) == nil {
            guard Accounts.members(ofGroup: name) != nil else {
                return .fail(
                    "The settings name the group \(name), which this box does not have.",
                    "sudo addgroup --system \(name), and add the till's user: sudo usermod -aG \(name) TILL-USER; then: sudo systemctl restart readerd"
                )
            }
        }
        let inGroups = tills.groups.flatMap { Accounts.members(ofGroup: $0) ?? [] }
        if tills.users.isEmpty, !tills.groups.isEmpty, inGroups.isEmpty {
            return .warn(
                "No user is in the group \(tills.groups.joined(separator: ", ")): a till's program may not take payments yet.",
                "Add the till's user to it: sudo usermod -aG \(tills.groups[0]) TILL-USER, then log that user out and in again, or restart the till's program."
            )
        }
        if facts.mode & 0o006 == 0, facts.mode & 0o060 == 0 {
            return .fail(
                "Only \(Accounts.user(facts.owner)) may open \(place.socketPath) (mode \(facts.modeText)).",
                "Set socket.mode = \"0660\" and socket.group in \(place.settingsFile), then restart readerd.")
        }
        if facts.mode & 0o006 != 0 {
            return .pass("\(place.socketPath), mode \(facts.modeText): everybody may connect; the roles decide what they may do.")
        }
        return .pass(
            "\(place.socketPath), mode \(facts.modeText), group \(group). A till that is refused needs: sudo usermod -aG \(group) TILL-USER"
        )
    }

    static func disk(_ place: Place) -> Finding {
        var facts = statvfs()
        guard statvfs(place.stateDirectory, &facts) == 0 else {
            return .fail(
                "\(place.stateDirectory) cannot be looked at: \(FileFacts.reason).",
                "Restart the box; see its disk with: lsblk; dmesg | tail")
        }
        if facts.f_flag & UInt(ST_RDONLY) != 0 {
            return .fail(
                "The disk of \(place.stateDirectory) is read-only: no payment can be taken.",
                "A disk that fails is switched to read-only by the kernel: look at dmesg | tail, and replace it. To try once more: restart the box."
            )
        }
        let free = Int(clamping: UInt64(facts.f_bavail) &* UInt64(facts.f_frsize)) / 1_048_576
        let words = "\(free) MB are free at \(place.stateDirectory)."
        if free < 20 || (facts.f_files > 0 && facts.f_favail < 50) {
            return .fail(
                free < 20
                    ? "Only \(words) Without room for the journal no payment is taken."
                    : "No more files can be made at \(place.stateDirectory).",
                "Make room: sudo journalctl --vacuum-size=100M; sudo apt-get clean; see what is large: sudo du -xh / | sort -h | tail -20")
        }
        if free < 200 {
            return .warn("Only \(words)", "Make room soon: sudo journalctl --vacuum-size=100M; sudo apt-get clean")
        }
        return .pass(words)
    }

    static func journal(_ status: Status) -> Finding {
        if let lost = status.reasons.first(where: { $0.code == "journal_lost" }) {
            return .fail(
                lost.message + " No payment is accepted until a technician agrees.",
                lost.remedy ?? "sudo readerctl journal accept-loss --note WHY")
        }
        if status.journal.state != .ok {
            return .fail(
                "The journal does not work: \(status.journal.detail ?? status.journal.state.rawValue). No payment is accepted until it does.",
                "Free some space on the disk, or see why it cannot be written (dmesg | tail); readerd tries again by itself.")
        }
        if let said = status.reasons.first(where: { $0.code == "resolution_contradicted" }) {
            return .fail(
                said.message, said.remedy ?? "Compare the payment in readerctl payments show with the backend and Stripe's dashboard.")
        }
        return .pass("It is written to the disk.")
    }

    static func payments(_ status: Status) -> Finding {
        let warned = Payment.WarningCode.known.map(\.rawValue)
        let warnings = status.reasons.filter { warned.contains($0.code) }
        let unresolved = status.openPayments.filter { $0.state == .unresolved }
        let list = unresolved.prefix(5).map { "\($0.id) (cart \($0.cart))" }.joined(separator: ", ")
        let open =
            "\(unresolved.count == 1 ? "One payment is" : "\(unresolved.count) payments are") unresolved: it is not known whether the money was taken: \(list)."
        if let warning = warnings.first {
            let others = warnings.count > 1 ? " \(warnings.count - 1) more such payments stand in: readerctl status." : ""
            return .fail(
                warning.message + others + (unresolved.isEmpty ? "" : " " + open),
                (warning.remedy ?? "Look the payment up in Stripe's dashboard.")
                    + " Then: sudo readerctl payments acknowledge PAYMENT --note WHAT_WAS_DONE")
        }
        guard let first = unresolved.first else {
            let count = status.openPayments.count
            return .pass(count == 0 ? "No payment is under way." : "\(count) under way, none is unresolved.")
        }
        return .warn(
            open,
            "Nothing is lost, and readerd goes on asking. Trying the same cart again with the same amount is safe. To end it yourself, look the payment up in "
                + "Stripe's dashboard. If nothing was charged: sudo readerctl resolve \(first.id) --outcome failed --note WHY; if it was: --outcome succeeded"
        )
    }

    static func descriptors(_ place: Place) -> Finding {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit) == 0,
            let open = names(in: place.root + "/proc/self/fd")
        else {
            return .skipped("The kernel does not say how many file descriptors are open.")
        }
        let words = "\(open.count) of \(limit.rlim_cur) are in use."
        guard UInt64(open.count) * 10 < UInt64(limit.rlim_cur) * 8 else {
            return .fail(
                words + " Soon no reader and no till can connect.",
                "If it comes back, keep the log (journalctl -u readerd --since today > readerd.log). Restart readerd when no customer is paying: sudo systemctl restart readerd"
            )
        }
        return .pass(words)
    }

    static func proxy(_ place: Place) -> Finding {
        let set = ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"]
            .filter { place.environment[$0].map { !$0.isEmpty } ?? false }
        guard !set.isEmpty else { return .pass("readerd connects directly.") }
        return .warn(
            "\(set.joined(separator: ", ")) is set, but readerd does not use proxies: what it sends is for the backend, Stripe and the readers alone.",
            "If the shop's network lets nothing out but through a proxy, let this box connect to \(place.backend.place) and \(place.stripe.place) directly. Else unset it."
        )
    }
}
