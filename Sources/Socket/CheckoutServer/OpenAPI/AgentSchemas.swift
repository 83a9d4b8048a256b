import JSON
import CheckoutAPI

extension Schema {
    /// The agent, its readers, its events and its refusals.
    static let agent: [(String, JSONValue)] = [
        (
            "Info",
            answer(
                "What the agent is, and who is asking.",
                required: [
                    ("name", text("`readerd`")), ("version", text("Of the agent.")), ("api_version", text("Of this API.")),
                    ("mode", orNull(words(Info.Mode.allCases.map(\.rawValue), "Null until the backend's configuration was read."))),
                    ("location", orNull(text("The backend's location."))), ("started_at", time("When the agent started.")),
                    ("uptime_s", integer("Seconds since then.")), ("caller", reference("Caller")),
                ])
        ),
        (
            "Caller",
            answer(
                "Who asks, as the kernel says.",
                required: [
                    ("role", words(Role.allCases.map(\.rawValue), "What it may do.")), ("pid", integer("Process.")),
                    ("uid", integer("User.")),
                    ("gid", integer("Group.")), ("groups", list(["type": "integer"], "Supplementary groups.")),
                ])
        ),
        (
            "Status",
            answer(
                "Whether a payment can be taken now and, if not, why.",
                required: [
                    ("can_take_payments", flag("A payment would be accepted, and could succeed.")),
                    ("reasons", list(reference("Reason"), "What is wrong.")), ("backend", reference("Part")),
                    ("journal", reference("Part")),
                    ("readers", list(reference("Reader"), "All that are known.")),
                    ("lanes", list(reference("Lane"), "As the settings name them.")),
                    ("open_payments", list(reference("OpenPayment"), "Payments that have not ended.")),
                ])
        ),
        (
            "Part",
            answer(
                "Something that payments need.",
                required: [
                    ("state", openWords(["ok", "unknown", "unavailable", "unauthorized"], "How it is.")),
                    ("detail", orNull(text("What is wrong."))), ("last_ok_at", orNull(time("When it last worked."))),
                ])
        ),
        (
            "Lane",
            answer(
                "A till.",
                required: [
                    ("lane", text("Its name.")), ("reader", orNull(text("`tmr_…`"))), ("reader_state", orNull(reference("ReaderState"))),
                    ("payment", orNull(text("The payment that runs there."))), ("waiting", integer("How many wait behind it.")),
                ])
        ),
        (
            "OpenPayment",
            answer(
                "A payment that has not ended.",
                required: [
                    ("id", text("Its id.")), ("cart", text("Its cart.")), ("lane", orNull(text("The lane."))),
                    ("reader", orNull(text("`tmr_…`"))),
                    ("state", reference("PaymentState")), ("money", reference("MoneyState")), ("created_at", time("When it was accepted.")),
                ])
        ),
        (
            "Reason",
            answer(
                "Why something does not work.",
                required: [
                    ("code", text("For programs.")), ("message", text("For people.")), ("remedy", orNull(text("What to do."))),
                ])
        ),
        (
            "ReaderState",
            openWords(Reader.State.known.map(\.rawValue), "All but `ready`, `busy` and `idle` come with a reason.")
        ),
        (
            "Reader",
            answer(
                "A card reader.",
                required: [
                    ("reader", orNull(text("`tmr_…`; null when it is not registered."))), ("label", orNull(text("As people call it."))),
                    ("serial", orNull(text("Serial number."))), ("model", orNull(text("Model."))),
                    ("software", orNull(text("Software version."))),
                    ("registered", flag("The backend knows it.")), ("driveable", flag("The agent can take payments with it.")),
                    ("transport", orNull(openWords(Transport.known.map(\.rawValue), "How it is attached."))),
                    ("address", orNull(text("IP address."))), ("host", orNull(text("The name that its certificate bears."))),
                    ("usb", orNull(reference("USB"))), ("state", reference("ReaderState")), ("reason", orNull(reference("Reason"))),
                    ("lane", orNull(text("The lane that it serves."))), ("payment", orNull(text("The payment that has it."))),
                    ("last_seen_at", orNull(time("When it last answered."))),
                    ("session_since", orNull(time("Since when it has a session."))),
                ], optional: [("declared_label", text("What the settings say that it is to be called."))])
        ),
        (
            "USB",
            answer(
                "A USB device.",
                required: [
                    ("vendor_id", text("Four hexadecimal digits.")), ("product_id", text("Four hexadecimal digits.")),
                    ("bus", integer("Bus.")),
                    ("port_path", text("Ports from the root hub down.")), ("manufacturer", orNull(text("As the device says."))),
                    ("product", orNull(text("As the device says."))), ("serial", orNull(text("As the device says."))),
                    ("link", orNull(text("The way it can be spoken to."))),
                ])
        ),
        ("ReaderList", answer("All readers.", required: [("readers", list(reference("Reader"), "Registered or seen."))])),
        (
            "Device",
            answer(
                "Something that was seen on USB or the LAN.",
                required: [
                    ("device", text("Its identity.")), ("transport", openWords(Transport.known.map(\.rawValue), "How it is attached.")),
                    ("address", orNull(text("IP address."))), ("driveable", flag("The agent can speak to it.")),
                    ("first_seen_at", time("When it was first seen.")), ("last_seen_at", time("When it was last seen.")),
                ],
                optional: [
                    ("host", text("The name that its certificate bears.")), ("usb", reference("USB")), ("model", text("Model.")),
                    ("reader", text("`tmr_…`")), ("reason", reference("Reason")),
                ])
        ),
        ("DeviceList", answer("All devices.", required: [("devices", list(reference("Device"), "Seen now, or lately on the LAN."))])),
        (
            "StreamLine",
            answer(
                "One line of a stream: an event with the whole resource under its topic's name; `{\"type\": \"heartbeat\"}`; or "
                    + "`{\"type\": \"end\", \"problem\": …}` as the last.",
                required: [("type", text("What happened."))],
                optional: [
                    ("cursor", text("Opaque; `after` goes on from here.")), ("at", time("When.")),
                    ("topic", openWords(Event.Topic.known.map(\.rawValue), "What it is about.")), ("payment", reference("Payment")),
                    ("reader", reference("Reader")), ("device", reference("Device")), ("agent", reference("Notice")),
                    ("problem", reference("Problem")),
                    ("note", text("What the journal says of it, for people.")),
                ])
        ),
        (
            "Notice",
            answer(
                "News of the agent itself.", required: [("code", text("For programs.")), ("message", text("For people."))],
                optional: [("remedy", text("What to do.")), ("payment", text("The payment that it is about."))])
        ),
        (
            "Problem",
            answer(
                "Why a request was refused (RFC 9457). On creating a payment: no payment exists because of this request.",
                required: [
                    ("type", ["type": "string", "format": "uri", "description": "A URN made of the code."]),
                    ("title", text("The same for every problem of this code.")),
                    ("status", integer(400...599, "As in the answer's head.")), ("detail", text("What is wrong this time.")),
                    ("code", text("What programs decide by.")),
                    ("retryable", flag("The same request may succeed later without anybody changing anything.")),
                ],
                optional: [
                    ("remedy", text("What to do.")),
                    ("errors", list(reference("FieldError"), "Everything that is wrong with the request.")),
                    ("payment", text("The payment that stands in the way.")), ("lane", text("Where it runs.")),
                    ("reader_state", reference("ReaderState")),
                    ("candidates", list(["type": "string"], "What the name could mean.")), ("order", text("The order that was paid.")),
                    ("paid_by", text("The payment that paid the cart.")),
                ])
        ),
        (
            "FieldError",
            answer(
                "One thing that is wrong.",
                required: [("field", text("`amount`, `tip.options[0].label`, a parameter's name, or `body`.")), ("message", text("How."))])
        ),
    ]
}
