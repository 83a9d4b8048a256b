/// Why a request was refused (RFC 9457, `application/problem+json`). Programs decide by `code`.
///
/// On creating a payment it means that no payment exists because of this request.
public struct Problem: Error, Sendable, Hashable, Codable {
    /// One thing that is wrong with a request.
    public struct Field: Sendable, Hashable, Codable {
        /// The field's place: `amount`, `tip.options[0].label`, a query parameter's name, or `body`.
        public var field: String
        public var message: String

        public init(field: String, message: String) {
            self.field = field
            self.message = message
        }
    }

    /// A URN made of the code.
    public var type: String
    /// A title that every problem of this code has.
    public var title: String
    public var status: Int
    /// What is wrong this time.
    public var detail: String
    public var code: Code
    /// Whether the same request may succeed later without anybody changing anything.
    public var retryable: Bool
    public var remedy: String?
    /// Everything that is wrong with the request, with `invalid_request`.
    public var errors: [Field]?
    /// The payment that stands in the way.
    public var payment: String?
    public var lane: String?
    public var readerState: Reader.State?
    /// Readers that the name could mean.
    public var candidates: [String]?
    public var order: String?
    public var paidBy: String?

    public init(
        _ code: Code, _ detail: String, remedy: String? = nil, errors: [Field]? = nil, payment: String? = nil, lane: String? = nil,
        readerState: Reader.State? = nil, candidates: [String]? = nil, order: String? = nil, paidBy: String? = nil, status: Int? = nil,
        retryable: Bool? = nil
    ) {
        let facts = code.facts
        self.type = "urn:readerd:problem:\(code.rawValue)"
        self.title = facts.title
        self.status = status ?? facts.status
        self.detail = detail
        self.code = code
        self.retryable = retryable ?? facts.retryable
        self.remedy = remedy
        self.errors = errors
        self.payment = payment
        self.lane = lane
        self.readerState = readerState
        self.candidates = candidates
        self.order = order
        self.paidBy = paidBy
    }

    enum CodingKeys: String, CodingKey {
        case type, title, status, detail, code, retryable, remedy, errors, payment, lane, candidates, order
        case readerState = "reader_state"
        case paidBy = "paid_by"
    }
}
