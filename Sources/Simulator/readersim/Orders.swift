import JSON
import ArgumentParser
import StoreSimulator

/// `readersim script` sets what the next customer and their issuer do.
struct Script: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Say what the next customer at a reader, and their card's issuer, will do.")

    @OptionGroup var options: StoreOptions

    @Option(help: "Serial number, id or label; without it the first reader.")
    var reader: String?

    @Option(help: "For so many customers.")
    var times = 1

    @Option(help: "Milliseconds until the card.")
    var cardAfter: Int?

    @Option(help: "Milliseconds until the customer presses cancel.")
    var cancelsAfter: Int?

    @Flag(help: "No card at all.")
    var neverPresents = false

    @Option(help: "VISA, MASTERCARD, AMERICAN_EXPRESS, …")
    var brand: String?

    @Option(help: "The card's last four digits.")
    var last4: String?

    @Option(help: "CHIP_READ, CONTACTLESS, SWIPED, …")
    var entry: String?

    @Option(help: "The tip chosen, minor units.")
    var tip: Int?

    @Option(help: "Milliseconds until the issuer's answer.")
    var confirmTakes: Int?

    @Flag(help: "The reader asks for the PIN.")
    var pin = false

    @Option(help: "The card's first try is refused with this decline code; the reader goes on within the same confirm.")
    var refusedFirst: String?

    @Option(help: "Milliseconds from that refusal to the issuer's second answer.")
    var secondTakes: Int?

    @Option(help: "The issuer approves so much only, minor units.")
    var authorises: Int?

    @Option(help: "approve, decline:CODE, meets_own_charge, processing, requires_confirmation, unknown, unknown:charged or error:CODE")
    var outcome: String?

    func run() async throws {
        var script = CustomerScript(
            cardAfter: cardAfter, cancelsAfter: cancelsAfter, neverPresents: neverPresents ? true : nil, brand: brand, last4: last4,
            entry: entry, tip: tip, confirmTakes: confirmTakes, pin: pin ? true : nil,
            refusedFirst: refusedFirst, secondTakes: secondTakes, authorises: authorises)
        if let outcome {
            guard let known = IssuerOutcome(text: outcome) else { throw ValidationError("no such outcome: \(outcome)") }
            script.outcome = known
        }
        try await options.client().script(script, reader: reader, times: times)
    }
}

/// `readersim fault` makes a call go wrong.
struct MakeFault: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fault", abstract: "Make a call go wrong.",
        discussion: """
            CALL is backend.payment_intent, stripe.readers, reader.confirmPayment, backend.*, reader.connect and the like. KIND is delay, \
            delay_answer or round_trip (with --milliseconds; round_trip is half before and half after), close, status (with --status and --body), \
            silence, act_then_silence, lose_answer, truncate, garbage, garbage_bytes, huge, answer (with --body), rpc_error or app_error (with --code).
            """)

    @OptionGroup var options: StoreOptions
    @Argument var call: String
    @Argument var kind: String
    @Option(help: "Only this reader.") var reader: String?
    @Option(help: "How many calls it strikes.") var times = 1
    @Flag(help: "Until it is cleared.") var always = false
    @Option(help: "How many calls pass before it begins.") var after = 0
    @Option var milliseconds: Int?
    @Option var status: Int?
    @Option var body: String?
    @Option var code: String?
    @Option var message: String?

    func run() async throws {
        var effect: JSONObject = ["kind": .string(kind)]
        if let milliseconds { effect["milliseconds"] = .integer(milliseconds) }
        if let status { effect["status"] = .integer(status) }
        if let body { effect["body"] = .string(body) }
        if let code { effect["code"] = .string(code) }
        if let message { effect["message"] = .string(message) }
        try await options.client().post(
            "fault",
            [
                "call": .string(call), "reader": JSONValue(reader), "times": always ? nil : .integer(times), "after": .integer(after),
                "effect": .object(effect),
            ])
    }
}

/// `readersim clear` takes faults away.
struct Clear: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Take away the faults of a call, or all of them.")

    @OptionGroup var options: StoreOptions
    @Argument var call: String?
    @Flag(help: "Also what the next customers were to do.") var scripts = false

    func run() async throws {
        try await options.client().post("clear", ["call": JSONValue(call), "scripts": .bool(scripts)])
    }
}

