import CLinuxSocket
import Glibc
import Testing

@testable import readerd

@Suite struct MemoryKeeperTests {
    @Test func `what was freed between things that are kept is given back to the system`() throws {
        // 160 MB, of which every other 16 KB are freed: the C library keeps such holes, whatever its limits say.
        let blocks = (0..<10_000).compactMap { _ in malloc(16_384) }
        for block in blocks { memset(block, 1, 16_384) }
        for (number, block) in blocks.enumerated() where number % 2 == 1 { free(block) }
        defer { for (number, block) in blocks.enumerated() where number % 2 == 0 { free(block) } }
        let held = try #require(MemoryKeeper.anonymousBytes())
        readerd_give_memory_back()
        let left = try #require(MemoryKeeper.anonymousBytes())
        // Half of each hole's pages at least; other tests take memory meanwhile.
        #expect(held - left > 20_000_000, "\(held) bytes were held, \(left) are left")
    }
}
