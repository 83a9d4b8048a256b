import JSON
import GatewayCore
import GatewayModel
import Moments

@testable import Journal
@testable import ReaderRPC
@testable import Recording
@testable import readerd

/// The settings file, and what its values may be.
enum SettingsTarget {
    @Sendable static func run(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        do throws(TOMLDocument.Slip) {
            _ = try TOMLDocument.parse(text)
        } catch {
            require(error.line >= 1 && error.column >= 1 && !error.message.isEmpty, "a slip that is nowhere")
        }
        var overrides: [(key: String, value: String)] = []
        // Each name that is not known is held against every one that is, which is most of an input's time.
        for line in text.split(separator: "\n").prefix(4) {
            guard let equals = line.firstIndex(of: "=") else { continue }
            overrides.append((String(line[..<equals]), String(line[line.index(after: equals)...])))
        }
        guard !overrides.isEmpty else { return }
        do throws(SettingsFailure) {
            _ = try Settings.load(file: nil, environment: [:], overrides: overrides, isTrial: true)
        } catch {
            require(!error.problems.isEmpty, "refused without a word")
        }
    }
}

/// Rows of the journal: what can be read of one can be lived with.
enum JournalTarget {
    private static let now = Now(mono: 1_000_000, wall: 1_795_377_938_123)

    @Sendable static func run(_ bytes: [UInt8]) {
        let coder = RecordCoder()
        let text = String(decoding: bytes, as: UTF8.self)
        var payments: [PaymentRecord] = []
        var carts: [CartFacts] = []
        var setups: [CardSetupRecord] = []
        do { payments = [try coder.payment(text, display: text)] } catch { keepPayment(&payments, coder, text) }
        do { carts = [try coder.cart(text)] } catch { _ = error }
        do { setups = [try coder.cardSetup(text)] } catch { _ = error }
        guard !payments.isEmpty || !carts.isEmpty || !setups.isEmpty else { return }
        for record in payments { written(record, coder) }
        live(open: payments.filter { !$0.state.isEnd }, carts, setups.filter { !$0.state.isEnd }, resolved: payments)
    }

    private static func keepPayment(_ payments: inout [PaymentRecord], _ coder: RecordCoder, _ text: String) {
        do { payments = [try coder.payment(text, display: nil)] } catch { _ = error }
    }

    private static func written(_ record: PaymentRecord, _ coder: RecordCoder) {
        do {
            var slim = record
            slim.request.display = nil
            let again = try coder.payment(try coder.text(of: record), display: nil)
            require(again == slim, "a record is read otherwise than it was written")
        } catch {
            fatalError("a record that was read cannot be written: \(error)")
        }
    }

    private static func live(
        open: [PaymentRecord], _ carts: [CartFacts], _ setups: [CardSetupRecord], resolved: [PaymentRecord]
    ) {
        var machine = GatewayMachine(policy: GatewayPolicy(), seed: 1)
        var now = now
        _ = machine.handle(
            .start(open: open, carts: carts, facts: [:], cardSetups: setups, resolved: resolved, warned: resolved), at: now)
        for _ in 0..<8 {
            guard let wake = machine.nextWake, wake < MonoTime(1 << 60) else { break }
            let next = max(wake, now.mono + 1)
            now = Now(mono: next, wall: now.wall + (next - now.mono))
            _ = machine.handle(.tick, at: now)
        }
        _ = (machine.openPayments, machine.readerViews, machine.laneViews, machine.contradictions, machine.standingWarnings)
    }
}

/// What a recording keeps of a message.
enum ScrubberTarget {
    private static let secret = "pst_live_plantedSecret0123456789"

    @Sendable static func run(_ bytes: [UInt8]) {
        var scrubber = Scrubber()
        scrubber.learn(secret)
        var choices = Choices(bytes)
        let cut = Int(choices.byte())
        let text = choices.text
        let start = text.unicodeScalars.prefix(cut)
        let planted = String(start) + secret + String(text.unicodeScalars.dropFirst(cut))
        require(!scrubber.prose(planted).contains(secret), "a secret stands in a recording")
        for key in ["id", "message", "connection_token", "sdk_transaction_id", planted] {
            let cleaned = scrubber.clean(planted, key: key)
            require(!cleaned.contains(secret), "a secret stands in a recording, as \(key)")
        }
        do {
            let value = try JSONParser.parse(Array(choices.rest), bounds: .readers)
            _ = scrubber.clean(value)
            _ = scrubber.clean(.object([planted: value]))
        } catch {
            _ = error
        }
    }
}
