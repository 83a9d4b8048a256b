import JSON
import FoundationEssentials
import GatewayModel
import Moments

/// Turns the core's commands into envelopes.
struct RequestWriter {
    var identity: ReaderIdentity

    func envelope(_ command: ReaderCommand, id: Int64, session: SessionToken?, trace: String) throws -> Wire.RequestEnvelope {
        let (method, message) = try message(command)
        return try Wire.RequestEnvelope(
            id: id, method: method, message: message, sessionToken: session?.secret.reveal() ?? "",
            versionInfo: identity.claimedClient, parentTraceID: trace, deviceInfo: identity.deviceInfo(for: command))
    }

    private func message(_ command: ReaderCommand) throws -> (Wire.Method, any Encodable) {
        switch command {
        case .activate(let token, let failIfInUse): activation(command, token, failIfInUse: failIfInUse)
        case .prove(let token): activation(command, token, failIfInUse: true)
        case .heartbeat: (.terminalHeartbeat, Wire.TerminalHeartbeat.Request())
        case .display(let transaction, let cart):
            (.setReaderDisplay, Wire.SetReaderDisplay.Request(transactionContext: context(transaction), cart: wire(cart)))
        case .clearDisplay(let transaction):
            (.clearReaderDisplay, Wire.ClearReaderDisplay.Request(transactionContext: transaction.flatMap(context)))
        case .collect(let transaction, let amountMinor, let currency, let tip):
            (
                .collectPaymentMethod,
                Wire.CollectPaymentMethod.Request(
                    transactionContext: context(transaction),
                    chargeAmount: Wire.ChargeAmount(chargeAmount: amountMinor, currency: currency.text), tipConfiguration: tip.map(wire))
            )
        case .query(let transaction):
            (.queryPaymentMethod, Wire.QueryPaymentMethod.Request(transactionContext: context(transaction)))
        case .cancelCollect(let transaction):
            (.cancelCollectPaymentMethod, Wire.CancelCollectPaymentMethod.Request(transactionContext: context(transaction)))
        case .confirm(let transaction, let intent, let card):
            (
                .confirmPayment,
                Wire.ConfirmPayment.Request(
                    transactionContext: context(transaction), paymentIntentID: intent.text, paymentMethod: try Echo.value(card.echo))
            )
        case .collectReusable: (.collectReusableCard, Wire.CollectReusableCard.Request())
        case .queryReusable: (.queryCollectReusableCard, Wire.QueryCollectReusableCard.Request())
        case .cancelReusable: (.cancelCollectReusableCard, Wire.CancelCollectReusableCard.Request())
        case .confirmReusable(let echo):
            (.confirmReusableCard, Wire.ConfirmReusableCard.Request(reusableCardMethod: try Echo.value(echo)))
        }
    }

    private func activation(_ command: ReaderCommand, _ token: ConnectionToken, failIfInUse: Bool) -> (Wire.Method, any Encodable) {
        (
            .activateTerminal,
            Wire.ActivateTerminal.Request(
                posActivationToken: token.secret.reveal(), posDeviceID: identity.deviceID(for: command),
                posSoftwareInfo: identity.softwareInfo, failIfInUse: failIfInUse)
        )
    }

    /// The context is nil when the settings say to leave it out.
    private func context(_ transaction: TransactionContext) -> Wire.TransactionContext? {
        guard identity.claims.sendsTransactionContext else { return nil }
        return Wire.TransactionContext(
            terminalID: identity.deviceID, operatorID: identity.deviceID, startTime: transaction.startTime.milliseconds,
            transactionID: transaction.transactionID)
    }

    private func wire(_ cart: DisplayCart) -> Wire.SetReaderDisplay.Cart {
        Wire.SetReaderDisplay.Cart(
            lineItems: cart.lines.map {
                Wire.SetReaderDisplay.LineItem(description: $0.description, quantity: $0.quantity, amount: $0.amountMinor)
            },
            tax: cart.taxMinor, total: cart.totalMinor, currency: cart.currency.text)
    }

    private func wire(_ tip: TipConfiguration) -> Wire.TipConfiguration {
        Wire.TipConfiguration(
            options: tip.options.map { Wire.TipConfiguration.Option(amount: $0.amountMinor, label: $0.label) },
            hideCustomAmount: tip.hideCustomAmount)
    }
}

/// The reader's own description of the card that it holds. It is kept as text, which this code does not interpret, and given back as it
/// came.
enum Echo {
    static func keep(_ value: JSONValue) -> Secret {
        Secret(value.text())
    }

    static func value(_ echo: Secret) throws -> JSONValue {
        try JSONParser.parse(Array(echo.reveal().utf8), bounds: .readers)
    }
}
