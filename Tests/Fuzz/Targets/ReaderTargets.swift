import JSON
import Moments
import GatewayCore
import GatewayModel
import NIOCore

@testable import Discovery
@testable import ReaderLinks
@testable import ReaderRPC

/// What a reader answers, to each command.
enum ReaderTarget {
    @Sendable static func run(_ bytes: [UInt8]) {
        var choices = Choices(bytes)
        let usd = Currency(unchecked: "usd")
        let transaction = TransactionContext(transactionID: "4711", startTime: 1_795_377_938_123)
        let card = CollectedCard(summary: CardSummary(brand: nil, last4: nil, entry: nil), tipMinor: 0, echo: Secret("{}"))
        let commands: [ReaderCommand] = [
            .heartbeat, .clearDisplay(nil), .query(transaction), .cancelCollect(transaction), .queryReusable, .cancelReusable,
            .confirm(transaction, intent: IntentID(unchecked: "pi_1"), card: card), .confirmReusable(echo: Secret("{}")),
            .activate(token: ConnectionToken(Secret("pst_test_abc")), failIfInUse: true),
        ]
        let command = commands[Int(choices.byte()) % commands.count]
        let reader = ReplyReader(command: command, session: nil)
        do throws(ReaderFailure) {
            let reply = try reader.reply(status: 200, body: choices.rest, id: 7)
            if case .card(let card) = reply {
                require((0...MinorUnits.largest).contains(card.tipMinor), "a tip of \(card.tipMinor)")
            }
        } catch {
            _ = error
        }
        do {
            let value = try JSONParser.parse(Array(choices.rest), bounds: .readers)
            _ = (value.protoInteger, value.string, value.field("a")?.protoInteger, ReceiptWords.receipt(intent: value))
            if let charged = ReceiptWords.charged(intent: value) {
                require((0...MinorUnits.largest).contains(charged), "\(charged) \(usd.text) are said to be charged")
            }
        } catch {
            _ = error
        }
    }
}

/// A USB device's descriptors, and the life of its stream.
enum USBTarget {
    @Sendable static func run(_ bytes: [UInt8]) {
        var choices = Choices(bytes)
        let choice = choices.byte()
        if choice & 1 == 0 {
            let found = USBDescriptors(Array(choices.rest), configuration: choice & 2 == 0 ? nil : choice >> 2)
            require(found.interfaces.count <= USBDescriptors.interfaceLimit, "too many interfaces")
            require(found.interfaces.allSatisfy { $0.endpoints.count <= USBDescriptors.endpointLimit }, "too many endpoints")
        } else {
            pump(&choices)
        }
    }

    /// Whatever order things come in: no transfer is doubled, and the interface is given back once, when none is left.
    private static func pump(_ choices: inout Choices) {
        var machine = PumpMachine()
        var (reads, writes, given, hasEnded) = (0, 0, 0, false)
        func carryOut(_ actions: [PumpMachine.Action]) {
            for action in actions {
                switch action {
                case .read: reads += 1
                case .write(let buffer):
                    writes += 1
                    require((1...PumpMachine.transferSize).contains(buffer.readableBytes), "a write of \(buffer.readableBytes) bytes")
                case .giveBack:
                    given += 1
                    require(reads == 0 && writes == 0, "given back with transfers under way")
                case .cancel: hasEnded = true
                case .pass, .takeMore, .close: break
                }
            }
            require(reads <= 1 && writes <= 1 && given <= 1, "\(reads) reads, \(writes) writes, given back \(given) times")
        }
        carryOut(machine.began())
        while !choices.rest.isEmpty {
            switch choices.byte() % 8 {
            case 0: carryOut(machine.taken(ByteBuffer(repeating: 1, count: Int(choices.byte()) * 256 + Int(choices.byte()))))
            case 1: carryOut(machine.tookAll())
            case 2 where reads == 1:
                reads = 0
                carryOut(machine.readCameBack(ByteBuffer(repeating: 1, count: Int(choices.byte()))))
            case 3 where reads == 1:
                reads = 0
                carryOut(machine.readCameBack(nil))
            case 4: carryOut(machine.passed(choices.byte() % 4 != 0))
            case 5 where writes == 1:
                writes = 0
                carryOut(machine.writeCameBack(choices.byte() % 4 != 0))
            case 6: carryOut(machine.ended())
            default: break
            }
        }
        carryOut(machine.ended())
        if reads == 1 {
            reads = 0
            carryOut(machine.readCameBack(nil))
        }
        if writes == 1 {
            writes = 0
            carryOut(machine.writeCameBack(false))
        }
        require(given == 1 && hasEnded, "the interface was not given back")
    }
}
