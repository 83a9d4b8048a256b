import CheckoutAPI

extension Route {
    /// What a technician does with readers.
    static let readerWork: [Route] = [
        Route(
            "POST", "/v1/readers", .registerReader, .technician, .prepares, body: .required,
            problems: .backend + [.labelInUse, .registrationFailed, .queueFull]
        ) { call throws(Problem) in
            try call.parameters { _ in }
            let body: RegisterBody = try call.body()
            return .json(201, try await call.service.registerReader(body, caller: call.caller))
        },
        Route(
            "PATCH", "/v1/readers/{reader}", .relabelReader, .technician, .prepares, body: .required,
            problems: .backend + [.readerNotFound, .labelInUse, .queueFull]
        ) { call throws(Problem) in
            let name = try call.parameters { $0.path("reader", .name) }
            let body: LabelBody = try call.body()
            return .json(200, try await call.service.relabelReader(name, body, caller: call.caller))
        },
        Route(
            "DELETE", "/v1/readers/{reader}", .removeReader, .technician, .prepares,
            problems: .backend + [.readerNotFound, .readerBusy, .queueFull]
        ) {
            call throws(Problem) in
            let name = try call.parameters { $0.path("reader", .name) }
            try await call.service.removeReader(name, caller: call.caller)
            return .answer(.empty)
        },
        Route(
            "POST", "/v1/readers/{reader}/identify", .identifyReader, .technician, .prepares, body: .optional,
            problems: .backend + [.readerNotFound, .readerBusy, .noCart, .readerUnavailable]
        ) { call throws(Problem) in
            let name = try call.parameters { $0.path("reader", .name) }
            let _: NoBody = try call.body()
            try await call.service.identifyReader(name, caller: call.caller)
            return .answer(.empty)
        },
        Route(
            "POST", "/v1/readers/{reader}/connect", .connectReader, .technician, .prepares, body: .optional,
            problems: .backend + [.readerNotFound, .readerBusy, .noCart, .readerUnavailable]
        ) { call throws(Problem) in
            let name = try call.parameters { $0.path("reader", .name) }
            let body: ConnectBody = try call.body()
            return .json(200, try await call.service.connectReader(name, body, caller: call.caller))
        },
        Route(
            "POST", "/v1/readers/{reader}/disconnect", .disconnectReader, .technician, .prepares, body: .optional,
            problems: .backend + [.readerNotFound, .readerBusy]
        ) { call throws(Problem) in
            let name = try call.parameters { $0.path("reader", .name) }
            let _: NoBody = try call.body()
            return .json(200, try await call.service.disconnectReader(name, caller: call.caller))
        },
    ]
}
