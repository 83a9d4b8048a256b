import GatewayModel
import Moments

/// The caller of a reader: what every envelope says of this installation.
package struct ReaderIdentity: Sendable, Hashable {
    /// The device id, `pos-` and a random part. It is kept for the life of the installation, for by it a reader knows its owner again after
    /// a restart.
    package var deviceID: String
    /// A second device id, which never takes a payment. A reader that lets it in, and only where nothing runs, proves that it is idle. The
    /// device id that had a confirm sent would be let in while the reader still authorises.
    package var provingDeviceID: String
    package var product: String
    package var productVersion: String
    package var claims: Claims

    package init(deviceID: String, provingDeviceID: String, product: String, productVersion: String, claims: Claims = Claims()) {
        self.deviceID = deviceID
        self.provingDeviceID = provingDeviceID
        self.product = product
        self.productVersion = productVersion
        self.claims = claims
    }

    /// What the envelope says of the calling program. The settings can say otherwise (`reader_protocol`), so that a refusal needs no new
    /// build.
    ///
    /// Known (reader-protocol, sections 2.2 and 3.1): `client_type` is an enumeration of the vendor's own programs, with no word for others;
    /// the vendor's browser SDK sends JS_SDK and its version, the vendor's command-line tool STRIPE_CLI. Both were accepted without a minimum
    /// that was ever published. Unknown (section 13, question 2): whether today's readers look at it, which versions they accept, and
    /// whether they refuse a type that they do not know. So the browser SDK's shape is sent, from this one place.
    package struct Claims: Sendable, Hashable {
        package var clientType: String
        package var clientVersion: String
        /// Whether `transaction_context` goes into the messages of a card transaction.
        package var sendsTransactionContext: Bool

        package init(clientType: String = "JS_SDK", clientVersion: String = "1.0.0", sendsTransactionContext: Bool = true) {
            self.clientType = clientType
            self.clientVersion = clientVersion
            self.sendsTransactionContext = sendsTransactionContext
        }
    }

    var claimedClient: Wire.VersionInfo { Wire.VersionInfo(clientType: claims.clientType, clientVersion: claims.clientVersion) }

    /// The one of the two device ids by which a command is sent.
    func deviceID(for command: ReaderCommand) -> String {
        if case .prove = command { return provingDeviceID }
        return deviceID
    }

    func deviceInfo(for command: ReaderCommand) -> Wire.DeviceInfo {
        Wire.DeviceInfo(
            deviceClass: "POS", deviceUUID: deviceID(for: command), hostOSVersion: "Linux",
            hardwareModel: Wire.HardwareModel(posInfo: Wire.POSInfo(description: "Linux:\(product)")),
            appModel: Wire.AppModel(appID: product, appVersion: productVersion))
    }

    var softwareInfo: Wire.ActivateTerminal.SoftwareInfo {
        Wire.ActivateTerminal.SoftwareInfo(posType: product, sdkVersion: claims.clientVersion)
    }
}
