/// Who calls a reader: what every envelope says of this installation.
package struct ReaderIdentity: Sendable, Hashable {
    /// `pos-` and a random part, kept for the life of the installation: by it a reader knows its owner again after a restart.
    package var deviceID: String
    package var product: String
    package var productVersion: String

    package init(deviceID: String, product: String, productVersion: String) {
        self.deviceID = deviceID
        self.product = product
        self.productVersion = productVersion
    }

    /// What is said of the program that speaks.
    ///
    /// Known (reader-protocol, sections 2.2 and 3.1): `client_type` is an enumeration of the vendor's own programs, with no word for others;
    /// the vendor's browser SDK sends JS_SDK and its version, the vendor's command-line tool STRIPE_CLI. Both were accepted without a minimum
    /// that was ever published. Unknown (section 13, question 2): whether today's readers look at it, which versions they accept, and
    /// whether they refuse a type that they do not know. So the browser SDK's shape is sent, from this one place.
    static let claimedClient = Wire.VersionInfo(clientType: "JS_SDK", clientVersion: "1.0.0")

    var deviceInfo: Wire.DeviceInfo {
        Wire.DeviceInfo(
            deviceClass: "POS", deviceUUID: deviceID, hostOSVersion: "Linux",
            hardwareModel: Wire.HardwareModel(posInfo: Wire.POSInfo(description: "Linux:\(product)")),
            appModel: Wire.AppModel(appID: product, appVersion: productVersion))
    }

    var softwareInfo: Wire.ActivateTerminal.SoftwareInfo {
        Wire.ActivateTerminal.SoftwareInfo(posType: product, sdkVersion: Self.claimedClient.clientVersion)
    }
}
