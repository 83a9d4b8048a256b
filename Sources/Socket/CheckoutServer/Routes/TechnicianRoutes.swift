import CheckoutAPI

extension Route {
    /// What a technician decides about a stuck reader and a lost journal.
    static let technician: [Route] = [
        Route(
            "POST", "/v1/readers/{reader}/release", .releaseReader, .technician, .sells, body: .required,
            problems: [.readerNotFound, .paymentNotFound, .leaseChanged, .readerBusy, .noReader, .journalUnavailable]
        ) { call throws(Problem) in
            let name = try call.parameters { $0.path("reader", .name) }
            let body: ReleaseBody = try call.body()
            return .json(200, try await call.service.releaseReader(name, body, caller: call.caller))
        },
        Route("POST", "/v1/journal/accept-loss", .acceptJournalLoss, .technician, .sells, body: .required, problems: [.journalUnavailable])
        {
            call throws(Problem) in
            try call.parameters { _ in }
            let body: AcceptLossBody = try call.body()
            try await call.service.acceptJournalLoss(body, caller: call.caller)
            return .answer(.empty)
        },
    ]
}
