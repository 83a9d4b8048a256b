import CheckoutAPI

extension Route {
    static let carts: [Route] = [
        Route(
            "PUT", "/v1/carts/{cart}", .openCart, .checkout, .prepares, body: .optional,
            problems: [.readerNotFound, .cartPaid, .cartHeld, .noReader, .readerUnavailable] + .backend
        ) {
            call throws(Problem) in
            let cart = try call.parameters { $0.path("cart", .cart) }
            let body: CartBody = try call.body()
            return .json(200, try await call.service.openCart(cart, body, caller: call.caller))
        },
        Route("DELETE", "/v1/carts/{cart}", .closeCart, .checkout, .prepares, problems: [.cartNotFound, .cartBusy]) {
            call throws(Problem) in
            let cart = try call.parameters { $0.path("cart", .cart) }
            try await call.service.closeCart(cart, caller: call.caller)
            return .answer(.empty)
        },
        Route(
            "PUT", "/v1/carts/{cart}/display", .displayCart, .checkout, .prepares, body: .required,
            problems: [.cartNotFound, .readerNotFound, .readerBusy, .noReader, .readerUnavailable] + .backend
        ) { call throws(Problem) in
            let cart = try call.parameters { $0.path("cart", .cart) }
            let display: Display = try call.body()
            try await call.service.display(display, cart: cart, caller: call.caller)
            return .answer(.empty)
        },
        Route("GET", "/v1/carts/{cart}/status", .getCartStatus, .checkout, .prepares, problems: .backend + [.cartNotFound]) {
            call throws(Problem) in
            let cart = try call.parameters { $0.path("cart", .cart) }
            return .json(200, try await call.service.cartStatus(cart, caller: call.caller))
        },
    ]

    static let payments: [Route] = [
        Route(
            "PUT", "/v1/payments/{id}", .createPayment, .checkout, .sells, body: .required,
            problems: [
                .readerNotFound, .cartBusy, .cartPaid, .cartHeld, .paymentIDReused, .noReader, .queueFull, .readerUnavailable,
                .journalUnavailable,
            ] + .backend
        ) { call throws(Problem) in
            let (id, wait) = try call.parameters { ($0.path("id", .payment), $0.integer("wait", Bounds.waitSeconds)) }
            let body: PaymentBody = try call.body()
            let accepted = try await call.service.createPayment(id, body, caller: call.caller)
            return .json(accepted.created ? 201 : 200, await settled(accepted.payment, wait: wait, call))
        },
        Route("GET", "/v1/payments/{id}", .getPayment, .monitor, .sells, problems: [.paymentNotFound, .journalUnavailable]) {
            call throws(Problem) in
            let (id, wait) = try call.parameters { ($0.path("id", .payment), $0.integer("wait", Bounds.waitSeconds)) }
            // Before the payment is read: what changes from here on is not missed.
            let ticket = call.service.settled?.ticket()
            let payment = try await call.waiting(wait) { () throws(Problem) in try await call.payment(id, waitSeconds: wait) }
            guard let ticket, payment.state.isEnd else { return .json(200, payment) }
            let text = try Response.encoded(payment)
            call.service.settled?.keep(text, of: id, for: call.caller.role, ticket)
            return .answer(Response(status: 200, body: .bytes(text, type: "application/json")))
        },
        Route("GET", "/v1/payments", .listPayments, .monitor, .lists, problems: [.journalUnavailable]) { call throws(Problem) in
            let query = try call.parameters { parameters in
                PaymentQuery(
                    cart: parameters.text("cart", .cart), state: parameters.word("state", Payment.State.self),
                    lane: parameters.text("lane", .name),
                    limit: parameters.integer("limit", Bounds.pageLimit).map { Int($0) } ?? Bounds.defaultPageLimit,
                    before: parameters.text("before", .opaque))
            }
            var list = try await call.service.payments(query, caller: call.caller)
            list.payments = list.payments.map { call.visible($0) }
            return .json(200, list)
        },
        Route(
            "GET", "/v1/payments/{id}/events", .streamPaymentEvents, .monitor, .streams,
            problems: [.paymentNotFound, .cursorGone, .journalUnavailable]
        ) {
            call throws(Problem) in
            let (id, after) = try call.parameters { ($0.path("id", .payment), $0.text("after", .opaque)) }
            return .stream(try await call.service.paymentEvents(id, after: after, caller: call.caller))
        },
        Route(
            "POST", "/v1/payments/{id}/cancel", .cancelPayment, .checkout, .sells, body: .optional,
            problems: [.paymentNotFound, .alreadyEnded, .journalUnavailable]
        ) { call throws(Problem) in
            let id = try call.parameters { $0.path("id", .payment) }
            let _: NoBody = try call.body()
            return .json(202, call.visible(try await call.service.cancelPayment(id, caller: call.caller)))
        },
        Route(
            "POST", "/v1/payments/{id}/acknowledge", .acknowledgePayment, .technician, .sells, body: .required,
            problems: [.paymentNotFound, .journalUnavailable]
        ) { call throws(Problem) in
            let id = try call.parameters { $0.path("id", .payment) }
            let body: AcknowledgeBody = try call.body()
            return .json(200, call.visible(try await call.service.acknowledgePayment(id, body, caller: call.caller)))
        },
        Route(
            "POST", "/v1/payments/{id}/resolve", .resolvePayment, .technician, .sells, body: .required,
            problems: [.paymentNotFound, .alreadyEnded, .cartBusy, .journalUnavailable]
        ) { call throws(Problem) in
            let id = try call.parameters { $0.path("id", .payment) }
            let body: ResolveBody = try call.body()
            return .json(200, call.visible(try await call.service.resolvePayment(id, body, caller: call.caller)))
        },
    ]

    /// A payment that was accepted is answered whatever the waiting brings: an error would say that it does not exist.
    private static func settled(_ payment: Payment, wait: Int64?, _ call: Call) async -> Payment {
        guard let wait, wait > 0, !payment.state.isEnd else { return call.visible(payment) }
        do {
            return try await call.payment(payment.id, waitSeconds: wait)
        } catch {
            return call.visible(payment)
        }
    }
}
