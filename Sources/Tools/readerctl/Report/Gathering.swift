import CheckoutAPI
import CheckoutClient
import DiagnosticsReport
import FoundationEssentials
import Glibc

/// Asks the agent for everything that a report shows. What cannot be had is left out with the reason: a report is wanted most when little works.
struct Gathering {
    let agent: CheckoutClient
    let now: Timestamp

    init(_ agent: CheckoutClient) {
        self.agent = agent
        now = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    }

    static let recentLimit = 25
    /// How many payments are told in full when none is named.
    private static let drawnLimit = 4

    /// - Parameter named: payments that are to be told in full; without any those that want a look, and the last one.
    /// - Parameter receipts: with what receipts bear, for a file that stays in the shop.
    func facts(_ named: [String], receipts: Bool = false) async throws(ClientError) -> ReportFacts {
        let recent = await had { try await agent.payments(limit: Self.recentLimit).payments }
        var wanted: [Payment] = []
        for id in named { wanted.append(try await agent.payment(id)) }
        if named.isEmpty { wanted = await worthTelling(recent.value ?? []) }
        var told: [ReportedPayment] = []
        for payment in wanted { told.append(await reported(payment, receipts: receipts)) }
        return ReportFacts(
            madeAt: now, version: Readerctl.version, box: Self.box, info: await had { try await agent.info() },
            status: await had { try await agent.status() }, checks: await checks(), devices: await had { try await agent.devices() },
            recent: recent.map { $0.map { ListedPayment(payment: $0, sum: PaymentWords($0).total) } }, payments: told, clock: Self.clock)
    }

    /// The payments that want a look: unresolved ones, those whose money is held, and the newest; newest first.
    private func worthTelling(_ recent: [Payment]) async -> [Payment] {
        let unresolved = await had { try await agent.payments(state: .unresolved, limit: Self.drawnLimit).payments }.value ?? []
        var chosen: [Payment] = []
        for payment in unresolved + recent.filter({ $0.money == .authorized }) + recent.prefix(1) + recent.filter({ $0.state == .failed })
        where chosen.count < Self.drawnLimit && !chosen.contains(where: { $0.id == payment.id }) {
            chosen.append(payment)
        }
        return chosen.sorted { $0.createdAt > $1.createdAt }
    }

    private func reported(_ payment: Payment, receipts: Bool) async -> ReportedPayment {
        let words = PaymentWords(payment)
        var sentences = [words.doing(payment.state)]
        if payment.state != .succeeded, payment.state != .unresolved { sentences.append(words.money) }
        return ReportedPayment(
            payment: payment.forMonitor, sum: words.total,
            words: Self.withoutCard(sentences, payment) + words.failure + (words.isShort ? [words.shortness] : []), charged: words.charged,
            receipt: receipts ? words.receipt : [],
            events: await had {
                let history = try await PaymentHistory.of(payment, agent)
                if history.events.isEmpty, let fault = history.fault { throw fault }
                return history.events
            },
            trace: await had { try await agent.paymentTrace(payment.id) })
    }

    /// "Paid: USD 5.00 with visa 4242." is for the customer who stands there, not for a file that is sent around.
    private static func withoutCard(_ sentences: [String], _ payment: Payment) -> [String] {
        guard payment.card != nil else { return sentences }
        var told = payment
        told.card = nil
        return [PaymentWords(told).doing(payment.state)] + sentences.dropFirst()
    }

    /// The agent's checks; when it does not run, what can be seen without it.
    func checks() async -> Had<[Check]> {
        do {
            var checks: [Check] = []
            for try await line in agent.checks() {
                if case .check(let check) = line { checks.append(check) }
            }
            return .had(checks.inReadingOrder)
        } catch ClientError.noSocket {
            return .had([await LocalCheck.settings()])
        } catch let error as ClientError {
            return .not(Complaint(error).detail)
        } catch {
            return .not("It was canceled.")
        }
    }

    func had<Value: Sendable>(_ ask: () async throws -> Value) async -> Had<Value> {
        do {
            return .had(try await ask())
        } catch let error as ClientError {
            return .not(Complaint(error).detail)
        } catch {
            return .not("It was canceled.")
        }
    }

    static var clock: ReportClock {
        ReportClock(dateAndTime: { Times.dateAndTime($0) }, time: { Times.time($0) }, zone: Times.zone)
    }

    /// The box in words: "shop-1, Debian GNU/Linux 12 (bookworm), kernel 6.1.0".
    static var box: String {
        var name = utsname()
        guard uname(&name) == 0 else { return "this box" }
        func text<Tuple>(_ tuple: Tuple) -> String {
            withUnsafeBytes(of: tuple) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        let release = FileManager.default.contents(atPath: "/etc/os-release").map { String(decoding: $0, as: UTF8.self) } ?? ""
        let pretty = release.split(separator: "\n").first { $0.hasPrefix("PRETTY_NAME=") }?.dropFirst(12).filter { $0 != "\"" }
        return [text(name.nodename), pretty, "kernel \(text(name.release))"].compactMap { $0 }.joined(separator: ", ")
    }
}

extension Had {
    func map<Other>(_ change: (Value) -> Other) -> Had<Other> {
        switch self {
        case .had(let value): .had(change(value))
        case .not(let reason): .not(reason)
        }
    }
}

extension [Check] {
    /// The checks as a person reads them, from the box outward; they come as they end.
    var inReadingOrder: [Check] {
        let order = Dictionary(uniqueKeysWithValues: Check.ids.enumerated().map { ($1, $0) })
        return enumerated().sorted { left, right in
            let (a, b) = (order[left.element.id] ?? .max, order[right.element.id] ?? .max)
            return (a, left.element.subject ?? "", left.offset) < (b, right.element.subject ?? "", right.offset)
        }.map(\.element)
    }
}
