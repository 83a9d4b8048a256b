package import GatewayCore
import GatewayModel

extension Simulation {
    /// What these actions come to in the hash of a world.
    package static func hash(of actions: [Action]) -> UInt64 {
        var trace = Trace(isKept: false)
        for action in actions { trace.spell(action) }
        return trace.hash
    }
}
