import CheckoutAPI
import FoundationEssentials
import Glibc

/// What can be found out without the agent.
enum LocalCheck {
    /// Whether readerd would start with its settings, by asking readerd itself.
    static func settings() async -> Check {
        let began = ContinuousClock.now
        func check(_ status: Check.Status, _ detail: String, _ remedy: String? = nil) -> Check {
            Check(
                id: "settings", title: "readerd can start with its settings.", status: status, detail: detail, remedy: remedy,
                durationSeconds: Double(Int64((ContinuousClock.now - began) / .milliseconds(1))) / 1000)
        }
        guard let program = readerd() else {
            return check(
                .fail, "The program readerd is not on this box, neither beside readerctl nor in /usr/sbin or /usr/bin.",
                "Install the package readerd.")
        }
        do {
            let result = try await Subprogram.run([program, "--check-config"], within: .seconds(10))
            if result.status == 0 {
                return check(.pass, "They are sound. See what readerd said when it stopped: journalctl -u readerd -n 50")
            }
            let said = result.errors.split(separator: "\n").prefix(5).map { shown(String($0)) }.joined(separator: " ")
            let isForbidden = result.errors.contains("Permission denied")
            return check(
                isForbidden ? .skipped : .fail, said.isEmpty ? "readerd --check-config ended with \(result.status)." : said,
                isForbidden
                    ? "Look as root: sudo readerctl check"
                    : "Correct the settings, try them with readerd --check-config, then: sudo systemctl restart readerd")
        } catch {
            return check(.skipped, "readerd --check-config could not be run: \(error)")
        }
    }

    /// The program beside this one, or where packages put it; nil when it is not there.
    static func readerd() -> String? {
        var places = ["/usr/sbin/readerd", "/usr/bin/readerd", "/usr/local/bin/readerd"]
        do {
            let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            if let slash = own.lastIndex(of: "/") { places.insert(own[..<slash] + "/readerd", at: 0) }
        } catch {
            // Without /proc the usual places have to do.
        }
        return places.first { access($0, X_OK) == 0 }
    }
}
