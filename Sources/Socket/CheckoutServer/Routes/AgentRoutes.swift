import CheckoutAPI
import NIOCore

extension Route {
    /// The agent itself. `document` is the OpenAPI document.
    static func agent(document: ByteBuffer) -> [Route] {
        [
            Route("GET", "/v1/info", .getInfo, .monitor, .looks) { call throws(Problem) in
                try call.parameters { _ in }
                return .json(200, try await call.service.info(caller: call.caller))
            },
            Route("GET", "/v1/status", .getStatus, .monitor, .looks) { call throws(Problem) in
                try call.parameters { _ in }
                return .json(200, try await call.service.status(caller: call.caller))
            },
            Route("GET", "/v1/openapi.json", .getOpenAPI, .monitor, .lists) { call throws(Problem) in
                try call.parameters { _ in }
                return .answer(Response(status: 200, body: .shared(document, type: "application/json")))
            },
            Route("GET", "/v1/events", .streamEvents, .monitor, .streams, problems: [.cursorGone, .journalUnavailable]) {
                call throws(Problem) in
                let (topics, after) = try call.parameters { ($0.words("topics", of: Event.Topic.known), $0.text("after", .opaque)) }
                let all = Set(Event.Topic.known)
                return .stream(try await call.service.events(topics: topics ?? all, after: after, caller: call.caller))
            },
        ]
    }

    static let readers: [Route] = [
        Route("GET", "/v1/readers", .listReaders, .monitor, .looks, problems: .backend + [.noCart]) { call throws(Problem) in
            let refresh = try call.parameters { $0.flag("refresh") }
            return .json(200, try await call.service.readers(refresh: refresh, caller: call.caller))
        },
        Route("GET", "/v1/readers/{reader}", .getReader, .monitor, .looks, problems: [.readerNotFound]) { call throws(Problem) in
            let name = try call.parameters { $0.path("reader", .name) }
            return .json(200, try await call.service.reader(name, caller: call.caller))
        },
    ]

    static let devices: [Route] = [
        Route("GET", "/v1/devices", .listDevices, .monitor, .looks) { call throws(Problem) in
            try call.parameters { _ in }
            return .json(200, try await call.service.devices(caller: call.caller))
        }
    ]

    static let intents: [Route] = [
        Route("GET", "/v1/configuration", .getConfiguration, .checkout, .prepares, problems: .backend + [.cartNotFound]) {
            call throws(Problem) in
            let cart = try call.parameters { $0.text("cart", .cart) }
            return .json(200, try await call.service.configuration(cart: cart, caller: call.caller))
        },
        Route(
            "POST", "/v1/intents/payment", .createPaymentIntent, .checkout, .prepares, body: .required, holdsSecret: true,
            problems: .backend + [.cartBusy, .cartPaid, .cartHeld, .journalUnavailable]
        ) { call throws(Problem) in
            try call.parameters { _ in }
            let body: IntentBody = try call.body()
            return .json(200, try await call.service.createPaymentIntent(body, caller: call.caller))
        },
        Route("POST", "/v1/intents/setup", .createSetupIntent, .checkout, .prepares, body: .required, holdsSecret: true, problems: .backend)
        {
            call throws(Problem) in
            try call.parameters { _ in }
            let body: SetupIntentBody = try call.body()
            return .json(200, try await call.service.createSetupIntent(body, caller: call.caller))
        },
        Route(
            "POST", "/v1/connection-tokens", .createConnectionToken, .checkout, .prepares, body: .required, holdsSecret: true,
            problems: .backend + [.cartNotFound]
        ) {
            call throws(Problem) in
            try call.parameters { _ in }
            let body: ConnectionTokenBody = try call.body()
            return .json(200, try await call.service.createConnectionToken(body, caller: call.caller))
        },
    ]
}
