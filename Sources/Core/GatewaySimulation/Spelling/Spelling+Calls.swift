internal import GatewayCore
import GatewayModel
import Moments

extension Trace {
    mutating func spell(_ call: Call) {
        switch call {
        case .configuration(let cart): put(1, cart)
        case .connectionToken(let cart): put(2, cart)
        case .paymentIntent(let cart, let amount, let balance, let type):
            mix(3)
            put(1, cart)
            put(2, amount)
            put(3, balance)
            put(4, type.rawValue)
        case .paymentStatus(let cart): put(4, cart)
        case .setupIntent(let user): put(5, user)
        case .storeCard(let request, let method):
            mix(6)
            spell(request)
            put(100, method)
        case .backendReaders: mix(7)
        case .stripeReaders(let token): put(8, token.secret)
        case .terminals(let location):
            mix(9)
            put(1, location)
        case .registerTerminal(let location, let code, let label):
            mix(10)
            put(1, location)
            put(2, code.secret)
            put(3, label)
        case .updateTerminal(let id, let label):
            mix(11)
            put(1, id)
            put(2, label)
        case .deregisterTerminal(let id): put(12, id)
        case .readIntent(let id, let key, let secret):
            mix(13)
            put(1, id)
            put(2, key)
            put(3, secret.secret)
        case .reader(let id, let route, let command, let session):
            mix(14)
            put(1, id)
            put(2, route) { $0.spell($1) }
            put(3, command) { $0.spell($1) }
            put(4, session?.secret.reveal())
        case .append(let entries):
            mix(15)
            put(1, each: entries) { $0.spell($1) }
        case .networks: mix(16)
        case .lookAtLAN(let look):
            mix(17)
            spell(look)
        case .lookAtUSB: mix(18)
        }
    }

    private mutating func spell(_ look: LANLook) {
        put(1, each: look.addresses) { $0.put(1, $1.bits) }
        put(2, each: look.told.sorted()) { $0.put(1, $1.bits) }
        put(3, look.port)
        put(4, look.perSecond)
        put(5, look.answerTime)
        put(6, look.certificateTime)
    }

    mutating func spell(_ subnet: Subnet) {
        put(1, subnet.network.bits)
        put(2, subnet.prefix)
    }

    // MARK: Readers

    private mutating func spell(_ route: ReaderRoute) {
        switch route.link {
        case .lan(let address): put(1, address)
        case .usb(let place):
            mix(2)
            spell(place)
        }
        put(100, route.port)
        put(101, route.host)
    }

    private mutating func spell(_ command: ReaderCommand) {
        switch command {
        case .activate(let token, let failIfInUse):
            mix(1)
            put(1, token.secret)
            put(2, failIfInUse)
        case .prove(let token):
            mix(13)
            put(1, token.secret)
        case .heartbeat: mix(2)
        case .display(let context, let cart):
            mix(3)
            spell(context)
            spell(cart)
        case .clearDisplay(let context):
            mix(4)
            put(1, context) { $0.spell($1) }
        case .collect(let context, let amount, let currency, let tip):
            mix(5)
            spell(context)
            put(101, amount)
            put(102, currency)
            put(103, tip) { $0.spell($1) }
        case .query(let context):
            mix(6)
            spell(context)
        case .cancelCollect(let context):
            mix(7)
            spell(context)
        case .confirm(let context, let intent, let card):
            mix(8)
            spell(context)
            put(101, intent)
            put(102, card.summary) { $0.spell($1) }
            put(103, card.tipMinor)
            put(104, card.echo)
        case .collectReusable: mix(9)
        case .queryReusable: mix(10)
        case .cancelReusable: mix(11)
        case .confirmReusable(let echo):
            mix(12)
            put(1, echo)
        }
    }

    private mutating func spell(_ context: TransactionContext) {
        put(1, context.transactionID)
        put(2, context.startTime)
    }

    // MARK: Devices

    mutating func spell(_ view: DeviceView) {
        put(1, view.facts) { $0.spell($1) }
        put(2, view.firstSeenAt)
        put(3, view.lastSeenAt)
    }

    private mutating func spell(_ facts: DeviceFacts) {
        put(1, facts.key)
        put(2, facts.usb) { $0.spell($1) }
        put(3, facts.lan) { $0.spell($1) }
        put(4, facts.model)
        put(5, facts.reader)
        put(6, facts.reason) {
            $0.put(1, $1.code.rawValue)
            $0.put(2, $1.message)
            $0.put(3, $1.remedy)
        }
    }

    private mutating func spell(_ facts: USBFacts) {
        put(1, facts.vendorID)
        put(2, facts.productID)
        put(3, facts.bus)
        put(4, facts.portPath)
        put(5, facts.manufacturer)
        put(6, facts.product)
        put(7, facts.serial)
        put(8, facts.link?.rawValue)
        put(9, facts.networkInterface)
        put(10, facts.driver)
        put(11, facts.place) { $0.spell($1) }
    }

    private mutating func spell(_ place: USBPlace) {
        put(1, place.bus)
        put(2, place.device)
        put(3, place.portPath)
        put(4, place.interface)
        put(5, place.endpointIn)
        put(6, place.endpointOut)
        put(7, place.packetSize)
    }

    private mutating func spell(_ sighting: LANSighting) {
        put(1, sighting.address)
        put(2, sighting.port)
        put(3, sighting.certificateName)
        put(4, sighting.problem)
    }
}
