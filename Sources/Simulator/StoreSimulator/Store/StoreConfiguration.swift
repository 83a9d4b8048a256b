/// The parts of a simulated store and their behaviour. Times are milliseconds.
package struct StoreConfiguration: Sendable, Codable {
    /// The directory for the store's files (`ca.pem`, `backend-token`, `store.json`, `readerd.toml`). Nil makes a directory under the
    /// system's temporary one.
    package var directory: String?
    /// Whether the store's configuration and state outlive its end, in `kept.json` of its directory. A later start there goes on with them,
    /// at the same ports.
    package var keeps = false
    /// The number of readers that are registered when the store opens.
    package var readers = 1
    /// The number of readers that are on the LAN but not registered. Each shows a registration code.
    package var unregisteredReaders = 0
    /// The address where the backend and Stripe listen.
    package var address = StoreConfiguration.loopback
    /// Further names in the certificate of backend and Stripe, beside `localhost` and the addresses. The store itself does not make them
    /// resolvable.
    package var names: [String] = []
    /// The readers' addresses, in order. Without any the store chooses free loopback addresses. They must be addresses of this computer.
    package var readerAddresses: [String] = []
    /// The common port of all readers. 0 chooses a free one.
    package var readerPort = 0
    /// The port of the control route. 0 chooses a free one.
    package var controlPort = 0
    /// The lane names for the `readerd.toml`. Lane n gets reader n.
    package var lanes = ["till-1"]
    /// A cart by which an agent may ask for connection tokens before the first sale. Nil leaves it out of its settings.
    package var maintenanceCart: String?
    /// Mariana's id of the location, and Stripe's.
    package var location = "48717"
    package var stripeLocation = "tml_SimulatedStore1"
    package var currency = "usd"
    package var livemode = false
    /// A marker that every secret made here contains, of letters and digits only. Nil makes plain random secrets.
    package var secretsPrefix: String?

    package var backend = BackendBehaviour()
    package var stripe = StripeBehaviour()
    package var reader = ReaderBehaviour()

    package static let loopback = "127.0.0.1"

    package init() {}
}

/// The simulated backend's behaviour where the published text leaves it open.
package struct BackendBehaviour: Sendable, Codable {
    /// Whether a repeated `payment_intent/` for the same cart and amount returns the intent that is there. Otherwise each call makes a new
    /// one, and the older ones stay chargeable at Stripe.
    package var repeatReturnsSameIntent = false
    /// Whether a new intent for a cart cancels the uncharged ones before it.
    package var cancelsReplacedIntents = false
    /// Whether intents for readers are authorised first and captured with the order.
    package var manualCapture = false
    /// The amount that the backend adds to every new intent, in minor units: a fee that the till does not know.
    package var intentSurcharge = 0
    /// The time from the charge to the order.
    package var orderDelay = 50
    /// Whether orders (and nothing else) are answered as numbers.
    package var ordersAsIntegers = false
    /// Whether a decline leaves `payment_status` at Failed until a later charge.
    package var declineLeavesFailed = false
    /// The time after the charge for which `payment_status` still gives the Failed of an earlier decline. The order comes after it.
    package var failedStands = 0
    /// How the backend reads a cart's id: without blanks at its ends, without regard to case, as a number.
    package var trimsCarts = false
    package var foldsCartCase = false
    package var readsCartNumbers = false
    /// Whether a cart with an order takes no further token and no further intent (422).
    package var closesSubmittedCarts = true
    /// The carts that exist. Nil lets every id be a cart.
    package var carts: [String]?
    /// Whether two readers of one location may not have the same label (422).
    package var refusesEqualLabels = false
    /// The time from an accepted registration to its showing in the lists.
    package var registrationDelay = 0
    /// The seconds for which an OAuth access token is good, and whether a refresh token can be used once only.
    package var accessTokenLifetime = 36_000
    package var refreshTokensSingleUse = true
    /// The seconds by which the backend's clock is ahead of this box's.
    package var clockAhead = 0

    package init() {}
}

/// The simulated Stripe's behaviour where it is not documented.
package struct StripeBehaviour: Sendable, Codable {
    /// The time for which an unspent or spent connection token is good. Nil means for ever.
    package var tokenLifetime: Int?
    /// The time from an intent's creation to its being readable.
    package var intentDelay = 0
    /// Whether a tip that was chosen stays on the intent when the card is declined.
    package var declineKeepsTip = false
    /// The number of readers of the account's other stores, which are listed before this one's own. Every third is a mobile one. Nil means
    /// none.
    package var otherReaders: Int?
    /// Whether the list shows the whole account, whatever location is asked for.
    package var listsWholeAccount: Bool?

    package init() {}
}

/// The behaviour of simulated readers, their customers and the card issuers.
package struct ReaderBehaviour: Sendable, Codable {
    /// The time from the collect to the card, when no script says otherwise.
    package var cardAfter = 400
    /// The time from the confirm to the issuer's answer, when no script says otherwise.
    package var issuerAfter = 300
    /// The time that a PIN step adds to a confirm.
    package var pinAfter = 800
    /// The time that a session lives. Nil means until the next reboot or takeover.
    package var sessionLifetime: Int?
    /// Whether a confirm of a charged intent answers `decline_response` with the intent in it rather than `confirm_error`.
    package var refusalCarriesIntent = false
    /// Whether the query's answer has the card's summary. Newer readers withhold it.
    package var showsCardSummary = true
    /// Whether the query's answer has a `payment_status` beside the method.
    package var statusBesideMethod = false
    /// The place where a confirmed intent gives the facts that a receipt must show.
    package var receipts = ReceiptShape.nested
    /// The shapes in which its answers are written down.
    package var answers: Set<AnswerShape> = []
    /// Whether `connectivity_status` is a number, as it is declared, rather than a word.
    package var connectivityAsNumber = false
    /// Whether the reusable-card calls can save contactless cards.
    package var savesContactless = false
    package var clientType = "ANDROID_READER"
    package var clientVersion = "2.29.0.2"
    package var deviceType = "stripe_s700"
    /// Stripe's types of the first readers, in order. The others are of `deviceType`. Those that only their vendor's program drives are
    /// listed without address, name and status, as Stripe does.
    package var deviceTypes: [String]?

    package init() {}

    /// The type of a reader, counted from 0.
    func deviceType(of index: Int) -> String {
        guard let deviceTypes, deviceTypes.indices.contains(index) else { return deviceType }
        return deviceTypes[index]
    }
}
