import CheckoutAPI
import CheckoutClient
import StoreSimulator
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(30)))
struct RegistrationTests {
    private static func code(_ store: Store, _ index: Int = 1) throws -> String {
        try #require(store.simulator.readers[index].registrationCode)
    }

    @Test func `a reader is registered, labelled, used and removed`() async throws {
        try await Store.open(simulate: { $0.unregisteredReaders = 1 }) { store in
            let reader = try await store.client.registerReader(RegisterBody(registrationCode: try Self.code(store), label: "Bar"))
            #expect(reader.label == "Bar")
            #expect(reader.registered)
            #expect(reader.reader == store.simulator.readers[1].id)
            let payment = try await store.client.pay("p", PaymentBody(cart: "1", amount: "1.00", reader: "Bar"), wait: .seconds(30))
            #expect(payment.state == .succeeded)

            let taken = try await refusal { () async throws(ClientError) in
                try await store.client.relabelReader("Bar", label: "Reader 1")
            }
            #expect(taken.code == .labelInUse)
            #expect(try await store.client.relabelReader("Bar", label: "Terrace").label == "Terrace")
            #expect(store.simulator.readers[1].label == "Terrace")

            try await store.client.removeReader("Terrace")
            #expect(store.simulator.readers[1].id == nil)
            let gone = try await refusal { () async throws(ClientError) in try await store.client.reader("Terrace") }
            #expect(gone.code == .readerNotFound)
        }
    }

    @Test func `the list is the evidence when the answers are lost`() async throws {
        try await Store.open(simulate: {
            $0.unregisteredReaders = 1
            $0.backend.registrationDelay = 600
        }) { store in
            store.simulator.fault(Fault("backend.register_terminal", .loseAnswer))
            let reader = try await store.client.registerReader(RegisterBody(registrationCode: try Self.code(store), label: "Bar"))
            #expect(reader.reader == store.simulator.readers[1].id)
            #expect(store.ledger.counts["backend.register_terminal"]?.count == 1)

            store.simulator.fault(Fault("backend.update_terminal", .loseAnswer))
            #expect(try await store.client.relabelReader("Bar", label: "Terrace").label == "Terrace")
            store.simulator.fault(Fault("backend.deregister_terminal", .loseAnswer))
            try await store.client.removeReader("Terrace")
            #expect(store.simulator.readers[1].id == nil)
        }
    }

