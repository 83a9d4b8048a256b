import CLinuxSocket
import Glibc
import Testing

@testable import readerd

@Suite struct MemoryKeeperTests {
    /// Whether a sanitizer's allocator stands for the C library's, which gives nothing back.
    private static let hasOtherAllocator = ["__tsan_init", "__asan_init"].contains { (name: String) in dlsym(nil, name) != nil }

    @Test(.disabled(if: hasOtherAllocator, "a sanitizer's allocator gives nothing back"))
    func `what was freed between things that are kept is given back to the system`() throws {
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

    private static let megabyte = 1024 * 1024

    @Test func `a rush that is there before the first look is given back when it is over`() {
        var account = MemoryKeeper.Account()
        // In use: nothing to give back yet.
        let look1 = account.isWorthIt(held: 19 * Self.megabyte, unused: Self.megabyte)
        #expect(!look1)
        let look2 = account.isWorthIt(held: 19 * Self.megabyte, unused: 11 * Self.megabyte)
        #expect(look2)
        account.gaveBack(held: 9 * Self.megabyte, unused: 11 * Self.megabyte)
        // The C library counts it still, and there is nothing more to be had.
        let look3 = account.isWorthIt(held: 9 * Self.megabyte, unused: 11 * Self.megabyte)
        #expect(!look3)
    }

    @Test func `what is given back in the middle of a rush is not all`() {
        var account = MemoryKeeper.Account()
        let look4 = account.isWorthIt(held: 30 * Self.megabyte, unused: 6 * Self.megabyte)
        #expect(look4)
        account.gaveBack(held: 25 * Self.megabyte, unused: 6 * Self.megabyte)
        let look5 = account.isWorthIt(held: 25 * Self.megabyte, unused: 20 * Self.megabyte)
        #expect(look5)
    }

    @Test func `a rush between two looks is noticed`() {
        var account = MemoryKeeper.Account()
        let look6 = account.isWorthIt(held: 19 * Self.megabyte, unused: 11 * Self.megabyte)
        #expect(look6)
        account.gaveBack(held: 9 * Self.megabyte, unused: 11 * Self.megabyte)
        let look7 = account.isWorthIt(held: 18 * Self.megabyte, unused: 11 * Self.megabyte)
        #expect(look7)
    }
}
