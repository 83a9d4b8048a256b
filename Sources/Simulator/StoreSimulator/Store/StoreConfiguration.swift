/// What a simulated store is made of and how it behaves. Times are milliseconds.
package struct StoreConfiguration: Sendable, Codable {
    /// Where the store writes its files (`ca.pem`, `backend-token`, `store.json`, `readerd.toml`); nil makes a directory under the
    /// system's temporary one.
    package var directory: String?
    /// What the store is and knows outlives its end, in `kept.json` of its directory: a later start there goes on with it, at the same ports.
    package var keeps = false
    /// Readers that are registered when the store opens.
    package var readers = 1
    /// Readers that are on the LAN but not registered; each shows a registration code.
    package var unregisteredReaders = 0
    /// Where the backend and Stripe listen.
    package var address = StoreConfiguration.loopback
    /// Names that the certificate of backend and Stripe bears, beside `localhost` and the addresses: the store itself makes nobody know them.
    package var names: [String] = []
    /// Where the readers are, one after another; free loopback addresses without any. They must be addresses of this computer.
    package var readerAddresses: [String] = []
    /// The common port of all readers; 0 chooses a free one.
    package var readerPort = 0
    /// The port of the control route; 0 chooses a free one.
    package var controlPort = 0
    /// Lane names for the `readerd.toml`; lane n gets reader n.
    package var lanes = ["till-1"]
    /// A cart by which an agent may ask for connection tokens before the first sale; nil: none stands in its settings.
    package var maintenanceCart: String?
    /// Mariana's id of the location, and Stripe's.
    package var location = "48717"
    package var stripeLocation = "tml_SimulatedStore1"
    package var currency = "usd"
    package var livemode = false
    /// A marker that every secret made here contains: letters and digits only. Nil makes plain random secrets.
    package var secretsPrefix: String?

    package var backend = BackendBehaviour()
    package var stripe = StripeBehaviour()
    package var reader = ReaderBehaviour()

    package static let loopback = "127.0.0.1"

    package init() {}
}

/// How the simulated backend behaves where the published text leaves it open.
package struct BackendBehaviour: Sendable, Codable {
    /// A repeated `payment_intent/` for the same cart and amount returns the intent that is there; otherwise each call makes a new one,
    /// and the older ones stay chargeable at Stripe.
    package var repeatReturnsSameIntent = false
    /// A new intent for a cart cancels the uncharged ones before it.
    package var cancelsReplacedIntents = false
    /// Intents for readers are authorised first and captured with the order.
    package var manualCapture = false
    /// What the backend adds to the amount of every new intent, minor units: a fee that the till knows nothing of.
    package var intentSurcharge = 0
    /// From the charge to the order.
    package var orderDelay = 50
    /// Orders (and nothing else) are answered as numbers.
    package var ordersAsIntegers = false
    /// A decline leaves `payment_status` at Failed until a later charge.
    package var declineLeavesFailed = false
    /// So long after the charge `payment_status` still says the Failed of an earlier decline; the order comes after it.
    package var failedStands = 0
    /// How it reads a cart's id: without blanks at its ends, without regard to case, as a number.
    package var trimsCarts = false
    package var foldsCartCase = false
    package var readsCartNumbers = false
    /// A cart with an order takes no further token and no further intent (422).
    package var closesSubmittedCarts = true
    /// The carts that exist; nil lets every id be a cart.
    package var carts: [String]?
    /// Two readers of one location may not bear one label (422).
    package var refusesEqualLabels = false
    /// From an accepted registration to its showing in the lists.
    package var registrationDelay = 0
    /// OAuth: how long an access token is good for, in seconds; and whether a refresh token can be used once only.
    package var accessTokenLifetime = 36_000
    package var refreshTokensSingleUse = true
    /// By how many seconds its clock is ahead of this box's.
    package var clockAhead = 0

    package init() {}
}

/// How the simulated Stripe behaves where it is not documented.
package struct StripeBehaviour: Sendable, Codable {
    /// How long an unspent or spent connection token is good for; nil for ever.
    package var tokenLifetime: Int?
    /// From an intent's being made to its being readable.
    package var intentDelay = 0
    /// A tip that was chosen stays on the intent when the card is declined.
    package var declineKeepsTip = false
    /// Readers of the account's other stores, listed before this one's own: every third a mobile one. Nil: none.
    package var otherReaders: Int?
    /// It lists the whole account whatever location is asked for.
    package var listsWholeAccount: Bool?

    package init() {}
}

/// How simulated readers, their customers and the card issuers behave.
package struct ReaderBehaviour: Sendable, Codable {
    /// From the collect to the card, when no script says otherwise.
    package var cardAfter = 400
    /// From the confirm to the issuer's answer, when no script says otherwise.
    package var issuerAfter = 300
    /// What a PIN step adds to a confirm.
    package var pinAfter = 800
    /// How long a session lives; nil until the next reboot or takeover.
    package var sessionLifetime: Int?
    /// A confirm of a charged intent answers `decline_response` with the intent in it rather than `confirm_error`.
    package var refusalCarriesIntent = false
    /// The query's answer bears the card's summary; newer readers withhold it.
    package var showsCardSummary = true
    /// The query's answer bears a `payment_status` beside the method.
    package var statusBesideMethod = false
    /// Where a confirmed intent tells what a receipt must bear.
    package var receipts = ReceiptShape.nested
    /// How its answers are written down.
    package var answers: Set<AnswerShape> = []
    /// `connectivity_status` is a number, as it is declared, rather than a word.
    package var connectivityAsNumber = false
    /// Contactless cards can be saved by the reusable-card calls.
    package var savesContactless = false
    package var clientType = "ANDROID_READER"
    package var clientVersion = "2.29.0.2"
    package var deviceType = "stripe_s700"
    /// Stripe's types of the first readers, one after another; the others are of `deviceType`. Those that only their vendor's program drives are listed
    /// without address, name and status, as Stripe does.
    package var deviceTypes: [String]?

    package init() {}

    /// The type of a reader, counted from 0.
    func deviceType(of index: Int) -> String {
        guard let deviceTypes, deviceTypes.indices.contains(index) else { return deviceType }
        return deviceTypes[index]
    }
}
