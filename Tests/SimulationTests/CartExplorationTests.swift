import GatewaySimulation
import Testing

/// Every interleaving of two attempts of one cart with a restart between. `simulate --explore-cart 10` goes deeper than a suite may.
@Suite struct CartExplorationTests {
    @Test(arguments: [false, true])
    func `no interleaving of two attempts ends in a wrong verdict, a lock or a second charge`(makesNew: Bool) {
        let result = CartExplorer(makesNew: makesNew).explore(depth: 6)
        #expect(result.violation == nil, "\(result.path)")
        #expect(result.states > 5_000)
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `three attempts at random end in none of them`(seed: UInt64) {
        for makesNew in [false, true] {
            let result = CartExplorer(attempts: 3, makesNew: makesNew).walk(seed: seed, walks: 200, steps: 30)
            #expect(result.violation == nil, "\(result.path)")
        }
    }
}
