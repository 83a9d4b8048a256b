import NIOCore
import TestSupport
import Testing

@testable import ReaderLinks

struct PumpMachineTests {
    private static let bytes = ByteBuffer(string: "abc")

    @Test func `a stream that ends gives its interface back when both transfers have come back, and not before`() {
        var machine = PumpMachine()
        #expect(machine.began() == [.read, .takeMore])
        #expect(machine.taken(Self.bytes) == [.write(Self.bytes)])
        #expect(machine.ended() == [.cancel, .close])
        #expect(machine.ended() == [])
        #expect(machine.writeCameBack(true) == [])
        #expect(machine.readCameBack(nil) == [.giveBack])
        #expect(machine.readCameBack(nil) == [])
        #expect(machine.ended() == [])
    }

    @Test func `what fails on one side ends the other`() {
        var machine = PumpMachine()
        _ = machine.began()
        #expect(machine.readCameBack(nil) == [.cancel, .close, .giveBack])
        machine = PumpMachine()
        _ = machine.began()
        _ = machine.taken(Self.bytes)
        #expect(machine.writeCameBack(false) == [.cancel, .close])
        #expect(machine.readCameBack(Self.bytes) == [.giveBack])
    }

    @Test func `a socket that was never there leaves nothing to wait for`() {
        var machine = PumpMachine()
        #expect(machine.ended() == [.cancel, .close, .giveBack])
        #expect(machine.began() == [])
    }

    @Test func `bytes wait while the reader takes others, and are cut into transfers`() {
        var machine = PumpMachine()
        _ = machine.began()
        let long = ByteBuffer(repeating: 7, count: PumpMachine.transferSize + 5)
        #expect(machine.taken(long) == [.write(ByteBuffer(repeating: 7, count: PumpMachine.transferSize))])
        #expect(machine.taken(Self.bytes) == [])
        #expect(machine.tookAll() == [])
        #expect(machine.writeCameBack(true) == [.write(ByteBuffer(repeating: 7, count: 5))])
        #expect(machine.writeCameBack(true) == [.write(Self.bytes)])
        #expect(machine.writeCameBack(true) == [.takeMore])
        #expect(machine.tookAll() == [.takeMore])
    }

    @Test func `nothing more is read before the socket has what was read`() {
        var machine = PumpMachine()
        _ = machine.began()
        #expect(machine.readCameBack(Self.bytes) == [.pass(Self.bytes)])
        #expect(machine.passed(true) == [.read])
        #expect(machine.readCameBack(Self.bytes) == [.pass(Self.bytes)])
        #expect(machine.passed(false) == [.cancel, .close, .giveBack])
    }

    @Test func `empty packets without end are the end`() {
        var machine = PumpMachine()
        _ = machine.began()
        for _ in 0..<PumpMachine.emptyLimit { #expect(machine.readCameBack(ByteBuffer()) == [.read]) }
        #expect(machine.readCameBack(ByteBuffer()) == [.cancel, .close, .giveBack])
    }

    @Test func `whatever comes in whatever order, the interface is given back once and with nothing under way`() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = Seeded(seed)
        for _ in 0..<20_000 {
            var machine = PumpMachine()
            var (reads, writes, givenBack) = (0, 0, 0)
            func look(_ actions: [PumpMachine.Action]) {
                for action in actions {
                    switch action {
                    case .read: reads += 1
                    case .write: writes += 1
                    case .giveBack: givenBack += 1
                    case .pass, .takeMore, .cancel, .close: break
                    }
                    if givenBack > 0 { #expect(reads == 0 && writes == 0 && givenBack == 1, "seed \(seed)") }
                    #expect(reads <= 1 && writes <= 1, "seed \(seed)")
                }
            }
            for _ in 0..<Int.random(in: 0...30, using: &random) {
                switch Int.random(in: 0..<8, using: &random) {
                case 0: look(machine.began())
                case 1: look(machine.taken(Self.bytes))
                case 2: look(machine.tookAll())
                case 3 where reads > 0:
                    reads -= 1
                    look(machine.readCameBack(Bool.random(using: &random) ? Self.bytes : nil))
                case 4 where writes > 0:
                    writes -= 1
                    look(machine.writeCameBack(Bool.random(using: &random)))
                case 5: look(machine.passed(true))
                case 6 where Int.random(in: 0..<6, using: &random) == 0: look(machine.ended())
                default: look(machine.tookAll())
                }
            }
            look(machine.ended())
            while reads > 0 {
                reads -= 1
                look(machine.readCameBack(nil))
            }
            while writes > 0 {
                writes -= 1
                look(machine.writeCameBack(false))
            }
            #expect(givenBack == 1, "seed \(seed)")
        }
    }
}
