extension Problem {
    /// What programs decide by.
    public struct Code: OpenWord {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        public static let malformedRequest: Self = "malformed_request"
        public static let methodNotAllowed: Self = "method_not_allowed"
        public static let unsupportedMediaType: Self = "unsupported_media_type"
        public static let requestTimeout: Self = "request_timeout"
        public static let notPermitted: Self = "not_permitted"
        public static let browserRefused: Self = "browser_refused"
        public static let paymentNotFound: Self = "payment_not_found"
        public static let readerNotFound: Self = "reader_not_found"
        public static let cartNotFound: Self = "cart_not_found"
        public static let notFound: Self = "not_found"
        public static let cartBusy: Self = "cart_busy"
        public static let cartPaid: Self = "cart_paid"
        public static let cartHeld: Self = "cart_held"
        public static let readerBusy: Self = "reader_busy"
        public static let leaseChanged: Self = "lease_changed"
        public static let alreadyEnded: Self = "already_ended"
        public static let noCart: Self = "no_cart"
        public static let cursorGone: Self = "cursor_gone"
        /// 413 for a body; a request head is refused with the same code and 431.
        public static let tooLarge: Self = "too_large"
        public static let invalidRequest: Self = "invalid_request"
        public static let labelInUse: Self = "label_in_use"
        public static let paymentIDReused: Self = "payment_id_reused"
        public static let noReader: Self = "no_reader"
        public static let backendRejected: Self = "backend_rejected"
        public static let registrationFailed: Self = "registration_failed"
        public static let queueFull: Self = "queue_full"
        public static let overloaded: Self = "overloaded"
        public static let internalError: Self = "internal_error"
        public static let backendUnauthorized: Self = "backend_unauthorized"
        public static let backendForbidden: Self = "backend_forbidden"
        public static let backendInvalidAnswer: Self = "backend_invalid_answer"
        public static let readerUnavailable: Self = "reader_unavailable"
        public static let backendUnavailable: Self = "backend_unavailable"
        public static let journalUnavailable: Self = "journal_unavailable"
        public static let shuttingDown: Self = "shutting_down"
        /// The agent could not start: the detail says why.
        public static let notStarted: Self = "not_started"
    }
}

extension Problem.Code {
    /// The HTTP status, the title, and whether the same request may succeed later without anybody changing anything.
    package struct Facts: Sendable {
        package var status: Int
        package var title: String
        package var retryable: Bool

        package init(_ status: Int, _ title: String, retryable: Bool = false) {
            self.status = status
            self.title = title
            self.retryable = retryable
        }
    }

    /// Every code of this version. What is not in here is answered as an internal error.
    package static let table: [Self: Facts] = [
        .malformedRequest: Facts(400, "The request is not understood"),
        .methodNotAllowed: Facts(405, "The route does not have this method"),
        .unsupportedMediaType: Facts(415, "The body is not application/json"),
        .requestTimeout: Facts(408, "The request did not arrive in time", retryable: true),
        .notPermitted: Facts(403, "Not permitted"),
        .browserRefused: Facts(403, "Web pages are refused"),
        .paymentNotFound: Facts(404, "No such payment"),
        .readerNotFound: Facts(404, "No such reader"),
        .cartNotFound: Facts(404, "No such cart"),
        .notFound: Facts(404, "Not found"),
        .cartBusy: Facts(409, "The cart is busy", retryable: true),
        .cartPaid: Facts(409, "The cart is paid"),
        .cartHeld: Facts(409, "Money is held for the cart"),
        .readerBusy: Facts(409, "The reader is busy", retryable: true),
        .leaseChanged: Facts(409, "Another payment has the reader"),
        .alreadyEnded: Facts(409, "The payment has ended"),
        .noCart: Facts(409, "No cart is open"),
        .cursorGone: Facts(410, "The cursor is gone"),
        .tooLarge: Facts(413, "The request is too large"),
        .invalidRequest: Facts(422, "The request is not valid"),
        .labelInUse: Facts(422, "The label is in use"),
        .paymentIDReused: Facts(422, "The payment id was used for something else"),
        .noReader: Facts(422, "No reader to use"),
        .backendRejected: Facts(424, "The backend refused"),
        .registrationFailed: Facts(424, "The reader did not register"),
        .queueFull: Facts(429, "The queue is full", retryable: true),
        .overloaded: Facts(429, "The agent is overloaded", retryable: true),
        .internalError: Facts(500, "The agent failed"),
        .backendUnauthorized: Facts(502, "The backend does not accept the agent's token"),
        .backendForbidden: Facts(502, "The backend does not permit this"),
        .backendInvalidAnswer: Facts(502, "The backend's answer is not understood"),
        .readerUnavailable: Facts(503, "The reader is not available", retryable: true),
        .backendUnavailable: Facts(503, "The backend cannot be reached", retryable: true),
        .journalUnavailable: Facts(503, "The journal cannot be written", retryable: true),
        .shuttingDown: Facts(503, "The agent is stopping", retryable: true),
        .notStarted: Facts(503, "The agent cannot start"),
    ]

    package var facts: Facts { Self.table[self] ?? Facts(500, "The agent failed") }
}
