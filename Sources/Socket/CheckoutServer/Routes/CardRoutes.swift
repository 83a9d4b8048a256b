import CheckoutAPI

extension Route {
    /// Cards on file.
    static let cards: [Route] = [
        Route(
            "PUT", "/v1/card-setups/{id}", .createCardSetup, .checkout, .sells, body: .required,
            problems: [.readerNotFound, .noCart, .paymentIDReused, .noReader, .queueFull, .readerUnavailable, .journalUnavailable]
                + .backend
        ) { call throws(Problem) in
            let (id, wait) = try call.parameters { ($0.path("id", .payment), $0.integer("wait", Bounds.waitSeconds)) }
            let body: CardSetupBody = try call.body()
            let accepted = try await call.service.createCardSetup(id, body, caller: call.caller)
            return .json(accepted.created ? 201 : 200, await settled(accepted.setup, wait: wait, call))
        },
        Route("GET", "/v1/card-setups/{id}", .getCardSetup, .checkout, .sells, problems: [.notFound, .journalUnavailable]) {
            call throws(Problem) in
            let (id, wait) = try call.parameters { ($0.path("id", .payment), $0.integer("wait", Bounds.waitSeconds)) }
            let setup = try await call.waiting(wait) { () throws(Problem) in try await call.cardSetup(id, waitSeconds: wait) }
            return .json(200, setup)
        },
        Route(
            "POST", "/v1/card-setups/{id}/cancel", .cancelCardSetup, .checkout, .sells, body: .optional,
            problems: [.notFound, .alreadyEnded, .journalUnavailable]
        ) { call throws(Problem) in
            let id = try call.parameters { $0.path("id", .payment) }
            let _: NoBody = try call.body()
            return .json(202, try await call.service.cancelCardSetup(id, caller: call.caller))
        },
        Route("POST", "/v1/bankcards", .storeBankcard, .checkout, .prepares, body: .required, problems: .backend) { call throws(Problem) in
            try call.parameters { _ in }
            let body: BankcardBody = try call.body()
            return .json(201, try await call.service.storeBankcard(body, caller: call.caller))
        },
    ]

    /// What was accepted is answered whatever the waiting brings: an error would say that it does not exist.
    private static func settled(_ setup: CardSetup, wait: Int64?, _ call: Call) async -> CardSetup {
        guard let wait, wait > 0, !setup.state.isEnd else { return setup }
        do {
            return try await call.cardSetup(setup.id, waitSeconds: wait)
        } catch {
            return setup
        }
    }
}

extension Call {
    /// The set-up when it has ended or `seconds` are over; as it is now when the agent stops meanwhile. Ends when the caller has gone.
    func cardSetup(_ id: String, waitSeconds seconds: Int64?) async throws(Problem) -> CardSetup {
        try await held(seconds) { limit throws(Problem) in try await service.cardSetup(id, waitUpTo: limit, caller: caller) }
    }
}
