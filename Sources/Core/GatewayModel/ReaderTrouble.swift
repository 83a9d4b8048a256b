import Moments

/// Why a reader cannot be used now, in words for the person in front of it.
package struct ReaderTrouble: Error, Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case unreachable
        /// The certificate is not the reader's, has expired, or comes from another authority.
        case untrusted
        case inUseElsewhere
        /// Neither the backend nor Stripe lists the reader, or it has no address.
        case notListed
        /// Only its vendor's SDK drives readers of this type.
        case vendorSDKOnly
        /// The reader is there and has proved its identity, but does not serve this interface.
        case softwareUnsupported
        /// The reader itself refused or failed.
        case refused
        case backend(CallFailure)
        case stripe(CallFailure)
        /// A connection token needs a cart, and none is open.
        case noCart
    }

    package var kind: Kind
    package var message: String
    package var remedy: String

    package init(_ kind: Kind, _ message: String, remedy: String) {
        self.kind = kind
        self.message = message
        self.remedy = remedy
    }

    package static func from(_ failure: ReaderFailure) -> ReaderTrouble {
        switch failure {
        case .unreachable(let detail), .lost(let detail):
            ReaderTrouble(
                .unreachable, "The reader does not answer: \(detail)",
                remedy: "Check that the reader is on, on the shop's network, and that this box can reach it.")
        case .untrusted(let problem):
            ReaderTrouble(.untrusted, problem.sentence, remedy: problem.remedy)
        case .rpc(_, let detail), .app(_, let detail), .invalidAnswer(let detail), .unsupported(let detail):
            ReaderTrouble(.refused, "The reader refused: \(detail)", remedy: "Restart the reader if this goes on.")
        }
    }

    /// The trouble of a reader that does not serve this interface. The way to it is in order: the cause is its software or this program's.
    package static func unsupported(_ reader: ReaderFacts, _ words: String) -> ReaderTrouble {
        let software = reader.software.map { " (software \($0))" } ?? ""
        return ReaderTrouble(
            .softwareUnsupported,
            "The reader \(reader.name)\(software) is there, and it does not serve the interface that readerd speaks: \(words).",
            remedy: "Update readerd, and let the reader update itself (restart it, idle and on power); then run sudo readerctl readers "
                + "connect \(PrintedWord.of(reader.serial ?? reader.id.text, else: "READER")). sudo readerctl trial tells which step it refuses, and with what words."
        )
    }

    package static func vendorSDKOnly(_ reader: ReaderFacts) -> ReaderTrouble {
        ReaderTrouble(
            .vendorSDKOnly,
            "The reader \(reader.name) (\(reader.model ?? "a mobile reader")) is driven by Stripe's own SDK on a phone or tablet only.",
            remedy: "Use a smart reader (WisePOS E, S700) at this till; the mobile one goes on working with its app.")
    }

    package static func unregistered(_ reader: ReaderFacts) -> ReaderTrouble {
        ReaderTrouble(
            .notListed, "The reader \(reader.name) is not registered at this location any more: Stripe does not list it here.",
            remedy: "Register it at this location again, or use another reader.")
    }

    package static func from(backend failure: CallFailure) -> ReaderTrouble {
        ReaderTrouble(.backend(failure), "No connection token: \(failure.backendCause)", remedy: failure.backendRemedy)
    }

    package static func from(stripe failure: CallFailure) -> ReaderTrouble {
        ReaderTrouble(
            .stripe(failure), "Stripe's list of readers could not be read: \(failure.detail)",
            remedy: failure.stripeRemedy)
    }

    /// How a payment that needed this reader ends.
    package var paymentFailure: PaymentFailure {
        switch kind {
        case .inUseElsewhere: PaymentFailure(code: .readerInUse, message: message, remedy: remedy)
        case .backend(let failure): failure.paymentFailure
        case .refused, .softwareUnsupported, .vendorSDKOnly: PaymentFailure(code: .readerError, message: message, remedy: remedy)
        case .unreachable, .untrusted, .notListed, .stripe, .noCart:
            PaymentFailure(code: .readerLost, message: message, remedy: remedy)
        }
    }
}

extension CertificateProblem {
    package var sentence: String {
        switch self {
        case .wrongName(let expected, let presented):
            "The device at the reader's address shows a certificate of another name (expected \(expected), shown: \(presented.joined(separator: ", ")))."
        case .expired: "The reader's certificate has expired."
        case .notYetValid: "The reader's certificate is not valid yet."
        case .unknownAuthority(let issuer): "The reader's certificate is signed by an authority that this box does not trust (\(issuer))."
        case .flawed(let words, _): "The reader's certificate \(words)."
        case .other(let detail): "The reader's certificate was refused: \(detail)"
        }
    }

    package var remedy: String {
        switch self {
        case .wrongName: "Another device may have the reader's address: restart the reader, then look for it again."
        case .expired, .notYetValid: "Check this box's clock first; if it is right, restart the reader so that it gets a new certificate."
        case .unknownAuthority: "Check that ca-certificates is installed and current, and what trust_roots names."
        case .flawed(_, let remedy): remedy
        case .other: "Restart the reader; if it goes on, look at the certificate with a browser."
        }
    }
}

extension CallFailure {
    /// How a payment ends when its backend call failed before any money could move.
    package var paymentFailure: PaymentFailure {
        let code: FailureCode =
            switch self {
            case .unauthorized: .backendUnauthorized
            case .forbidden, .rejected: .backendRejected
            case .invalidAnswer: .backendInvalidAnswer
            case .unavailable, .overloaded: .backendUnavailable
            }
        return PaymentFailure(code: code, message: backendCause, remedy: backendRemedy)
    }
}