    @Test func `of two registrations with one label at once one is refused`() async throws {
        try await Store.open(simulate: { $0.unregisteredReaders = 2 }) { store in
            let codes = [try Self.code(store, 1), try Self.code(store, 2)]
            let outcomes = await withTaskGroup(of: Problem.Code?.self) { group in
                for code in codes {
                    group.addTask {
                        do throws(ClientError) {
                            _ = try await store.client.registerReader(RegisterBody(registrationCode: code, label: "Bar"))
                            return nil
                        } catch {
                            if case .problem(let problem) = error { return problem.code }
                            return .internalError
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.filter { $0 == nil }.count == 1)
            #expect(outcomes.compactMap { $0 } == [.labelInUse])
            #expect(store.simulator.readers.filter { $0.label == "Bar" }.count == 1)
        }
    }

    @Test func `the same registration asked for twice at once is one`() async throws {
        try await Store.open(simulate: {
            $0.unregisteredReaders = 1
            $0.backend.registrationDelay = 1_500
        }) { store in
            let body = RegisterBody(registrationCode: try Self.code(store), label: "Bar")
            async let first = store.client.registerReader(body)
            async let second = store.client.registerReader(body)
            let readers = try await [first.reader, second.reader]
            #expect(readers[0] == readers[1])
            #expect(store.ledger.counts["backend.register_terminal"]?.count == 1)
        }
    }

    @Test func `a reader that never appears is a failed registration, sent once`() async throws {
        try await Store.open(settings: ["timeouts.registration_s": "2"], simulate: { $0.unregisteredReaders = 1 }) { store in
            let code = try Self.code(store)
            store.simulator.fault(Fault("backend.register_terminal", .status(502, body: "")))
            let failed = try await refusal { () async throws(ClientError) in
                try await store.client.registerReader(RegisterBody(registrationCode: code, label: "Bar"))
            }
            #expect(failed.code == .registrationFailed)
            #expect(failed.status == 424)
            #expect(failed.remedy?.contains("new code") == true)
            #expect(store.ledger.counts["backend.register_terminal"]?.count == 1)

            let wrong = try await refusal { () async throws(ClientError) in
                try await store.client.registerReader(RegisterBody(registrationCode: "not-a-code", label: "Bar"))
            }
            #expect(wrong.code == .backendRejected)
            let elsewhere = try await refusal { () async throws(ClientError) in
                try await store.client.registerReader(RegisterBody(registrationCode: code, label: "Bar", location: "99"))
            }
            #expect(elsewhere.code == .backendRejected)
        }
    }

    @Test func `a reader that takes a payment is left alone`() async throws {
        try await Store.open { store in
            try store.simulator.script(CustomerScript(neverPresents: true))
            _ = try await store.client.pay("p", PaymentBody(cart: "1", amount: "1.00"))
            try await store.payment("p", becomes: .waitingForCard)
            let busy = try await [
                refusal { () async throws(ClientError) in try await store.client.removeReader("Reader 1") },
                refusal { () async throws(ClientError) in try await store.client.identifyReader("Reader 1") },
                refusal { () async throws(ClientError) in
                    try await store.client.connectReader("Reader 1", ConnectBody(takeOver: true))
                },
                refusal { () async throws(ClientError) in try await store.client.disconnectReader("Reader 1") },
            ]
            #expect(busy.allSatisfy { $0.code == .readerBusy && $0.payment == "p" })
            try await store.client.cancelPayment("p")
            try await store.payment("p", becomes: .canceled)
        }
    }

    @Test func `a technician connects, identifies and disconnects`() async throws {
        try await Store.open { store in
            let none = try await refusal { () async throws(ClientError) in try await store.client.connectReader("Reader 1") }
            #expect(none.code == .noCart)
            #expect(try await store.client.connectReader("Reader 1", ConnectBody(cart: "77")).state == .ready)
            try await store.client.identifyReader("Reader 1")
            #expect(store.ledger.readers.first?.shownLines.contains { $0.contains("Reader 1") } == true)
            #expect(try await store.client.disconnectReader("Reader 1").state == .idle)
            #expect(try await store.pay("p", cart: "1").state == .succeeded)
        }
    }

    @Test func `another point of sale's reader is taken over only when told to`() async throws {
        try await Store.open { store in
            try store.simulator.takeOver(collects: true)
            let used = try await refusal { () async throws(ClientError) in
                try await store.client.connectReader("Reader 1", ConnectBody(cart: "77"))
            }
            #expect(used.code == .readerUnavailable)
            #expect(used.readerState == .inUseElsewhere)
            #expect(try await store.client.connectReader("Reader 1", ConnectBody(cart: "77", takeOver: true)).state == .ready)
        }
    }

    @Test func `labels that the settings give are compared and mended`() async throws {
        try await Store.open(readers: 2, starts: false) { store in
            // Each is to have the other's.
            for (index, wanted) in [(0, "Reader 2"), (1, "Reader 1")] {
                try store.set("readers.\"\(store.simulator.readers[index].serial)\".label", quoted(wanted))
            }
            try await store.start()
            // A token must have been seen for Stripe's list, which tells the serial numbers.
            _ = try await store.client.openCart("1", CartBody(reader: "Reader 1"))
            try await eventually("the drift is reported") {
                try await store.client.status().reasons.filter { $0.code == "label_drift" }.count == 2
            }
            // The other reader may not have been asked yet.
            try await eventually("payments can be taken") { try await store.client.status().canTakePayments }
            let applied = try await run([try ChildProcess.built("readerctl"), "--socket", store.socket, "labels", "apply"])
            #expect(applied.status == 0, "\(applied.errors)")
            #expect(store.simulator.readers.map(\.label) == ["Reader 2", "Reader 1"])
            #expect(try await store.client.status().reasons.allSatisfy { $0.code != "label_drift" })
        }
    }
}
