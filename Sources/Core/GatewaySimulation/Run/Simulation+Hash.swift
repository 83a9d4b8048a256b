package import GatewayCore
import GatewayModel

extension Simulation {
    /// The part of a world's hash that these actions make.
    package static func hash(of actions: [Action]) -> UInt64 {
        var trace = Trace(isKept: false)
        for action in actions { trace.spell(action) }
        return trace.hash
    }
}
