import JSON
import CheckoutAPI

extension OperationDocument {
    static let tryReader = OperationDocument(
        id: "tryReader", tag: "readers", summary: "Try a reader out, one step after another",
        description:
            "For the first hour with a real reader: each step of its interface, with what was sent, what came and what was expected, secrets "
            + "and card data taken out. `collect_cancel`, `collect_read` and `confirm` are ordinary payments of the cart, and run only with a "
            + "test-mode key and an `amount`. Every message is written down beside, for `readersim replay`. With "
            + "`Accept: application/json` the answer is one object, when all is over.",
        parameters: [path("reader", Schema.text(.name, "The reader's id, serial number or label, percent-encoded."))],
        body: ("TrialBody", Examples.json(TrialBody(cart: "123", amount: "1.00"))),
        answers: [
            Answer(
                status: 200,
                description: "Lines, each a TrialLine, the summary last; or, for a caller that accepts JSON alone, one TrialReport.",
                type: "application/x-ndjson",
                schema: [
                    "type": "string", "description": "Lines, each of them JSON as in `#/components/schemas/TrialLine`.",
                    "x-readerd-line": "TrialLine",
                ],
                examples: [("lines", .string(Examples.trialLines.map { Examples.json($0).text() + "\n" }.joined()))],
                instead: (
                    "application/json", Schema.reference("TrialReport"),
                    [("report", Examples.json(TrialReport(steps: [Examples.trialStep], summary: Examples.trialSummary)))]
                ))
        ])
}

extension Examples {
    static let trialStep = TrialStep(
        step: .heartbeat, status: .pass, detail: "It answered in its session.", sent: "terminalHeartbeat {}",
        received: "HTTP 200 RPC_OK OK {\"system_context\":{\"connectivity_status\":\"CONNECTED\"}}", expected: "HTTP 200, RPC_OK and OK.",
        durationSeconds: 0.021)

    static let trialSummary = TrialSummary(
        pass: 1, fail: 0, skipped: 0, recording: "/var/lib/readerd/trials/2026-11-26T09-12-00Z-tmr_123.jsonl", payments: [],
        durationSeconds: 0.4)

    static let trialLines: [TrialLine] = [.heartbeat, .step(trialStep), .summary(trialSummary)]
}

extension Schema {
    static let trials: [(String, JSONValue)] =
        described([TrialBody.self]) + [
            (
                "TrialStep", answer("One step.", required: trialStep, optional: trialStepOptional)
            ),
            (
                "TrialSummary",
                answer(
                    "What a trial came to.",
                    required: trialCounts + [
                        ("payments", list(["type": "string"], "The payments that were made for it.")),
                        ("duration_s", ["type": "number", "description": "Seconds it took."]),
                    ],
                    optional: [("recording", text("Where every message was written down; absent where that could not be done."))])
            ),
            (
                "TrialReport",
                answer(
                    "A trial.",
                    required: [("steps", list(reference("TrialStep"), "In their order.")), ("summary", reference("TrialSummary"))])
            ),
            (
                "TrialLine",
                answer(
                    "One line of a trial: `step` or `summary` with its fields beside, `heartbeat`, or `end` with a problem.",
                    required: [("type", text("`step`, `summary`, `heartbeat` or `end`."))],
                    optional: trialStep.filter { $0.0 != "duration_s" } + trialStepOptional + trialCounts + [
                        ("recording", text("As in TrialSummary.")), ("payments", list(["type": "string"], "As in TrialSummary.")),
                        ("duration_s", ["type": "number", "description": "Seconds."]), ("problem", reference("Problem")),
                    ])
            ),
        ]

    private static let trialStep: [(String, JSONValue)] = [
        ("step", words(TrialStep.Name.allCases.map(\.rawValue), "Which.")),
        ("status", words(["pass", "fail", "skipped"], "How it ended.")),
        ("detail", text("What happened.")), ("expected", text("What should come.")),
        ("duration_s", ["type": "number", "description": "Seconds it took."]),
    ]
    private static let trialStepOptional: [(String, JSONValue)] = [
        ("sent", text("What was sent, one message a line.")), ("received", text("What came, one message a line.")),
        ("remedy", text("What to do.")),
    ]
    private static let trialCounts: [(String, JSONValue)] = [
        ("pass", integer("Steps that passed.")), ("fail", integer("Steps that failed.")),
        ("skipped", integer("Steps that were not tried.")),
    ]
}
