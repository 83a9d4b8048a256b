import JSON
import CheckoutAPI

extension OperationDocument {
    private static let checkLines = Answer(
        status: 200, description: "Lines, each a CheckLine, the summary last; or, for a caller that accepts JSON alone, one CheckReport.",
        type: "application/x-ndjson",
        schema: [
            "type": "string", "description": "Lines, each of them JSON as in `#/components/schemas/CheckLine`.",
            "x-readerd-line": "CheckLine",
        ],
        examples: [("lines", .string(Examples.checkLines.map { Examples.json($0).text() + "\n" }.joined()))],
        instead: (
            "application/json", Schema.reference("CheckReport"),
            [
                (
                    "report",
                    Examples.json(CheckReport(checks: Examples.checks, summary: CheckSummary(Examples.checks, durationSeconds: 0.09)))
                )
            ]
        ))

    static let runChecks = OperationDocument(
        id: "runChecks", tag: "agent", summary: "What is wrong here, and what to do about it",
        description:
            "The checks run side by side, each with a deadline, and none of them can move money. With `Accept: application/json` "
            + "the answer is one object.",
        body: ("ChecksBody", Examples.json(ChecksBody(checks: ["backend", "clock"]))), answers: [checkLines])

    static let getMetrics = OperationDocument(
        id: "getMetrics", tag: "agent", summary: "Numbers for a monitoring system",
        description:
            "OpenMetrics 1.0 text; with `Accept: text/plain` the older Prometheus text. Counters begin at zero when the agent starts.",
        answers: [
            Answer(
                status: 200, description: "The metrics.", type: "application/openmetrics-text; version=1.0.0; charset=utf-8",
                schema: ["type": "string"],
                examples: [("excerpt", "# TYPE readerd_can_take_payments gauge\nreaderd_can_take_payments 1\n# EOF\n")],
                instead: (
                    PrometheusText.type, ["type": "string"],
                    [("excerpt", "# TYPE readerd_can_take_payments gauge\nreaderd_can_take_payments 1\n")]
                ))
        ])

    static let getPaymentTrace = OperationDocument(
        id: "getPaymentTrace", tag: "payments", summary: "The calls that a payment took",
        description: "With the time each took, as far as the agent remembers them: some hundred payments, not beyond its last start.",
        parameters: [payment],
        answers: [ok("The calls.", "PaymentTrace", [("trace", Examples.json(Examples.trace))])])
}

extension Examples {
    private static let when = Timestamp(milliseconds: 1_769_851_800_250)

    static let checks: [Check] = [
        Check(
            id: "backend", title: "The backend answers.", status: .pass, detail: "It answered within 84 ms.", durationSeconds: 0.084),
        Check(
            id: "clock", title: "This box's clock is right.", status: .fail, detail: "This box's clock is 7 minutes behind.",
            remedy: "Switch on time synchronisation: sudo timedatectl set-ntp true", durationSeconds: 0.001),
        Check(
            id: "reader_port", subject: "Front Desk", title: "Front Desk answers on its port.", status: .pass,
            detail: "192.168.1.57:4443 answered within 3 ms.", durationSeconds: 0.003),
    ]

    static let checkLines: [CheckLine] =
        [.heartbeat] + checks.map { .check($0) } + [.summary(CheckSummary(checks, durationSeconds: 0.09))]

    static let trace = PaymentTrace(
        payment: "till-1-000123",
        steps: [
            .init(party: .backend, call: "payment_intent", at: when, durationSeconds: 0.21, result: "ok"),
            .init(
                party: .reader, call: "confirmPayment", at: Timestamp(milliseconds: when.milliseconds + 6_480), durationSeconds: 1.87,
                result: "ok"),
        ])
}

extension Schema {
    static let diagnosis: [(String, JSONValue)] =
        described([ChecksBody.self]) + [
            (
                "Check",
                answer(
                    "One thing that was looked at.",
                    required: [
                        ("id", text("Of the check.")), ("title", text("A sentence that is true when the check passes.")),
                        ("status", openWords(Check.Status.known.map(\.rawValue), "What came of it.")), ("detail", text("What was found.")),
                        ("duration_s", ["type": "number", "description": "Seconds it took."]),
                    ],
                    optional: [("subject", text("Which of several things was looked at.")), ("remedy", text("What to do."))])
            ),
            (
                "CheckSummary",
                answer(
                    "How many checks ended how.",
                    required: ["pass", "warn", "fail", "skipped"].map { ($0, integer("How many.")) }
                        + [("duration_s", ["type": "number", "description": "Seconds for all together."])])
            ),
            (
                "CheckReport",
                answer(
                    "All checks.", required: [("checks", list(reference("Check"), "Each result.")), ("summary", reference("CheckSummary"))])
            ),
            (
                "CheckLine",
                answer(
                    "One line of the stream of checks: `check` or `summary` with its fields beside, `heartbeat`, or `end` with a problem.",
                    required: [("type", text("`check`, `summary`, `heartbeat` or `end`."))],
                    optional: ["id", "subject", "title", "status", "detail", "remedy"].map { ($0, text("As in Check.")) }
                        + ["pass", "warn", "fail", "skipped"].map { ($0, integer("As in CheckSummary.")) }
                        + [("duration_s", ["type": "number", "description": "Seconds."]), ("problem", reference("Problem"))])
            ),
            (
                "PaymentTrace",
                answer(
                    "The calls that were made for a payment.",
                    required: [
                        ("payment", text("The payment.")), ("steps", list(reference("TraceStep"), "In the order in which they began.")),
                    ])
            ),
            (
                "TraceStep",
                answer(
                    "One call.",
                    required: [
                        ("party", openWords(PaymentTrace.Step.Party.known.map(\.rawValue), "Who was called.")), ("call", text("Its name.")),
                        ("at", time("When it began.")), ("duration_s", ["type": "number", "description": "Seconds it took."]),
                        ("result", text("`ok`, or in a word what went wrong.")),
                    ])
            ),
        ]
}
