import JSON
import CheckoutAPI

extension OperationDocument {
    private static let reader = path("reader", Schema.text(.name, "The reader's id, serial number or label, percent-encoded."))

    static let registerReader = OperationDocument(
        id: "registerReader", tag: "readers", summary: "Register a reader",
        description:
            "The reader shows a code of some words; with it the reader joins the location. The answer comes when the backend's list shows the "
            + "new reader, or after `timeouts.registration_s`. It is never sent twice by itself; the same request, repeated while it runs, joins it.",
        body: ("RegisterBody", Examples.json(RegisterBody(registrationCode: "donkey-gecko-inspired", label: "Front Desk"))),
        answers: [ok(status: 201, "Registered.", "Reader", [("registered", Examples.json(Examples.registered))])])

    static let relabelReader = OperationDocument(
        id: "relabelReader", tag: "readers", summary: "Give a reader another label",
        description: "A label that another reader of the location has is refused.", parameters: [reader],
        body: ("LabelBody", Examples.json(LabelBody(label: "Front Desk"))),
        answers: [ok("The reader.", "Reader", [("reader", Examples.json(Examples.reader))])])

    static let removeReader = OperationDocument(
        id: "removeReader", tag: "readers", summary: "Take a reader off the location",
        description: "Refused while a payment has it. To use it again it is registered with a new code.", parameters: [reader],
        answers: [noContent])

    static let identifyReader = OperationDocument(
        id: "identifyReader", tag: "readers",
        summary: "Show a reader's label on its own display",
        description: "For some seconds, as a line of a cart that costs nothing. A session is opened if there is none.",
        parameters: [reader], body: ("NoBody", [:]), answers: [noContent])

    static let connectReader = OperationDocument(
        id: "connectReader", tag: "readers", summary: "Open a session with a reader",
        description: "With `take_over` also when another point of sale uses it: what runs there is ended.", parameters: [reader],
        body: ("ConnectBody", Examples.json(ConnectBody(cart: "123", takeOver: false))),
        answers: [ok("The reader.", "Reader", [("ready", Examples.json(Examples.reader))])])

    static let disconnectReader = OperationDocument(
        id: "disconnectReader", tag: "readers", summary: "Give a session up",
        description: "It stays so until a sale or a technician wants the reader again.", parameters: [reader],
        body: ("NoBody", [:]), answers: [ok("The reader.", "Reader", [("idle", Examples.json(Examples.disconnected))])])
}

extension Examples {
    static let registered: Reader = {
        var reader = Examples.reader
        reader.state = .idle
        reader.lane = nil
        reader.sessionSince = nil
        return reader
    }()

    static let disconnected: Reader = {
        var reader = Examples.reader
        reader.state = .idle
        reader.sessionSince = nil
        return reader
    }()
}