/// `readersim reader` makes something happen to a reader.
struct ReaderEvent: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reader", abstract: "Let something happen to a reader.",
        discussion: """
            EVENT is reboot, power_off, power_on, move, take_over, release, internet_off, internet_on, card_left_in, card_removed, \
            link_down, link_up, certificate (with --flaw, or without it for a good one), listed_status (with --status), listed_label (with --how), \
            answers (with --shapes, as readersim run --answers) or pairing_code.
            """)

    @OptionGroup var options: StoreOptions
    @Argument var event: String
    @Option(help: "Serial number, id or label; without it the first reader.") var reader: String?
    @Option(help: "How long it is down; when Stripe hears of its new address.") var milliseconds: Int?
    @Option(help: "Where it moves to; a free loopback address without it.") var address: String?
    @Flag(help: "Stripe never hears of the new address.") var neverListed = false
    @Flag(help: "An authorisation that runs takes the money all the same.") var finishesAuthorisation = false
    @Flag(help: "The other point of sale asks for a card.") var collects = false
    @Option(help: "other_name, expired, not_yet_valid, other_authority or address_only") var flaw: String?
    @Option(help: "online or offline") var status: String?
    @Option(help: "How the backend's list tells its label: as_it_is, empty or missing.") var how: String?
    @Option(help: "How it writes its answers down, with commas between; none for the usual way.") var shapes: String?

    func run() async throws {
        let answer = try await options.client().post(
            "reader",
            [
                "event": .string(event), "reader": JSONValue(reader), "milliseconds": JSONValue(milliseconds), "flaw": JSONValue(flaw),
                "never_listed": .bool(neverListed), "finishes_authorisation": .bool(finishesAuthorisation), "collects": .bool(collects),
                "status": JSONValue(status), "address": JSONValue(address), "how": JSONValue(how), "shapes": .string(shapes ?? ""),
            ])
        if let code = answer["registration_code"]?.string { writeLine(code) }
    }
}

/// `readersim host` makes something happen to the backend or to Stripe.
struct HostEvent: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "host", abstract: "Let something happen to the backend or to Stripe.",
        discussion: """
            HOST is backend or stripe. EVENT is outage, recovery; for the backend refuse (with --status), accept, new_token, revoke_tokens, \
            order_fails (with --cart and --error), order_succeeds (with --cart), behave (with --set NAME=VALUE, such as trims_carts=true or \
            failed_stands=1500); for Stripe expire_tokens, tip_stays, tip_goes, and with --intent pay_with_form, begin_action, \
            decline_form (and --code), cancel_intent, change_amount (and --amount), processing_fails.
            """)

    @OptionGroup var options: StoreOptions
    @Argument var host: String
    @Argument var event: String
    @Option var status: Int?
    @Option var cart: String?
    @Option var error: String?
    @Option var intent: String?
    @Option(help: "Minor units.") var amount: Int?
    @Option var code: String?
    @Option(name: .customLong("set"), help: "NAME=VALUE; repeatable.") var settings: [String] = []

    func run() async throws {
        guard host == "backend" || host == "stripe" else { throw ValidationError("the host is backend or stripe") }
        var order: JSONObject = [
            "event": .string(event), "status": JSONValue(status), "cart": JSONValue(cart), "error": JSONValue(error),
            "intent": JSONValue(intent), "amount": JSONValue(amount), "code": JSONValue(code),
        ]
        for setting in settings {
            let parts = setting.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, parts[1] == "true" || parts[1] == "false" || Int(parts[1]) != nil else {
                throw ValidationError("\(setting) is not NAME=true, NAME=false or NAME=NUMBER")
            }
            order[parts[0]] = Int(parts[1]).map { .integer($0) } ?? .bool(parts[1] == "true")
        }
        try await options.client().post(host, .object(order))
    }
}

/// `readersim preset` sets up a situation by one word.
struct UsePreset: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "preset", abstract: "A situation by one word: \(Preset.allCases.map(\.rawValue).joined(separator: ", ")).")

    @OptionGroup var options: StoreOptions
    @Argument var name: String
    @Option(help: "Serial number, id or label; without it the first reader.") var reader: String?

    func run() async throws {
        try await options.client().post("preset", ["name": .string(name), "reader": JSONValue(reader)])
    }
}
