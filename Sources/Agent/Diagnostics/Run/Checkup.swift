package import CheckoutAPI
package import GatewayModel
import Moments
internal import NIOCore
package import ReaderLinks
package import WebCall

/// Looks at everything that payments need, side by side, and says in sentences what is wrong and what to do.
///
/// It can look and nothing else: this module imports neither the calls that make intents nor those that ask a reader for a card.
package struct Checkup: Sendable {
    let place: Place
    let web: WebClient
    let lan: LANLink
    /// Asks the backend something harmless with the agent's credential.
    let askBackend: @Sendable () async -> Result<Void, CallFailure>
    /// How long the credential is good for, where that can be known.
    let credentialLife: @Sendable () async -> CredentialLife

    package init(
        place: Place, web: WebClient, lan: LANLink, askBackend: @escaping @Sendable () async -> Result<Void, CallFailure>,
        credentialLife: @escaping @Sendable () async -> CredentialLife = { .notSaid }
    ) {
        self.place = place
        self.web = web
        self.lan = lan
        self.askBackend = askBackend
        self.credentialLife = credentialLife
    }

    /// How long one look at something outside may take.
    static let patience: Duration = .seconds(5)

    /// Every check there is, in the order in which they are shown. One that stands here keeps its meaning.
    package static let ids = Check.ids

    /// Runs these checks, or all. `report` is called as each ends; the results come back in the order of ``ids``.
    package func run(
        _ chosen: Set<String>?, about agent: CheckedAgent, report: @escaping @Sendable (Check) -> Void
    ) async -> [Check] {
        let looks = looks(agent).filter { chosen?.contains($0.id) ?? true }
        return await withTaskGroup(of: (Int, Check).self) { group in
            for (number, look) in looks.enumerated() {
                group.addTask {
                    let began = ContinuousClock.now
                    let finding = await look.work()
                    return (number, look.check(finding, took: ContinuousClock.now - began))
                }
            }
            var done: [(number: Int, check: Check)] = []
            for await (number, check) in group {
                report(check)
                done.append((number, check))
            }
            return done.sorted { $0.number < $1.number }.map(\.check)
        }
    }

    private func looks(_ agent: CheckedAgent) -> [Look] {
        let all = boxLooks(agent) + nameServerLooks() + outsideLooks(agent) + readerLooks(agent) + usbLooks(agent)
        return all.enumerated().sorted { left, right in
            let (a, b) = (Self.order(left.element.id), Self.order(right.element.id))
            return a == b ? left.offset < right.offset : a < b
        }.map(\.element)
    }

    private static func order(_ id: String) -> Int { ids.firstIndex(of: id) ?? ids.count }

    /// Seconds of a duration, to the millisecond.
    package static func seconds(_ duration: Duration) -> Double { Double(Int64(duration / .milliseconds(1))) / 1000 }
}

/// One thing to look at.
struct Look: Sendable {
    var id: String
    var subject: String?
    /// A sentence that is true when all is well.
    var title: String
    var work: @Sendable () async -> Finding

    init(_ id: String, _ subject: String? = nil, _ title: String, _ work: @escaping @Sendable () async -> Finding) {
        self.id = id
        self.subject = subject
        self.title = title
        self.work = work
    }

    func check(_ finding: Finding, took duration: Duration) -> Check {
        Check(
            id: id, subject: subject, title: title, status: finding.status, detail: finding.detail, remedy: finding.remedy,
            durationSeconds: Checkup.seconds(duration))
    }
}

/// What was found.
struct Finding: Sendable, Equatable {
    var status: Check.Status
    var detail: String
    var remedy: String?

    static func pass(_ detail: String) -> Finding { Finding(status: .pass, detail: detail) }
    static func warn(_ detail: String, _ remedy: String) -> Finding { Finding(status: .warn, detail: detail, remedy: remedy) }
    static func fail(_ detail: String, _ remedy: String) -> Finding { Finding(status: .fail, detail: detail, remedy: remedy) }
    static func skipped(_ detail: String) -> Finding { Finding(status: .skipped, detail: detail) }
}
