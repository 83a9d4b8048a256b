import GatewayCore
import GatewayModel
import JSON
import Moments
import TextSafety

@testable import Certificates
@testable import MarianaAPI
@testable import ReaderLinks
@testable import StripeAPI
@testable import WebCall

/// What the backend, Stripe and the token endpoint answer.
enum AnswerTarget {
    @Sendable static func run(_ bytes: [UInt8]) {
        let fields = Fields(call: "fuzz")
        if let answer = read(bytes, ConfigurationAnswer.self) {
            keep { () throws(CallFailure) in _ = try fields.publishableKey(answer.publishableKey) }
        }
        if let answer = read(bytes, ConnectionTokenAnswer.self) {
            keep { () throws(CallFailure) in _ = try fields.token(answer.token, "t", prefix: "pst_") }
        }
        if let answer = read(bytes, PaymentIntentAnswer.self) {
            keep { () throws(CallFailure) in
                let id = try fields.stripeID(answer.id, "i", prefix: "pi_")
                require(id.utf8.count <= 255, "an id of \(id.utf8.count) bytes")
            }
            keep { () throws(CallFailure) in _ = try fields.clientSecret(answer.clientSecret, prefix: "pi_") }
        }
        _ = read(bytes, SetupIntentAnswer.self)
        _ = read(bytes, PaymentStatusAnswer.self)
        _ = read(bytes, StoredCardAnswer.self)
        _ = read(bytes, [TerminalAnswer].self)
        _ = read(bytes, GrantAnswer.self)?.checked
        for reader in read(bytes, ReaderPage.self)?.data ?? [] {
            guard let facts = reader.reader else { continue }
            require((facts.label?.unicodeScalars.count ?? 0) <= 2 * Shown.limit, "a long label")
        }
        _ = read(bytes, StripeAPI.IntentBody.self)
        _ = StripeError.sentence(bytes)
        let shown = Shown.body(bytes, hiding: ["planted-secret"])
        require(!shown.contains("planted-secret"), "a secret is shown")
        require(!shown.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7f }, "a control character is shown")
        require(shown.unicodeScalars.count <= 2 * Shown.limit + 1, "a long text is shown")
    }

    private static func read<Answer: Decodable>(_ bytes: [UInt8], _: Answer.Type) -> Answer? {
        do {
            return try JSONParser.parse(bytes).decoded()
        } catch {
            return nil
        }
    }

    private static func keep(_ body: () throws(CallFailure) -> Void) {
        do throws(CallFailure) { try body() } catch { require(!error.detail.isEmpty, "refused without a word") }
    }
}

/// Certificates, the names in them, and what name servers answer.
enum CertificateTarget {
    @Sendable static func run(_ bytes: [UInt8]) {
        var choices = Choices(bytes)
        switch choices.byte() % 4 {
        case 0: chain(&choices)
        case 1: names(&choices)
        case 2: answers(&choices)
        default: texts(choices.text)
        }
    }

    private static func chain(_ choices: inout Choices) {
        var chain: [CertificateFacts] = []
        for _ in 0..<4 where !choices.rest.isEmpty {
            let length = Int(choices.byte()) << 8 | Int(choices.byte())
            if let facts = CertificateFacts(choices.take(length)) { chain.append(facts) }
        }
        if let only = CertificateFacts(Array(choices.rest)) { chain.append(only) }
        let trusted = Dictionary(chain.suffix(1).map { ($0.subject, $0) }, uniquingKeysWith: { first, _ in first })
        for now: Int64 in [.min, 0, 1_800_000_000, .max] {
            if let flaw = ChainJudge.flaw(in: chain, trusted: trusted, host: "reader.example", now: now) {
                require(!flaw.words.isEmpty && !flaw.remedy.isEmpty, "a flaw without words")
            }
        }
        _ = ChainJudge.isAuthorityKnown(chain, trusted: trusted)
    }

    private static func names(_ choices: inout Choices) {
        let name = String(decoding: choices.take(Int(choices.byte())), as: UTF8.self)
        let host = choices.text
        let (reader, web) = (HostName.matches(host, certificateName: name), CertificateName.covers(name, host))
        if name == "*" { require(!reader && !web, "a star stands for \(host)") }
        if HostName.isValid(host) { require(HostName.matches(host, certificateName: host), "\(host) is not itself") }
        _ = ReaderName.find(in: [name, host])
    }

    private static func answers(_ choices: inout Choices) {
        let kind: NameMessage.Kind = choices.byte() & 1 == 0 ? .four : .six
        let bytes = Array(choices.rest)
        let id = bytes.count > 1 ? UInt16(bytes[0]) << 8 | UInt16(bytes[1]) : 0
        if case .addresses(let found)? = NameMessage.reply(bytes, to: "a.example", kind, id: id) {
            require(found.count <= 64, "\(found.count) addresses")
        }
    }

    private static func texts(_ text: String) {
        for der in TrustedAuthorities.certificates(inPEM: text).prefix(8) { _ = CertificateFacts(der) }
        _ = HTTPDate.parse(text).map { CivilTime($0).sentence }
        do throws(WebBase.Problem) {
            let base = try WebBase(text)
            require((1...65_535).contains(base.port) && !base.host.isEmpty, "\(base)")
        } catch {
            _ = error
        }
    }
}
