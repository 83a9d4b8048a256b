internal import CheckoutAPI
import Moments
internal import GatewayCore
internal import GatewayModel

extension Device {
    init(_ view: DeviceView) {
        let facts = view.facts
        self.init(
            device: facts.key.text, transport: facts.transport == .usb ? .usb : .lan, address: facts.address,
            host: facts.lan.flatMap { $0.problem == nil ? $0.certificateName : nil }, usb: facts.usb.map { USBIdentity($0) },
            model: facts.model, reader: facts.reader?.text,
            driveable: facts.isDriveable,
            reason: facts.reason.map { Reason(code: $0.code.rawValue, message: $0.message, remedy: $0.remedy) },
            firstSeenAt: Timestamp(view.firstSeenAt), lastSeenAt: Timestamp(view.lastSeenAt))
    }
}

extension USBIdentity {
    init(_ facts: USBFacts) {
        self.init(
            vendorID: Self.hex(facts.vendorID), productID: Self.hex(facts.productID), bus: facts.bus, portPath: facts.portPath,
            manufacturer: facts.manufacturer, product: facts.product, serial: facts.serial, link: facts.link?.rawValue)
    }

    private static func hex(_ number: UInt16) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }
}
